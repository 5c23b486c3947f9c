//go:build linux

package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestFilterRules: lists are expanded and printed as pfctl(8) does.
func TestFilterRules(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"pass":                             "pass all flags S/SA keep state",
		"pass quick on lo0 no state":       "pass quick on lo0 all no state",
		"block in log all":                 "block drop in log all",
		"block drop quick on tap0 inet6":   "block drop quick on tap0 inet6 all",
		"pass out proto udp to 10.0.0.0/8": "pass out inet proto udp from any to 10.0.0.0/8 keep state",
		"pass in quick on { a0 b0 } inet proto { tcp udp } from 10.7.0.2 to 10.7.0.1 port { 111, 7335 } no state": "pass in quick on a0 inet proto tcp from 10.7.0.2 to 10.7.0.1 port = sunrpc no state\n" +
			"pass in quick on a0 inet proto tcp from 10.7.0.2 to 10.7.0.1 port = 7335 no state\n" +
			"pass in quick on a0 inet proto udp from 10.7.0.2 to 10.7.0.1 port = sunrpc no state\n" +
			"pass in quick on a0 inet proto udp from 10.7.0.2 to 10.7.0.1 port = 7335 no state\n" +
			"pass in quick on b0 inet proto tcp from 10.7.0.2 to 10.7.0.1 port = sunrpc no state\n" +
			"pass in quick on b0 inet proto tcp from 10.7.0.2 to 10.7.0.1 port = 7335 no state\n" +
			"pass in quick on b0 inet proto udp from 10.7.0.2 to 10.7.0.1 port = sunrpc no state\n" +
			"pass in quick on b0 inet proto udp from 10.7.0.2 to 10.7.0.1 port = 7335 no state",
		"block return in quick on ! lo0 inet proto tcp from any to (self) flags S/SA": "block return in quick on ! lo0 inet proto tcp from any to (self) flags S/SA",
		"pass in inet proto icmp from any to (self) icmp-type { unreach timex }":      "pass in inet proto icmp from any to (self) icmp-type unreach keep state\npass in inet proto icmp from any to (self) icmp-type timex keep state",
		// Refused, as by pfctl, or not played.
		"block in quick on":                                 "",
		"pass in port 22":                                   "",
		"pass in proto icmp to any port 22":                 "",
		"pass inet6 from 10.0.0.1":                          "",
		"pass from 10.0.0.256":                              "",
		"pass in proto tcp to any port":                     "",
		"pass in on { a0":                                   "",
		"pass keep state no state":                          "",
		"pass in quick on a0 route-to (b0 10.0.0.1) to any": "",
		"block in proto tcp to any flags Q/S":               "",
	} {
		var got []string
		for _, rule := range pfFilterRules(line) {
			got = append(got, rule.text())
		}
		if strings.Join(got, "\n") != want {
			t.Errorf("pfctl -s rules of %q is\n%s\nwant\n%s", line, strings.Join(got, "\n"), want)
		}
	}
}

// TestEnforcedRules: what is in force is what the main ruleset and the anchors that it calls say, and nft accepts it.
func TestEnforcedRules(t *testing.T) {
	machine, root := played(t)
	put(t, root, "etc/pf.conf", "set skip on { lo0 }\nnat on vtnet0 inet from 10.7.0.0/24 to any -> (vtnet0)\nrdr on vtnet0 inet proto tcp from any to any port 80 -> 10.7.0.2 port 8080\n"+
		"nat on vtnet0 inet from <cni-nat> to any -> (vtnet0)\nnat on vtnet0 inet from <empty> to any -> (vtnet0)\nrdr-anchor \"cni-rdr/*\"\n"+
		"nat-anchor \"fbdock\"\nanchor \"fbdock\"\nblock in log all\npass out all\npass in on vtnet0 proto tcp to (vtnet0) port ssh\n")
	put(t, root, "tmp/a", "nat on vtnet0 inet from 10.8.0.0/24 to any -> (vtnet0)\nblock return in quick on { bridge0 tap0 } inet proto tcp from any to (self) flags S/SA\n"+
		"pass out quick on bridge0 inet proto icmp from (self) to 10.7.0.0/24 icmp-type echoreq keep state\nblock drop quick on bridge0 inet6\n")
	put(t, root, "tmp/c", "rdr pass inet proto udp from any to self port 53 -> 10.88.0.5 port 5353\n")
	put(t, root, "tmp/b", "pass quick from 192.168.66.6 no state\n")
	for _, argv := range [][]string{{"kldload", "pf"}, {"pfctl", "-f", "/etc/pf.conf"}, {"pfctl", "-a", "fbdock", "-f", "/tmp/a"}, {"pfctl", "-a", "other", "-f", "/tmp/b"},
		{"pfctl", "-a", "cni-rdr/1234", "-f", "/tmp/c"}, {"pfctl", "-q", "-t", "cni-nat", "-T", "add", "10.88.0.5", "10.88.0.6"}, {"pfctl", "-q", "-t", "cni-nat", "-T", "delete", "10.88.0.6"}, {"pfctl", "-e"},
	} {
		if out, status := machine(argv...); status != 0 {
			t.Fatalf("%v = status %d, want 0: %s", argv, status, out)
		}
	}
	l := &lab{root: root, fake: true}
	state := pf{}
	l.load(volatile+"pf", &state)
	rules := state.enforce(l)
	for _, want := range []string{`iifname "lo" accept`, "dnat ip to 10.7.0.2:8080", "ip saddr 10.8.0.0/24", "ip saddr { 10.88.0.5 } masquerade", "fib daddr type local udp dport 53 ct mark set ct mark or 2 dnat ip to 10.88.0.5:5353", `fib daddr type local meta l4proto tcp tcp flags & (syn|ack) == syn`, "ip daddr 10.0.2.15"} {
		if !strings.Contains(rules, want) {
			t.Errorf("nft rules for pf's rules, want them to contain %q:\n%s", want, rules)
		}
	}
	if strings.Contains(rules, "empty") {
		t.Errorf("nft rules for pf's rules, want none for a table without addresses:\n%s", rules)
	}
	if strings.Contains(rules, "192.168.66.6") {
		t.Errorf("nft rules contain 192.168.66.6, want no rule of an anchor that pf.conf does not call:\n%s", rules)
	}
	machine("pfctl", "-d")
	l.load(volatile+"pf", &state)
	if off := state.enforce(l); strings.Contains(off, "10.7.0") {
		t.Errorf("nft rules with pf disabled, want no rule of pf:\n%s", off)
	}
	if os.Geteuid() != 0 || exec.CommandContext(t.Context(), "unshare", "--net", "nft", "list", "ruleset").Run() != nil {
		t.Skip("the rules are not given to a kernel: that needs root, unshare and nft")
	}
	cmd := exec.CommandContext(t.Context(), "unshare", "--net", "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(rules)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("nft -f -: %v, want the rules accepted\n%s\n%s", err, out, rules)
	}
}
