package provision_test

import (
	"encoding/json"
	"net/netip"
	"os"
	"os/exec"
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
	for provider, disk := range map[string]bool{"libvirt": true, "qemu": true, "virtualbox": false, "vmware_desktop": false} {
		t.Run(provider, func(t *testing.T) {
			t.Parallel()
			m := beside(machine(), provider)
			if m.Engine.Data = plan.DataRoot; disk {
				m.Engine.Data = plan.DataDisk
			}
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

// byAgent is m with an engine that FreeBSD has no network to.
func byAgent(m plan.Machine, provider string) plan.Machine {
	m = beside(m, provider)
	m.Shares = nil
	m.Engine.Network, m.Engine.Gateway, m.Engine.Address = netip.Prefix{}, netip.Addr{}, plan.Loopback()
	return m
}

// TestStepsByAgent: without a network FreeBSD gets no address and no rules for a
// card. sshd listens at the loopback alone for the agent, gives a dead connection up,
// and pf keeps the loopback from outside; docker and ssh go there.
func TestStepsByAgent(t *testing.T) {
	t.Parallel()
	m := byAgent(labMachine(), "hyperv")
	const look = "echo AFTER; ifconfig vtnet1; pfctl -a fbdock -sn; pfctl -a fbdock -sr; sysctl -n net.inet.ip.forwarding; sysrc -n ifconfig_vtnet1; " +
		"/usr/local/libexec/fbdock/fbdock-health hypervisor pf; head -n 8 /etc/ssh/sshd_config; cat /home/vagrant/.fbdock/ssh_config /home/vagrant/.fbdock/known_hosts; " +
		"cat /home/vagrant/.docker/contexts/meta/*/meta.json; ls /etc/exports; init boot >/dev/null; echo BOOT; pfctl -a fbdock -sr; " +
		"printf '#!/bin/sh\\necho \"$*\"\\n' >/sbin/ssh.new; chmod 755 /sbin/ssh.new; rm -f /sbin/ssh; mv /sbin/ssh.new /sbin/ssh; " +
		". /usr/local/libexec/fbdock/lib.sh; ssh_engine true\n"
	g, out := play(t, m, "", "echo second\n"+install+"\n"+look)
	first, rest, _ := strings.Cut(out, "second\n")
	second, after, _ := strings.Cut(rest, "AFTER\n")
	mustSay(t, g, first, "fbdock-step network ok no network with the engine: 127.0.0.1:2376 leads to it by the agent on the host", "fbdock-step image skip",
		"fbdock-step engine ok a VM beside FreeBSD", "status 0")
	for line := range strings.Lines(second) {
		if word := strings.Fields(line); word[0] == "fbdock-step" && !slices.Contains([]string{"begin", "run", "skip", "detail"}, word[2]) {
			t.Errorf("the second run of install.sh: step line %q, want only begin, run, skip and detail", line)
		}
	}
	const loopback = "block drop in quick on ! lo0 inet from any to 127.0.0.0/8\n"
	mustSay(t, g, after, loopback, "fbdock-health pf ok keeps what leads to the engine to this system", "fbdock-health hypervisor ok none",
		"MaxSessions 200\nAllowTcpForwarding yes\nGatewayPorts no\nClientAliveInterval 15\nClientAliveCountMax 3\n",
		"  HostName 127.0.0.1\n  Port 7322\n", "[127.0.0.1]:7322 ssh-ed25519 ", `"Host":"tcp://127.0.0.1:2376"`, " -p 7322 root@127.0.0.1 true\n")
	if n := strings.Count(after, loopback); n != 2 {
		t.Errorf("the rule that keeps the loopback is there %d times, want it before and after a boot:\n%s", n, after)
	}
	for _, word := range []string{"inet 10.77", "on vtnet1", "nfsd", "/etc/exports\n", "invalid"} {
		if strings.Contains(after, word) {
			t.Errorf("install.sh of an engine without a network to FreeBSD leaves %q, want none of it:\n%s", word, after)
		}
	}
}

// TestHealthByAgent: what FreeBSD does not reach is told of with the agent, which is
// not FreeBSD's to look at.
func TestHealthByAgent(t *testing.T) {
	t.Parallel()
	g, out := play(t, byAgent(labMachine(), "utm"), "", "/usr/local/libexec/fbdock/fbdock-health engine tls\n/usr/local/libexec/fbdock/fbdock-health | awk '{ print $2 }' | tr '\\n' ' '")
	mustSay(t, g, out, "fbdock-health engine-ssh fail no answer by ssh from 127.0.0.1 port 7322, which the agent on the host leads to the engine | hint: fbdock status",
		"fbdock-health tls fail no answer from 127.0.0.1:2376 with TLS, which the agent on the host leads to the engine: ", "freebsd pool pf hypervisor engine-ssh tls ")
}

// TestPodmanAndJailsByAgent: their rules are pf's, and none of them is of a network
// that is not there.
func TestPodmanAndJailsByAgent(t *testing.T) {
	t.Parallel()
	m := byAgent(labMachine(), "hyperv")
	m.Podman = true
	m.JailNetwork = netip.MustParsePrefix("10.79.0.0/24")
	m.Jails = []plan.Jail{{Name: "web", Hostname: "web", Address: netip.MustParseAddr("10.79.0.2")}}
	g, out := play(t, m, "", "pfctl -a fbdock -sn; pfctl -a fbdock -sr; sysctl -n net.inet.ip.forwarding")
	mustSay(t, g, out, "fbdock-step network ok no network with the engine", "from 10.79.0.0/24 to ! 10.79.0.0/24", "<cni-nat>", "on ! lo0 inet from any to 127.0.0.0/8")
}

// TestEngineByAgentSetsItselfUp: dockerd listens at the loopback, and the packet filter
// lets in what asks sshd, by whichever card.
func TestEngineByAgentSetsItselfUp(t *testing.T) {
	t.Parallel()
	m := byAgent(machine(), "hyperv")
	g := newEngine(t, m)
	for _, file := range []string{"eth0/device/vendor", "eth1/device/vendor", "docker0/address", "lo/address"} {
		g.write(t, "sys/class/net/"+file, "0x1af4\n")
	}
	g.write(t, "etc/network/interfaces", "auto eth0\niface eth0 inet dhcp\n")
	out, status := g.inEngine(t, "sh /user-data; status=$?; cat /var/log/fbdock-seed.log; exit $status")
	if status != 0 || !strings.HasSuffix(g.file(t, "dev/console"), "fbdock-seed done\n") {
		t.Fatalf("sh /user-data: status = %d, want 0 and a console that ends with fbdock-seed done:\n%s\n%s", status, out, g.file(t, "dev/console"))
	}
	if got := g.file(t, "etc/network/interfaces"); got != "auto eth0\niface eth0 inet dhcp\n" {
		t.Errorf("interfaces of the engine:\n%s\nwant them as they were", got)
	}
	const want = `table inet fbdock {
  chain input {
    type filter hook input priority -10; policy accept;
    iifname "lo" accept
    iifname { "eth0", "eth1" } tcp dport 22 accept
    iifname { "eth0", "eth1" } meta l4proto tcp ct direction original reject
    iifname { "eth0", "eth1" } meta l4proto udp ct direction original udp dport != 68 reject
    tcp dport { 22, 2376 } reject
  }
  chain forward {
    type filter hook forward priority -10; policy accept;
    iifname { "eth0", "eth1" } ct direction original reject
  }
}
`
	rules := g.file(t, "rules")
	if !strings.HasSuffix(rules, want) {
		t.Errorf("rules of the engine's packet filter:\n%s\nwant them to end:\n%s", rules, want)
	}
	if nft, err := exec.LookPath("nft"); err == nil {
		if out, err := exec.CommandContext(t.Context(), "unshare", "-n", nft, "-c", "-f", filepath.Join(g.root, "rules")).CombinedOutput(); err != nil {
			t.Errorf("nft takes not these rules: %v\n%s", err, out)
		}
	}
	var daemon struct{ Hosts []string }
	if err := json.Unmarshal([]byte(g.file(t, "etc/docker/daemon.json")), &daemon); err != nil || !slices.Equal(daemon.Hosts, []string{"unix:///var/run/docker.sock", "tcp://127.0.0.1:2376"}) {
		t.Errorf("dockerd listens at %v, %v, want its socket and 127.0.0.1:2376", daemon.Hosts, err)
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
