package provision_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/provision"
)

// beside is m with its engine beside FreeBSD.
func beside(m plan.Machine, provider string) plan.Machine {
	m.Provider = provider
	m.Engine.Placement = plan.PlacementSibling
	m.Shares = []plan.Share{{Name: "scratch", Type: "nfs", Target: "/scratch"}}
	return m
}

// TestStepsBeside: with an engine beside it nothing of a hypervisor, no zvol and
// no NAT is in FreeBSD, and its card has the address that the engine asks for.
func TestStepsBeside(t *testing.T) {
	t.Parallel()
	m := beside(labMachine(), "libvirt")
	card := conf("card=" + m.CardMAC(false))
	const look = "echo AFTER; ifconfig vtnet1; kldstat; zfs list -H -o name; pfctl -a fbdock -sn; pfctl -a fbdock -sr; sysctl -n net.inet.ip.forwarding; pkg info; " +
		"sysrc -n ifconfig_vtnet1; service fbdock onestatus; /usr/local/libexec/fbdock/fbdock-health card hypervisor pf\n"
	g, out := play(t, m, card, "echo second\n"+install+"\n"+look)
	first, rest, _ := strings.Cut(out, "second\n")
	second, after, _ := strings.Cut(rest, "AFTER\n")
	mustSay(t, g, first, "fbdock-step network ok engine network 10.77.0.0/24 by vtnet1", "fbdock-step image skip", "fbdock-step seed skip",
		"fbdock-step engine ok a VM beside FreeBSD", "status 0")
	for line := range strings.Lines(second) {
		if word := strings.Fields(line); word[0] == "fbdock-step" && !slices.Contains([]string{"begin", "run", "skip", "detail"}, word[2]) {
			t.Errorf("the second run of install.sh: step line %q, want only begin, run, skip and detail", line)
		}
	}
	mustSay(t, g, after, "inet 10.77.0.1 ", "block return in quick on vtnet1 ", "pass in quick on vtnet1 inet proto tcp from 10.77.0.2 to 10.77.0.1 port = nfsd",
		"inet 10.77.0.1/24\n", "the engine is a VM beside FreeBSD", "fbdock-health card ok vtnet1", "fbdock-health hypervisor ok none", "fbdock-health pf ok filters on vtnet1")
	for _, word := range []string{"vmm", "nmdm", "if_tuntap", "if_bridge", "/fbdock/vm", "edk2", "qemu", "from 10.77.0.0/24 to ! 10.77.0.0/24"} {
		if strings.Contains(after, word) {
			t.Errorf("install.sh of an engine beside FreeBSD leaves %q, want none of it:\n%s", word, after)
		}
	}
	if _, err := os.Stat(filepath.Join(g.root, "usr/local/etc/fbdock/seed")); err == nil {
		t.Error("install.sh of an engine beside FreeBSD: the engine's seed is in FreeBSD, want none")
	}
}

// TestBesideAfterABoot: the service brings the card and pf's rules again.
func TestBesideAfterABoot(t *testing.T) {
	t.Parallel()
	m := beside(labMachine(), "libvirt")
	g, out := play(t, m, conf("card="+m.CardMAC(false)), "init boot >/dev/null\necho AFTER; ifconfig vtnet1; pfctl -a fbdock -sr")
	_, after, _ := strings.Cut(out, "AFTER\n")
	mustSay(t, g, after, "inet 10.77.0.1 ", "block return in quick on vtnet1 ")
}

func TestBesideWithoutTheCard(t *testing.T) {
	t.Parallel()
	m := beside(labMachine(), "libvirt")
	g, out := play(t, m, "", "")
	mustSay(t, g, out, "fbdock-step network fail no network card has the address "+m.CardMAC(false), "| hint: ", "status 1")
}

// TestEngineBesideSetsItselfUp: the same script as in FreeBSD's engine gives the
// card its address, and keeps the provider's network from everything but sshd.
func TestEngineBesideSetsItselfUp(t *testing.T) {
	t.Parallel()
	for provider, disk := range map[string]bool{"libvirt": true, "qemu": false, "virtualbox": false, "vmware_desktop": false} {
		t.Run(provider, func(t *testing.T) {
			t.Parallel()
			m := beside(machine(), provider)
			g := newEngine(t, m)
			g.write(t, "sys/class/net/eth0/address", "52:54:00:11:22:33\n")
			g.write(t, "sys/class/net/eth1/address", m.CardMAC(true)+"\n")
			g.write(t, "etc/network/interfaces", "auto eth0\niface eth0 inet dhcp\n")
			out, status := g.inEngine(t, "sh /user-data; status=$?; cat /var/log/fbdock-seed.log; exit $status")
			if status != 0 || !strings.HasSuffix(g.file(t, "dev/console"), "fbdock-seed done\n") {
				t.Fatalf("sh /user-data: status = %d, want 0 and a console that ends with fbdock-seed done:\n%s\n%s", status, out, g.file(t, "dev/console"))
			}
			if got := g.file(t, "etc/network/interfaces"); !strings.HasPrefix(got, "auto eth0\n") || !strings.Contains(got, "iface eth1 inet static\n  address 10.77.0.2\n  netmask 255.255.255.0\n") {
				t.Errorf("interfaces of the engine:\n%s\nwant eth0 first, then eth1 with the static address 10.77.0.2", got)
			}
			calls := g.file(t, "calls")
			if !strings.Contains(calls, "ip addr add 10.77.0.2/24 dev eth1\n") {
				t.Errorf("commands of the seed:\n%s\nwant ip addr add 10.77.0.2/24 dev eth1", calls)
			}
			if got := strings.Contains(g.file(t, "etc/fstab"), "LABEL=fbdock-data"); got != disk {
				t.Errorf("a disk of its own: %v, want %v\n%s", got, disk, g.file(t, "etc/fstab"))
			}
			rules := g.file(t, "rules")
			for _, want := range []string{
				"iifname \"eth1\" ip saddr 10.77.0.1 accept", "iifname \"eth0\" tcp dport 22 accept\n    iifname \"eth0\" meta l4proto tcp ct direction original reject",
				"iifname \"eth0\" ct direction original reject", "oifname != \"eth1\" accept",
			} {
				if !strings.Contains(rules, want) {
					t.Errorf("rules of the engine's packet filter:\n%s\nwant %q in them", rules, want)
				}
			}
		})
	}
}

// TestEngineSetupCommand: what was set up by a script is not set up by it again,
// and what was not finished is.
func TestEngineSetupCommand(t *testing.T) {
	t.Parallel()
	m := beside(machine(), "libvirt")
	g := newEngine(t, m)
	g.write(t, "usr/local/sbin/done.sh", "echo one >>/ran\ndate >/var/lib/fbdock/seeded\n")
	g.write(t, "command", provision.EngineSetupCommand)
	g.write(t, "state", provision.EngineSetupState)
	const wait = "until [ \"$(sh /state | tail -n 1)\" = done ]; do sleep 0.02; done\n"
	out, status := g.inEngine(t, "run() { sh /command <\"$1\"; }\nrun /usr/local/sbin/done.sh\n"+wait+"run /usr/local/sbin/done.sh\n"+
		"rm /var/lib/fbdock/seeded\nrun /usr/local/sbin/done.sh\n"+wait+"wc -l </ran; ls -l /var/lib/fbdock/setup | cut -c 1-10")
	if status != 0 || !strings.HasPrefix(out, "begun\nsame\nbegun\n") || !strings.Contains(out, "2\n-rw-------\n") {
		t.Errorf("EngineSetupCommand: status = %d, want 0 and begun, same, begun, two runs, a private file:\n%s", status, out)
	}
}
