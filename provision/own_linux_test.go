package provision_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/provision"
)

// ownMachine is on a computer of the user's own.
func ownMachine() plan.Machine {
	m := labMachine()
	m.Provider, m.Host = plan.ProviderSSH, "ssh://vagrant@freebsd.example"
	m.Storage.ARCMax = 0
	m.Engine.Bridge, m.Engine.Tap = "bridge77", "tap77"
	m.Provisions = nil
	return m
}

// lived is a computer that somebody uses: pool, firewall, bridge, NFS and
// docker's settings are the user's.
const lived = `zpool create -m none tank /dev/vtbd1
zfs create -o mountpoint=/tank/home tank/home
ifconfig bridge0 create
sysrc zfs_enable=YES cloned_interfaces=bridge0 pf_enable=YES gateway_enable=NO >/dev/null
printf 'ext = "vtnet0"\nnat on $ext inet from 192.168.9.0/24 to any -> ($ext)\npass all\n' >/etc/pf.conf
service pf start >/dev/null
printf '/tank/home 192.0.2.9\n' >/etc/exports
printf 'vm.kmem_size="200M"\n' >/boot/loader.conf
mkdir -p /home/vagrant/.docker && printf '{"auths": {}}\n' >/home/vagrant/.docker/config.json
chown -R vagrant /home/vagrant/.docker
`

// surveyed runs the survey of m as fbdock does.
func (g *guest) surveyed(t *testing.T, m plan.Machine) string {
	t.Helper()
	m.Engine.Image.Architecture = "amd64"
	script, err := provision.Survey(m)
	if err != nil {
		t.Fatal(err)
	}
	g.write(t, "root/survey.sh", string(script))
	out, status := g.run(t, "sh -s </root/survey.sh; rm /root/survey.sh")
	if status != 0 || !strings.HasSuffix(out, "fbdock-survey done\n") {
		t.Fatalf("Survey(): status = %d, want 0 and a last line fbdock-survey done:\n%s", status, out)
	}
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "fbdock-survey ") {
			t.Errorf("Survey() prints %q, want only lines with fbdock-survey", line)
		}
	}
	return out
}

func uninstall(t *testing.T, instance string) string {
	t.Helper()
	script, err := provision.UninstallCommand(instance)
	if err != nil {
		t.Fatal(err)
	}
	return "(" + script + ")\necho \"uninstall $?\"\n"
}

// settled boots once more, so that what is compared was there after a boot.
func (g *guest) settled(t *testing.T) map[string]string {
	t.Helper()
	g.run(t, "rm -f /var/log/messages")
	return snapshot(t, g.root)
}

// TestOwnComputer: on a computer that somebody uses the survey changes nothing,
// what it announces is what changes, and an uninstall undoes it.
func TestOwnComputer(t *testing.T) {
	t.Parallel()
	needNamespaces(t)
	for _, shell := range []string{"dash", "busybox"} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			g := newGuest(t)
			g.run(t, "ln -sf "+shell+" /bin/sh\n"+lived)
			before := g.settled(t)
			m := ownMachine()
			out := g.surveyed(t, m)
			mustSay(t, g, out, "has pool tank, ONLINE", "has firewall pf is enabled with /etc/pf.conf", "bridges: bridge0",
				"change ZFS: datasets tank/fbdock, ", "change rc.conf: cloned_interfaces gets bridge77 (now \"bridge0\")",
				"change rc.conf: gateway_enable=\"YES\" (now \"NO\")", "change pf: 5 lines in /etc/pf.conf", "edk2-bhyve fusefs-sshfs podman-suite docker-cli",
				"change ZFS: dataset tank/fbdock/containers at /var/db/containers", "change /etc/fstab: a block that mounts fdescfs", "podman_service_enable=\"YES\"",
				"change service: fbdock", "change user vagrant: docker follows", "has untouched /boot/loader.conf")
			if strings.Contains(out, " stop ") {
				t.Errorf("Survey() prints\n%s\nwant no stop", out)
			}
			if diff := cmp.Diff(before, g.settled(t)); diff != "" {
				t.Fatalf("Survey() changed files (-want +got):\n%s", diff)
			}
			g.upload(t, m)
			out, _ = g.run(t, install+"\n"+install)
			mustSay(t, g, out, "status 0", "fbdock-step storage ok pool tank", "fbdock-step network ok")
			if got := g.file(t, "boot/loader.conf"); got != "vm.kmem_size=\"200M\"\n" {
				t.Errorf("loader.conf after install.sh = %q, want it unchanged", got)
			}
			if strings.Contains(g.file(t, "etc/ssh/sshd_config"), "fbdock") {
				t.Error("sshd_config after install.sh names fbdock, want it unchanged")
			}
			if out := g.surveyed(t, m); strings.Contains(out, " change ") || strings.Contains(out, " stop ") {
				t.Errorf("Survey() after install.sh prints\n%s\nwant no change and no stop", out)
			}
			out, _ = g.run(t, uninstall(t, "fbdock-other-00000000")+uninstall(t, m.Instance)+uninstall(t, m.Instance)+"pfctl -sn; ifconfig -l; zfs list -H -o name")
			mustSay(t, g, out, "belongs to fbdock-dev-0123abcd, another project", "uninstall 1", "uninstall 0", "fbdock-left packages:",
				"fbdock-step files ok nothing of fbdock is left", "nat on vtnet0 inet from 192.168.9.0/24", "tank/home\n")
			out = out[strings.LastIndex(out, "uninstall 0\n"):] // the steps name them above
			for _, gone := range []string{"bridge77", "tap77", "tank/fbdock", `anchor "fbdock"`} {
				if strings.Contains(out, gone+"\n") || strings.Contains(out, gone+" ") {
					t.Errorf("fbdock-uninstall leaves %s, want it gone:\n%s", gone, out)
				}
			}
			left(t, before, g.settled(t))
		})
	}
}

