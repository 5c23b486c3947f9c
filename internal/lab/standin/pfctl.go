//go:build linux

package main

import (
	"os/exec"
	"slices"
	"sort"
	"strings"
)

func pfCommands() map[string]command { return map[string]command{"pfctl": pfctl} }

// pf is what the kernel holds: gone after a reboot, as the rules of the anchors are.
type pf struct {
	Enabled bool
	Main    []pfRule
	Anchors map[string][]pfRule
	Tables  map[string][]string
}

var pfShows = []string{"nat", "queue", "rules", "Anchors", "states", "Sources", "info", "Running", "labels", "timeouts", "memory", "Tables", "osfp",
	"Interfaces", "all", "ether", "ethernet", "creatorids"}

func pfctl(l *lab) int {
	options, rest, bad := getopt(l.args, "a:AdD:eF:f:ghi:k:K:mMnNOo:Pp:qRrs:St:T:vx:z")
	if bad != "" || len(rest) > 0 && !has(options, 'T') || len(options) == 0 {
		if bad != "" {
			l.errorf("pfctl: %s\n", bad)
		}
		l.errorf("usage: pfctl [-AdeghMmNnOPqRSrvz] [-a anchor] [-D macro=value] [-F modifier]\n\t[-f file] [-i interface] [-K key] [-k key]\n\t[-o level] [-p device] [-s modifier]\n\t[-t table -T command [address ...]] [-x level]\n")
		return 1
	}
	defer l.lock()()
	state := pf{Anchors: map[string][]pfRule{}}
	l.load(volatile+"pf", &state)
	if !has(options, 'n') && !moduleLives(l, "pf") {
		return l.fail("/dev/pf: No such file or directory")
	}
	status := pfRun(l, options, rest, &state)
	if !has(options, 'n') {
		l.save(volatile+"pf", state)
		if !has(options, 's') {
			pfApply(l, &state)
		}
	}
	return status
}

func pfRun(l *lab, options []option, rest []string, state *pf) int {
	anchor := value(options, 'a')
	if has(options, 'd') {
		if !state.Enabled {
			return l.fail("pf not enabled")
		}
		state.Enabled = false
		pfSays(l, options, "pf disabled")
	}
	if has(options, 'T') {
		return pfTable(l, state, value(options, 't'), value(options, 'T'), rest)
	}
	if has(options, 'F') {
		what := value(options, 'F')
		if !prefixOf(what, []string{"nat", "rules", "all", "states", "Sources", "info", "Tables", "osfp", "queue", "Reset", "ethernet"}) {
			return l.fail("Unknown flush modifier '%s'", what)
		}
		if abbreviates(what, "all") || abbreviates(what, "rules") || abbreviates(what, "nat") {
			state.flush(anchor, what)
		}
	}
	if file := value(options, 'f'); file != "" {
		rules, text := pfParse(l, file)
		if text != "" {
			l.errorf("%s\n", text)
			return 1
		}
		if !has(options, 'n') {
			if anchor != "" {
				state.Anchors[anchor] = rules
			} else {
				state.Main = rules
			}
		}
	}
	if has(options, 'e') {
		if state.Enabled {
			return l.fail("pf already enabled")
		}
		state.Enabled = true
		pfSays(l, options, "pf enabled")
	}
	for _, o := range options {
		if o.flag == 's' {
			if status := pfShow(l, state, anchor, o.value); status != 0 {
				return status
			}
		}
	}
	return 0
}

func pfSays(l *lab, options []option, words string) {
	if !has(options, 'q') {
		l.errorf("%s\n", words)
	}
}

func prefixOf(what string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return what != "" && strings.HasPrefix(name, what) })
}

// abbreviates says whether what is word or its beginning, which is all that pfctl asks.
func abbreviates(what, word string) bool { return strings.HasPrefix(word, what) }

func (p *pf) flush(anchor, what string) {
	keep := func(rules []pfRule) []pfRule {
		if abbreviates(what, "all") {
			return nil
		}
		return slices.DeleteFunc(rules, func(r pfRule) bool { return (r.Class == translation) == abbreviates(what, "nat") })
	}
	if anchor != "" {
		p.Anchors[anchor] = keep(p.Anchors[anchor])
		return
	}
	p.Main = keep(p.Main)
}

func pfShow(l *lab, state *pf, anchor, what string) int {
	if !prefixOf(what, pfShows) {
		return l.fail("Unknown show modifier '%s'", what)
	}
	rules := state.Main
	if anchor != "" {
		rules = state.Anchors[anchor]
	}
	switch {
	case abbreviates(what, "nat"):
		printRules(l, rules, translation)
	case abbreviates(what, "rules"):
		printRules(l, rules, filtering)
	case abbreviates(what, "Anchors"):
		names := make([]string, 0, len(state.Anchors))
		for name, rules := range state.Anchors {
			if len(rules) > 0 {
				names = append(names, name)
			}
		}
		for _, rule := range state.Main {
			if rule.Anchor != "" && !slices.Contains(names, rule.Anchor) {
				names = append(names, rule.Anchor)
			}
		}
		sort.Strings(names)
		for _, name := range names {
			l.printf("  %s\n", name)
		}
	case abbreviates(what, "info"):
		pfInfo(l, state)
	case abbreviates(what, "Running"):
		if !state.Enabled {
			l.printf("Disabled\n")
			return 1
		}
		l.printf("Enabled\n")
	}
	return 0
}

func printRules(l *lab, rules []pfRule, class int) {
	for _, rule := range rules {
		if rule.Class != class {
			continue
		}
		if rule.Filters == nil {
			l.printf("%s\n", rule.Text)
		}
		for _, filter := range rule.Filters {
			l.printf("%s\n", filter.text())
		}
	}
}

func pfInfo(l *lab, state *pf) {
	word := "Disabled"
	if state.Enabled {
		word = "Enabled for 0 days 00:00:01"
	}
	l.printf("Status: %-37s Debug: Urgent\n\nState Table                          Total             Rate\n", word)
	for _, name := range []string{"current entries", "searches", "inserts", "removals"} {
		l.printf("  %-22s %14d               \n", name, 0)
	}
	l.printf("Counters\n")
	for _, name := range []string{"match", "bad-offset", "fragment", "short", "normalize", "memory", "bad-timestamp", "congestion", "ip-option",
		"proto-cksum", "state-mismatch", "state-insert", "state-limit", "src-limit", "synproxy", "map-failed"} {
		l.printf("  %-22s %14d            0.0/s\n", name, 0)
	}
}

// pfApply gives the rules that are in force to the container's kernel.
func pfApply(l *lab, state *pf) {
	if !l.fake {
		l.report(nft(l, state.enforce(l)))
	}
}

func nft(l *lab, script string) error {
	if l.fake {
		return nil
	}
	cmd := exec.Command(debianPath("nft"), "-f", "-")
	cmd.Stdin = strings.NewReader(script)
	if out, err := cmd.CombinedOutput(); err != nil {
		l.kernelSays("lab: nft: %v: %s", err, strings.TrimSpace(string(out)))
		l.errorf("%s: lab: nft: %v: %s\n", l.name, err, out)
		return err
	}
	return nil
}

// forwarding lets packets through the container or stops them; the container's own sysctl cannot be written without privileges.
func forwarding(l *lab, on bool) error {
	if on {
		return nft(l, "table ip lab_forward {}\ndelete table ip lab_forward\n")
	}
	return nft(l, "table ip lab_forward {}\ndelete table ip lab_forward\ntable ip lab_forward {\n chain forward {\n type filter hook forward priority -300; policy drop;\n }\n}\n")
}
