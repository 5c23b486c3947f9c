package provision_test

import (
	"strings"
	"testing"
)

// TestPodman: podman is prepared where fbdock.hcl asks for it, is there after
// a boot, and is switched off with its images kept.
func TestPodman(t *testing.T) {
	t.Parallel()
	needNamespaces(t)
	g := newGuest(t)
	m := labMachine()
	g.upload(t, m)
	const state = "\npfctl -sn; pfctl -a fbdock -sn; mount -p; cat /etc/fstab; sysrc podman_enable podman_service_enable; service podman_service onestatus; ls /var/run/podman\n"
	out, _ := g.run(t, install+state)
	mustSay(t, g, out, "fbdock-step podman ok 5.8.3, images in fbdock/fbdock/containers", "status 0",
		`nat-anchor "cni-rdr/*" all`, `rdr-anchor "cni-rdr/*" all`, "nat on vtnet0 inet from <cni-nat> to any -> (vtnet0) round-robin",
		"fbdock/fbdock/containers\t\t/var/db/containers\t\tzfs", "fdescfs\t\t/dev/fd\t\tfdescfs", "fdescfs /dev/fd fdescfs rw 0 0",
		"podman_enable: YES", "podman_service_enable: YES", "podman_service is running as pid", "podman.sock")
	out, _ = g.run(t, "await() { n=0; until [ -S /var/run/podman/podman.sock ] || [ $n = 50 ]; do n=$((n + 1)); sleep 1; done; }; await\n"+
		"/usr/local/libexec/fbdock/fbdock-health podman\nservice podman_service onestop >/dev/null; /usr/local/libexec/fbdock/fbdock-health podman")
	mustSay(t, g, out, "fbdock-health podman ok service on /var/run/podman/podman.sock", "fbdock-health podman fail podman_service does not run")

	m.Podman = false
	g.upload(t, m)
	out, _ = g.run(t, install+state+install)
	mustSay(t, g, out, "fbdock-step podman ok switched off; its images stay", "podman_service is not running", "podman_service_enable: NO",
		"fbdock/fbdock/containers\t\t/var/db/containers\t\tzfs", "fbdock-step podman skip not asked for")
	if strings.Contains(out, "cni-") {
		t.Errorf("install.sh without podman: pf rules\n%s\nwant none with cni-", out)
	}
}

// TestPodmanStorageStays: what somebody has made by hand is not hidden by a
// dataset of fbdock's.
func TestPodmanStorageStays(t *testing.T) {
	t.Parallel()
	g, out := play(t, labMachine(), "mkdir -p /var/db/containers/storage/vfs", "zfs list -H -o name; ls /var/db/containers/storage")
	mustSay(t, g, out, "fbdock-step podman ok 5.8.3, images in /var/db/containers, as it was", "status 0", "vfs\n")
	if strings.Contains(out, "fbdock/fbdock/containers") {
		t.Errorf("install.sh with podman storage present: datasets\n%s\nwant none over /var/db/containers", out)
	}
}
