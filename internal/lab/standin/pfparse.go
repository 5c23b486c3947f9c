//go:build linux

package main

import (
	"fmt"
	"os"
	"strings"
)

// The order that pf wants its rules in.
const (
	options = iota
	ethernet
	normalization
	queueing
	translation
	filtering
	anywhere
)

type pfRule struct {
	Class  int
	Text   string // as pfctl -s prints it
	Anchor string // what an anchor rule calls
	Nat    string // the same for the container's kernel
	Rdr    string
	Skip   []string // interfaces that are not filtered
	// Filters are what a filter rule is expanded to.
	Filters []pfFilter
}

var (
	pfMacro  = expression(`^([A-Za-z_][A-Za-z0-9_]*)\s*=\s*"?([^"]*)"?$`)
	pfAnchor = expression(`^(nat-anchor|rdr-anchor|binat-anchor|anchor)\s+"([^"]+)"( all| on \S+)*$`)
	pfNat    = expression(`^nat( pass)?( log)? on (\S+)( inet6?)?( proto \S+)? from (! ?)?(\S+) to (! ?)?(\S+)( port \S+)? -> (\S+)( port \S+)?( round-robin| static-port)*$`)
	pfRdr    = expression(`^rdr( pass)?( log)?( on \S+)?( inet6?)?( proto (tcp|udp))? from (\S+) to (\S+)( port (\d+))? -> (\S+)( port (\d+))?$`)
	pfStart  = map[string]int{"set": options, "ether": ethernet, "scrub": normalization, "match": filtering, "altq": queueing, "queue": queueing, "nat": translation, "rdr": translation,
		"binat": translation, "nat-anchor": translation, "rdr-anchor": translation, "binat-anchor": translation, "no": translation, "pass": filtering, "block": filtering,
		"anchor": filtering, "antispoof": filtering, "load": anywhere, "table": anywhere}
	pfSets = expression(`^set (skip on |block-policy (drop|return)$|limit |timeout |loginterface |optimization |state-policy |ruleset-optimization |require-order |fingerprints |debug |fail-policy |hostid |keepcounters)`)
)

// pfParse reads a ruleset. text is what pfctl prints for the first mistake, "FILE:LINE: words".
func pfParse(l *lab, file string) (rules []pfRule, text string) {
	name := file
	if file == "-" {
		file = "/dev/stdin"
	}
	content, err := os.ReadFile(l.path(file))
	if err != nil {
		return nil, "pfctl: " + name + ": No such file or directory\npfctl: cannot open the main config file!: No such file or directory\npfctl: Syntax error in config file: pf rules not loaded"
	}
	macros := map[string]string{}
	order, pending := options, ""
	for number, line := range strings.Split(string(content), "\n") {
		if at := strings.IndexByte(line, '#'); at >= 0 {
			line = line[:at]
		}
		line = pending + strings.TrimSpace(line)
		pending = ""
		if rest, more := strings.CutSuffix(line, "\\"); more {
			pending = rest + " "
			continue
		}
		if line == "" {
			continue
		}
		if match := pfMacro().FindStringSubmatch(line); match != nil {
			macros[match[1]] = match[2]
			continue
		}
		for macro, value := range macros {
			line = strings.ReplaceAll(line, "$"+macro, value)
		}
		rule, words := pfRuleOf(strings.Join(strings.Fields(line), " "))
		if words == "" && rule.Class != anywhere {
			if rule.Class < order {
				words = "Rules must be in order: options, ethernet, normalization, queueing, translation, filtering"
			}
			order = rule.Class
		}
		if words != "" {
			return nil, fmt.Sprintf("%s:%d: %s", name, number+1, words)
		}
		rules = append(rules, rule)
	}
	return rules, ""
}

func pfRuleOf(line string) (pfRule, string) {
	first, _, _ := strings.Cut(line, " ")
	class, ok := pfStart[first]
	if !ok || strings.Contains(line, "$") {
		return pfRule{}, "syntax error"
	}
	rule := pfRule{Class: class, Text: line}
	switch {
	case strings.HasSuffix(first, "anchor"):
		match := pfAnchor().FindStringSubmatch(line)
		if match == nil {
			return rule, "syntax error"
		}
		rule.Anchor = match[2]
		if !strings.Contains(line, " on ") {
			rule.Text = match[1] + ` "` + match[2] + `" all`
		}
	case first == "nat":
		return pfNatRule(rule, line)
	case first == "rdr":
		return pfRdrRule(rule, line)
	case first == "set":
		if !pfSets().MatchString(line) {
			return rule, "syntax error"
		}
		if skipped, ok := strings.CutPrefix(line, "set skip on "); ok {
			w := &pfWords{left: pfToken().FindAllString(skipped, -1)}
			for _, name := range w.list() {
				rule.Skip = append(rule.Skip, name.Text)
			}
		}
	case first == "pass" || first == "block":
		if rule.Filters = pfFilterRules(line); rule.Filters == nil {
			return rule, "syntax error"
		}
	}
	return rule, ""
}

func pfNatRule(rule pfRule, line string) (pfRule, string) {
	match := pfNat().FindStringSubmatch(line)
	if match == nil {
		return rule, "syntax error"
	}
	rule.Text = strings.TrimSuffix(line, " round-robin")
	if strings.HasPrefix(match[11], "(") {
		rule.Text += " round-robin"
	}
	from, to := "", ""
	if match[7] != "any" {
		from = "ip saddr " + not(match[6]) + match[7] + " "
	}
	if match[9] != "any" {
		to = "ip daddr " + not(match[8]) + match[9] + " "
	}
	rule.Nat = fmt.Sprintf("  oifname \"%s\" %s%smasquerade\n", linux(match[3]), from, to)
	return rule, ""
}

func pfRdrRule(rule pfRule, line string) (pfRule, string) {
	match := pfRdr().FindStringSubmatch(line)
	if match == nil {
		return rule, "syntax error"
	}
	proto, port, to := match[6], "", match[11]
	if proto == "" {
		proto = "tcp"
	}
	if match[10] != "" {
		port = proto + " dport " + match[10] + " "
	}
	if match[13] != "" {
		to += ":" + match[13]
	}
	var where, pass string
	if on, ok := strings.CutPrefix(match[3], " on "); ok {
		where = fmt.Sprintf("iifname %q ", linux(on))
	}
	switch match[8] {
	case "any":
	case "self":
		where += "fib daddr type local "
	default:
		where += "ip daddr " + match[8] + " "
	}
	if match[1] != "" {
		pass = "ct mark set ct mark or 2 "
	}
	rule.Rdr = fmt.Sprintf("  %s%s%sdnat ip to %s\n", where, port, pass, to)
	return rule, ""
}

func not(mark string) string {
	if strings.TrimSpace(mark) == "!" {
		return "!= "
	}
	return ""
}
