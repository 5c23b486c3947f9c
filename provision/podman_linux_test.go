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

// TestPodmanAccess: containers of FreeBSD and those of the engine reach each
// other, also by name, unless fbdock.hcl says otherwise; dockerd stays closed.
func TestPodmanAccess(t *testing.T) {
	t.Parallel()
	m := labMachine()
	const state = "pfctl -a fbdock -sr; cat /etc/hosts; ifconfig lo0"
	g, out := play(t, m, "printf '127.0.0.1 localhost\\n' >/etc/hosts", state+"\necho --- again\n"+install)
	first, again, _ := strings.Cut(out, "--- again\n")
	mustSay(t, g, first, "status 0", "127.0.0.1 localhost\n# BEGIN fbdock", "inet 192.0.0.3 netmask 0xffffffff", "10.77.0.2 docker.internal\n192.0.0.3 podman.internal\n",
		"block return in quick on cni-podman0 inet proto tcp from any to 10.77.0.2 port = 2376\n",
		"pass in quick on cni-podman0 inet from 10.88.0.0/15 to 10.77.0.2 flags S/SA keep state\n",
		"pass out quick on bridge0 inet from 10.88.0.0/15 to 10.77.0.2 flags S/SA keep state\n",
		"pass in quick on bridge0 inet from 10.77.0.2 to 10.88.0.0/15 flags S/SA keep state\n",
		"pass out quick on cni-podman9 inet from 10.77.0.2 to 10.88.0.0/15 flags S/SA keep state\n")
	order := func(first, second string) {
		t.Helper()
		if a, b := strings.Index(out, first), strings.Index(out, second); a < 0 || b < 0 || a > b {
			t.Errorf("pf rules: %q at %d, %q at %d, want them in this order", first, a, second, b)
		}
	}
	order("in quick on cni-podman0 inet proto tcp from any to 10.77.0.2 port = 2376", "pass in quick on cni-podman0")
	order("block drop in quick on bridge0 inet from any to (self)", "pass in quick on bridge0 inet from 10.77.0.2 to 10.88.0.0/15")
	order("pass out quick on bridge0 inet from 10.88.0.0/15", "pass quick on bridge0 all")
	mustSay(t, g, again, "fbdock-step network skip", "fbdock-step podman skip")

	m.EngineAccess = false
	out = change(t, g, m, "", state)
	_, out, _ = strings.Cut(out, "status 0\n")
	mustSay(t, g, out, "block drop out quick on cni-podman0 inet from 10.77.0.0/24 to any\n", "127.0.0.1 localhost\n")
	if strings.Contains(out, ".internal") || strings.Contains(out, "10.88.0.0/15") || strings.Contains(out, "192.0.0.3") {
		t.Errorf("without engine_access: rules and names =\n%s\nwant none for podman's containers", out)
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
