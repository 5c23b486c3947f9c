package provision_test

import (
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/provision"
)

// engineRules are what the engine's own script gives to nft.
func engineRules(t *testing.T, m plan.Machine, shell ...string) string {
	t.Helper()
	p, err := provision.Render(m, provision.Inputs{Secrets: labSecrets(t, m), ImageSHA512: digest()})
	if err != nil {
		t.Fatal(err)
	}
	script, _, found := strings.Cut(string(p.File("seed/user-data")), "\nfirewall() {")
	if !found {
		t.Fatal("Render(): seed/user-data has no function firewall, want one")
	}
	// The seed step in FreeBSD fills this in.
	script = strings.Replace(script, "\nFBDOCK_DNS=''\n", "\nFBDOCK_DNS='10.77.0.1 9.9.9.9 2620:fe::fe'\n", 1)
	out, err := exec.CommandContext(t.Context(), shell[0], append(shell[1:], "-c", script+"\nfirewall_rules")...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s firewall_rules: error = %v, want none\n%s", shell, err, out)
	}
	return string(out)
}

// TestEnginePacketFilter: which ports are closed and open, and that nft takes the rules.
func TestEnginePacketFilter(t *testing.T) {
	t.Parallel()
	needNamespaces(t)
	m := machine()
	plain := engineRules(t, m, "dash")
	m.Engine.InsecureTCP, m.Engine.GuestPorts = true, []string{"5432/tcp", "53/udp", "8080/tcp"}
	m.Engine.Network, m.Engine.Gateway = netip.MustParsePrefix("10.91.0.0/16"), netip.MustParseAddr("10.91.0.1")
	asked := engineRules(t, m, "dash")
	if got := engineRules(t, m, "busybox", "sh"); got != asked {
		t.Errorf("firewall_rules by busybox sh =\n%s\nwant what dash writes:\n%s", got, asked)
	}
	for text, wants := range map[string][]string{
		plain: {"tcp dport { 22, 2376 } reject\n", "ip daddr != 10.77.0.0/24 accept\n", `iifname "eth0" ip saddr 10.77.0.1 accept`, "ip daddr 10.77.0.1 meta l4proto { tcp, udp } th dport 53 accept\n"},
		asked: {"tcp dport { 22, 2376, 2375 } reject\n", "ip daddr != 10.91.0.0/16 accept\n", "ip daddr 10.91.0.1 tcp dport { 5432, 8080 } accept\n", "ip daddr 10.91.0.1 udp dport { 53 } accept\n"},
	} {
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("firewall_rules =\n%s\nwant %q in it", text, want)
			}
		}
		if strings.Contains(text, "2620") {
			t.Errorf("firewall_rules =\n%s\nwant no IPv6 address", text)
		}
	}
	if strings.Contains(plain, "10.77.0.1 tcp dport") {
		t.Errorf("firewall_rules without guest_ports =\n%s\nwant no open port of FreeBSD", plain)
	}
	if os.Geteuid() != 0 || exec.CommandContext(t.Context(), "unshare", "--net", "nft", "list", "ruleset").Run() != nil {
		t.Skip("the rules are not given to a kernel: that needs root, unshare and nft")
	}
	for _, text := range []string{plain, asked} {
		// Twice: what is there is replaced.
		cmd := exec.CommandContext(t.Context(), "unshare", "--net", "sh", "-c", `printf '%s' "$1" | nft -f - && printf '%s' "$1" | nft -f - && nft list ruleset | grep -c reject`, "sh", text)
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != "2\n" {
			t.Errorf("nft -f: error = %v, output %q, want 2 lines with reject for\n%s", err, out, text)
		}
	}
}

// TestPacketFilterOfFreeBSD: what the anchor lets the engine do, by what it is for.
func TestPacketFilterOfFreeBSD(t *testing.T) {
	t.Parallel()
	const reach = "from 10.77.0.2 to 10.77.0.1 port = "
	m := labMachine()
	m.Engine.DNS = []netip.Addr{netip.MustParseAddr("10.77.0.1"), netip.MustParseAddr("2620:fe::fe")}
	m.Engine.GuestPorts = []string{"5432/tcp", "53/udp"}
	g, out := play(t, m, "", "pfctl -a fbdock -sr; sysrc -n mountd_flags; ps ax | grep '[m]ountd'\necho --- again\n"+install)
	first, again, _ := strings.Cut(out, "--- again\n")
	mustSay(t, g, first, "status 0", "pass in quick on bridge0 inet proto tcp "+reach+"sunrpc no state\n", "proto udp "+reach+"nfsd no state\n", "proto tcp "+reach+"7335 no state\n",
		"proto udp "+reach+"domain no state\n", "proto tcp "+reach+"5432 no state\n", "block return in quick on bridge0 inet proto tcp from any to (self) flags S/SA\n",
		"block drop quick on tap0 inet6 all\n", "-p 7335 -r -S\n")
	mustSay(t, g, again, "fbdock-step network skip", "fbdock-step shares skip")
	if strings.Contains(first, "proto udp "+reach+"5432") || strings.Contains(first, "2620") {
		t.Errorf("pf rules =\n%s\nwant no port 5432 by UDP and no IPv6 address", first)
	}
	m = labMachine()
	m.Shares = m.Shares[1:] // by 9P
	out = change(t, g, m, "", "pfctl -a fbdock -sr")
	_, rules, _ := strings.Cut(out, "status 0\n")
	if out = rules; !strings.Contains(out, "block return in") || strings.Contains(out, "port = nfsd") || strings.Contains(out, "5432") {
		t.Errorf("pf rules without NFS and guest_ports =\n%s\nwant no port of nfsd and no 5432", out)
	}
	// A port of the user's own stays.
	g, out = play(t, labMachine(), "sysrc mountd_flags='-r -p 999 -S' >/dev/null", "pfctl -a fbdock -sr; sysrc -n mountd_flags")
	mustSay(t, g, out, "proto tcp "+reach+"999 no state\n", "\n-r -p 999 -S\n")
}
