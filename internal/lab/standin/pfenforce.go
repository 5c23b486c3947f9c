//go:build linux

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// pf in the kernel of the lab's container: nftables chains that do what pf(4) does with its rules.
//
// A packet whose connection has a state passes before any rule: bit 0 of the connection's mark is set by the rule that
// made the state, and translation makes one as well. Else the last rule that matches wins, a quick one at once: what
// the others say is kept in the packet's mark, 1 to block, 2 to pass, 3 to pass and keep state.

// enforce gives the ruleset that is in force, in the words of nft.
func (p *pf) enforce(l *lab) string {
	var nat, rdr, in, out strings.Builder
	for _, rule := range p.inForce() {
		nat.WriteString(p.tabled(rule.Nat))
		rdr.WriteString(rule.Rdr)
		for _, name := range rule.Skip {
			fmt.Fprintf(&in, "  iifname %q accept\n", linux(name))
			fmt.Fprintf(&out, "  oifname %q accept\n", linux(name))
		}
		for _, filter := range rule.Filters {
			if filter.Dir != "out" {
				in.WriteString(filter.nft(l, "in"))
			}
			if filter.Dir != "in" {
				out.WriteString(filter.nft(l, "out"))
			}
		}
	}
	// Bit 1 of the mark is set by "rdr pass": such a packet passes the rules for what comes in.
	const passed = "  ct mark and 2 == 2 ct state new accept\n"
	const begin = "  ct mark and 1 == 1 accept\n  ct state established ct status snat accept\n  ct state established ct status dnat accept\n"
	const end = "  meta mark 1 drop\n  meta mark 3 ct mark set ct mark or 1\n  meta mark set 0\n"
	return "table inet lab_pf {}\ndelete table inet lab_pf\ntable inet lab_pf {\n" +
		" chain rdr {\n  type nat hook prerouting priority -100;\n" + rdr.String() + " }\n" +
		" chain nat {\n  type nat hook postrouting priority 100;\n" + nat.String() + " }\n" +
		// pf translates before it filters, both ways.
		" chain in {\n  type filter hook prerouting priority -50;\n" + begin + passed + in.String() + end + " }\n" +
		" chain out {\n  type filter hook postrouting priority 150;\n" + begin + out.String() + end + " }\n}\n"
}

// inForce are the rules in the order in which pf asks them: an anchor acts only where the main ruleset calls it.
func (p *pf) inForce() []pfRule {
	if !p.Enabled {
		return nil
	}
	var rules []pfRule
	for _, rule := range p.Main {
		if rule.Anchor == "" {
			rules = append(rules, rule)
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(p.Anchors)) {
			for _, one := range p.Anchors[name] {
				if rule.calls(name) && one.calledBy(rule) {
					rules = append(rules, one)
				}
			}
		}
	}
	return rules
}

// calls tells whether an anchor rule asks an anchor: "cni-rdr/*" all those below cni-rdr.
func (r pfRule) calls(name string) bool {
	below, all := strings.CutSuffix(r.Anchor, "/*")
	return name == r.Anchor || r.Anchor == "*" || all && strings.HasPrefix(name, below+"/")
}

// calledBy tells whether a rule is of the kind that an anchor rule asks: nat-anchor, rdr-anchor or anchor.
func (r pfRule) calledBy(anchor pfRule) bool {
	switch kind, _, _ := strings.Cut(anchor.Text, "-"); {
	case anchor.Class != translation:
		return r.Class == filtering
	case kind == "nat":
		return r.Nat != ""
	default:
		return r.Rdr != ""
	}
}

// nft is the rule for one of the two directions.
func (r pfFilter) nft(l *lab, dir string) string {
	match := r.matches(l, dir)
	if match == nil {
		return ""
	}
	line := func(more ...string) string {
		return "  " + strings.Join(slices.DeleteFunc(append(slices.Clone(match), more...), func(s string) bool { return s == "" }), " ") + "\n"
	}
	switch {
	case !r.Quick && r.Block:
		return line("meta mark set 1")
	case !r.Quick && r.State == "":
		return line("meta mark set 2")
	case r.State != "":
		return r.keep(line)
	case !r.Block:
		return line("accept")
	case r.Return && dir == "in":
		return line("meta l4proto tcp", "reject with tcp reset") + line("reject")
	}
	return line("drop")
}

// keep is a rule that makes states: without a protocol its flags ask TCP alone.
func (r pfFilter) keep(line func(more ...string) string) string {
	verdict := "meta mark set 3"
	if r.Quick {
		verdict = "ct mark set ct mark or 1 accept"
	}
	if r.Proto != "" || r.Flags == "" || r.Flags == "any" {
		return line(verdict)
	}
	return line("meta l4proto tcp", nftFlags(r.Flags), verdict) + line("meta l4proto != tcp", verdict)
}

// matches are the conditions of the rule, nil for one that can never match.
func (r pfFilter) matches(l *lab, dir string) []string {
	var match []string
	if r.On != "" {
		match = append(match, fmt.Sprintf("%sifname %s%q", map[string]string{"in": "i", "out": "o"}[dir], not(map[bool]string{true: "!"}[r.NotOn]), linux(r.On)))
	}
	switch r.AF {
	case "inet":
		match = append(match, "meta nfproto ipv4")
	case "inet6":
		match = append(match, "meta nfproto ipv6")
	}
	for i, host := range []pfHost{r.From, r.To} {
		side := []string{"saddr", "daddr"}[i]
		text, ok := host.nft(l, side, r.AF)
		if !ok {
			return nil
		}
		match = append(match, text)
	}
	if r.Proto != "" {
		match = append(match, "meta l4proto "+r.Proto)
	}
	for i, port := range []string{r.From.Port, r.To.Port} {
		if port != "" {
			match = append(match, []string{"th sport ", "th dport "}[i]+strings.ReplaceAll(port, ":", "-"))
		}
	}
	if r.Proto == "tcp" && r.Flags != "" && r.Flags != "any" {
		match = append(match, nftFlags(r.Flags))
	}
	if r.ICMP != "" {
		match = append(match, "icmp type "+pfICMP[r.ICMP])
	}
	return match
}

// nft is a condition on one side; ok is false where an interface has no address.
func (h pfHost) nft(l *lab, side, family string) (text string, ok bool) {
	name := strings.Trim(h.Text, "()")
	switch {
	case h.Text == "":
		return "", true
	case name == "self":
		return fmt.Sprintf("fib %s type %slocal", side, not(map[bool]string{true: "!"}[h.Not])), true
	case name != h.Text:
		one := loadNet(l).find(name)
		if one == nil || len(one.Addrs) == 0 {
			return "", h.Not
		}
		address, _, _ := strings.Cut(one.Addrs[0], "/")
		h.Text = address
	}
	ip := map[bool]string{true: "ip6", false: "ip"}[family == "inet6"]
	return fmt.Sprintf("%s %s %s%s", ip, side, not(map[bool]string{true: "!"}[h.Not]), h.Text), true
}

// nftFlags is S/SA and its like: of the flags after the slash those before it, and no others.
func nftFlags(flags string) string {
	names := map[rune]string{'F': "fin", 'S': "syn", 'R': "rst", 'P': "psh", 'A': "ack", 'U': "urg", 'E': "ecn", 'W': "cwr"}
	words := func(set string) string {
		var all []string
		for _, flag := range set {
			all = append(all, names[flag])
		}
		if len(all) == 0 {
			return "0x0"
		}
		return strings.Join(all, "|")
	}
	set, mask, _ := strings.Cut(flags, "/")
	return fmt.Sprintf("tcp flags & (%s) == %s", words(mask), words(set))
}