// left compares a computer before fbdock came and after it went; packages
// stay.
func left(t *testing.T, before, after map[string]string) {
	t.Helper()
	for _, files := range []map[string]string{before, after} {
		maps.DeleteFunc(files, func(name, _ string) bool {
			return strings.HasPrefix(name, "usr/local") && name != "usr/local/bin/docker" && !strings.Contains(name, "fbdock") ||
				strings.HasPrefix(name, "var/lab") || strings.HasPrefix(name, "var/db/pkg") || strings.HasPrefix(name, "run")
		})
	}
	delete(before, "usr/local/bin/docker")
	if strings.Contains(after["usr/local/bin/docker"], "fbdock") {
		t.Error("usr/local/bin/docker after fbdock-uninstall is fbdock's wrapper, want it gone")
	}
	delete(after, "usr/local/bin/docker")
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("files after fbdock-uninstall (-want +got):\n%s", diff)
	}
}

// TestOwnComputerWithoutFirewall: what was off is off again.
func TestOwnComputerWithoutFirewall(t *testing.T) {
	t.Parallel()
	m := ownMachine()
	m.Shares[0].Type = "9p"
	g, out := play(t, m, "sysrc zfs_enable=YES; zpool create tank /dev/vtbd1\nprintf 'block all\\n' >/etc/pf.conf", uninstall(t, m.Instance)+
		"pfctl -s info | head -n 1; sysctl -n net.inet.ip.forwarding; cat /etc/pf.conf; sysrc -n pf_enable pf_rules gateway_enable")
	_, after, _ := strings.Cut(out, "uninstall 0\n")
	if !strings.HasPrefix(after, "Status: Disabled") || !strings.HasSuffix(after, "0\nblock all\nNO\n/etc/pf.conf\nNO\n") {
		t.Errorf("state after fbdock-uninstall =\n%s\nwant pf, forwarding and rc.conf as before; all output:\n%s\n%s", after, out, g.logs(t))
	}
}

// TestOwnComputerIsNotTaken: what fbdock did not make is in the way, and
// stays.
func TestOwnComputerIsNotTaken(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		prepare, survey, step string
		change                func(*plan.Machine)
	}{
		"no pool": {"", "stop there is no ZFS pool", "fbdock-step storage fail this computer has no ZFS pool", nil},
		"a pool that is not there": {
			"sysrc zfs_enable=YES; zpool create tank /dev/vtbd1", "stop there is no ZFS pool other", "fbdock-step storage fail this computer has no ZFS pool other",
			func(m *plan.Machine) { m.Storage.Pool = "other" },
		},
		"a dataset of the name": {
			"sysrc zfs_enable=YES; zpool create tank /dev/vtbd1; zfs create tank/fbdock", "stop tank/fbdock is there already", "fbdock-step storage fail tank/fbdock is there already", nil,
		},
		"a pool without feature flags": {
			"sysrc zfs_enable=YES; zpool create -d tank /dev/vtbd1",
			"stop pool tank has not enabled lz4_compress, which compression lz4 needs | hint: zpool upgrade tank enables it; older systems cannot import the pool afterwards, and where the computer boots from it the boot code must be as new as the pool: see gptzfsboot(8) and loader.efi(8)",
			"fbdock-step storage fail pool tank has not enabled lz4_compress, which compression lz4 needs | hint: zpool upgrade tank", nil,
		},
		"an interface of the name": {
			"sysrc zfs_enable=YES; zpool create tank /dev/vtbd1; ifconfig bridge77 create", "", "fbdock-step network fail bridge77 is there already", nil,
		},
		"pf that is enabled and off": {
			"sysrc zfs_enable=YES; zpool create tank /dev/vtbd1; sysrc pf_enable=YES; printf 'pass all\n' >/etc/pf.conf", "", "fbdock-step network fail pf is enabled in rc.conf and does not run", nil,
		},
		"a package that would go": {
			"sysrc zfs_enable=YES; zpool create tank /dev/vtbd1; pkg install -y qemu-nox11; rm /usr/local/bin/qemu-img\n" + broughtByVagrant, "", "fbdock-step packages fail pkg install -y qemu-tools", nil,
		},
		"another project": {
			"sysrc zfs_enable=YES; zpool create tank /dev/vtbd1; mkdir -p /usr/local/etc/fbdock; echo \"FBDOCK_INSTANCE='fbdock-x-1'\" >/usr/local/etc/fbdock/fbdock.env",
			"stop this computer already holds the machine fbdock-x-1", "", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := ownMachine()
			if tt.change != nil {
				tt.change(&m)
			}
			needNamespaces(t)
			g := newGuest(t)
			if tt.survey != "" {
				g.run(t, tt.prepare)
				mustSay(t, g, g.surveyed(t, m), tt.survey)
				tt.prepare = ""
			}
			if tt.step != "" {
				g.upload(t, m)
				out, _ := g.run(t, tt.prepare+"\n"+install)
				mustSay(t, g, out, tt.step, "status 1")
			}
		})
	}
}

// TestUninstallAgain: an uninstall that was killed after any of its commands
// is finished by the next.
func TestUninstallAgain(t *testing.T) {
	needNamespaces(t)
	if testing.Short() {
		t.Skip("takes minutes")
	}
	m := ownMachine()
	fresh := newGuest(t)
	fresh.run(t, lived)
	before := fresh.settled(t)
	base := newGuestFrom(t, fresh)
	base.upload(t, m)
	if out, status := base.run(t, install); status != 0 {
		t.Fatalf("install.sh: status = %d, want 0:\n%s", status, out)
	}
	command := uninstall(t, m.Instance)
	trace := newGuestFrom(t, base)
	trace.env = []string{"LAB_TRACE=/tmp/trace"}
	trace.run(t, "rm -f /run/lab/calls.json; "+command)
	calls := traced(t, filepath.Join(trace.root, "tmp/trace"))
	calls = slices.DeleteFunc(calls, func(c call) bool { return !c.changed })
	var fourth []call // the whole is for a long night
	for i := 0; i < len(calls); i += 4 {
		fourth = append(fourth, calls[i])
	}
	eachFault(t, "killed", fourth, func(t *testing.T, at call) {
		g := newGuestFrom(t, base)
		defer os.RemoveAll(g.root) //nolint:errcheck // the folder of the test goes anyway
		out, _ := g.run(t, "rm -f /run/lab/calls.json; LAB_KILL="+at.number+" /usr/bin/setsid -w sh -c '"+strings.ReplaceAll(command, "'", `'\''`)+"'\n"+command)
		if mustSay(t, g, out, "uninstall 0"); t.Failed() {
			t.Errorf("killed at %s", at.words)
		}
		left(t, maps.Clone(before), g.settled(t))
	})
	if !slices.ContainsFunc(calls, func(c call) bool { return strings.Contains(c.words, "zfs destroy") }) {
		t.Errorf("commands of fbdock-uninstall = %v, want a zfs destroy among them", calls)
	}
}
