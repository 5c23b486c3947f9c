//go:build linux

package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// pfFilter is one filter rule of pf.conf(5) after pfctl has expanded its lists.
type pfFilter struct {
	Block, Return, Quick, Log bool
	Dir                       string // in, out or "" for both
	NotOn                     bool
	On                        string // interface, "" for all
	AF                        string // inet, inet6 or ""
	Proto                     string
	From, To                  pfHost
	Flags                     string // as in S/SA
	ICMP                      string // icmp-type
	State                     string // "keep state" or ""
}

// pfHost is one side of a rule. Text is "" or "any", an address, a network, "(self)" or "(INTERFACE)".
type pfHost struct {
	Not        bool
	Text, Port string
}

var (
	pfToken    = expression(`\{|\}|,|!|"[^"]*"|[^\s{},!]+`)
	pfPortWord = expression(`^([0-9]+(:[0-9]+)?|[a-z][a-z0-9-]*)$`)
	pfDynamic  = expression(`^\((self|[a-z]+[0-9]+)\)$`)
	pfFlagSet  = expression(`^[FSRPAUEW]*/[FSRPAUEW]+$`)
	pfProtos   = []string{"tcp", "udp", "icmp", "ipv6-icmp"}
	pfICMP     = map[string]string{"echoreq": "echo-request", "echorep": "echo-reply", "unreach": "destination-unreachable", "timex": "time-exceeded"}
	// pfServices are the names by which pfctl prints ports: those of services(5) that the lab uses.
	pfServices = map[string]string{"22": "ssh", "53": "domain", "111": "sunrpc", "2049": "nfsd"}
)

// pfWords are the tokens of a rule that were not read yet.
type pfWords struct{ left []string }

func (w *pfWords) is(words ...string) bool {
	if len(w.left) < len(words) || !slices.Equal(w.left[:len(words)], words) {
		return false
	}
	w.left = w.left[len(words):]
	return true
}

// next is the next token, "" at the end.
func (w *pfWords) next() string {
	if len(w.left) == 0 {
		return ""
	}
	word := w.left[0]
	w.left = w.left[1:]
	return word
}

// list reads one item or a list in braces; each item may have a "!" before it.
func (w *pfWords) list() (items []pfHost) {
	one := func() bool {
		item := pfHost{Not: w.is("!")}
		item.Text = w.next()
		items = append(items, item)
		return item.Text != "" && item.Text != "," && item.Text != "}"
	}
	if !w.is("{") {
		if !one() {
			return nil
		}
		return items
	}
	for !w.is("}") {
		if !one() {
			return nil
		}
		w.is(",")
	}
	return items
}

// pfFilterRules reads a line and expands its lists, as pfctl does; nil for what is no rule or is none that the lab plays.
func pfFilterRules(line string) []pfFilter {
	w := &pfWords{left: pfToken().FindAllString(line, -1)}
	var head pfFilter
	switch {
	case w.is("pass"):
	case w.is("block", "return"), w.is("block", "return-rst"), w.is("block", "return-icmp"):
		head.Block, head.Return = true, true
	case w.is("block", "drop"), w.is("block"):
		head.Block = true
	}
	if w.is("in") {
		head.Dir = "in"
	} else if w.is("out") {
		head.Dir = "out"
	}
	head.Log = w.is("log")
	head.Quick = w.is("quick")
	on, protos := []pfHost{{}}, []pfHost{{}}
	if w.is("on") {
		on = w.list()
	}
	if w.is("inet") {
		head.AF = "inet"
	} else if w.is("inet6") {
		head.AF = "inet6"
	}
	if w.is("proto") {
		protos = w.list()
	}
	from, to := w.hosts()
	icmp, ok := w.options(&head)
	if !ok {
		return nil
	}
	var rules []pfFilter
	for _, iface := range on {
		for _, proto := range protos {
			for _, source := range from {
				for _, target := range to {
					for _, kind := range icmp {
						rule := head
						rule.On, rule.NotOn, rule.Proto, rule.From, rule.To, rule.ICMP = iface.Text, iface.Not, proto.Text, source, target, kind.Text
						if proto.Not || !rule.settle() {
							return nil
						}
						rules = append(rules, rule)
					}
				}
			}
		}
	}
	return rules
}

// hosts reads "all", or from and to with their ports.
func (w *pfWords) hosts() (from, to []pfHost) {
	from, to = []pfHost{{}}, []pfHost{{}}
	if w.is("all") {
		return from, to
	}
	if w.is("from") {
		from = w.withPorts(w.list())
	}
	if w.is("to") {
		if len(w.left) > 0 && w.left[0] == "port" {
			to = w.withPorts(to)
		} else {
			to = w.withPorts(w.list())
		}
	}
	return from, to
}

func (w *pfWords) withPorts(hosts []pfHost) []pfHost {
	if !w.is("port") {
		return hosts
	}
	w.is("=")
	ports := w.list()
	var all []pfHost
	for _, host := range hosts {
		for _, port := range ports {
			if port.Not || !pfPortWord().MatchString(port.Text) {
				return nil
			}
			host.Port = port.Text
			for number, name := range pfServices {
				if port.Text == name {
					host.Port = number
				}
			}
			all = append(all, host)
		}
	}
	return all
}

// options reads what follows the hosts; a pass rule keeps state unless it says otherwise.
func (w *pfWords) options(rule *pfFilter) (icmp []pfHost, ok bool) {
	icmp = []pfHost{{}}
	none := false
	for len(w.left) > 0 {
		switch {
		case w.is("flags"):
			if rule.Flags = w.next(); rule.Flags != "any" && !pfFlagSet().MatchString(rule.Flags) {
				return nil, false
			}
		case w.is("no", "state"):
			none = true
		case w.is("keep", "state"):
			rule.State = "keep state"
		case w.is("icmp-type"):
			icmp = w.list()
		case w.is("label"):
			w.next()
		default:
			return nil, false
		}
	}
	if !rule.Block && !none {
		rule.State = "keep state"
	}
	return icmp, !none || rule.State == ""
}

// settle fills in what pfctl does, and is false for a rule that it or the lab refuses.
func (r *pfFilter) settle() bool {
	for _, host := range []*pfHost{&r.From, &r.To} {
		if host.Text == "any" {
			host.Text = ""
		}
		if host.Text == "" {
			continue
		}
		if pfDynamic().MatchString(host.Text) {
			continue
		}
		prefix, err := netip.ParsePrefix(host.Text)
		if err != nil {
			address, err := netip.ParseAddr(host.Text)
			if err != nil {
				return false
			}
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		family := "inet"
		if prefix.Addr().Is6() {
			family = "inet6"
		}
		if r.AF != "" && r.AF != family {
			return false
		}
		r.AF = family
	}
	if r.Proto != "" && !slices.Contains(pfProtos, r.Proto) {
		return false
	}
	ported := r.From.Port != "" || r.To.Port != ""
	if ported && r.Proto != "tcp" && r.Proto != "udp" || r.ICMP != "" && (r.Proto != "icmp" || pfICMP[r.ICMP] == "") {
		return false
	}
	if r.Flags == "" && r.State != "" && (r.Proto == "" || r.Proto == "tcp") {
		r.Flags = "S/SA"
	}
	if r.Proto != "" && r.Proto != "tcp" {
		r.Flags = ""
	}
	return true
}

// text is the rule as pfctl -s rules prints it.
func (r pfFilter) text() string {
	words := []string{"pass"}
	if r.Block && r.Return {
		words = []string{"block", "return"}
	} else if r.Block {
		words = []string{"block", "drop"}
	}
	add := func(yes bool, more ...string) {
		if yes {
			words = append(words, more...)
		}
	}
	add(r.Dir != "", r.Dir)
	add(r.Log, "log")
	add(r.Quick, "quick")
	add(r.On != "", "on")
	add(r.NotOn, "!")
	add(r.On != "", r.On)
	add(r.AF != "", r.AF)
	add(r.Proto != "", "proto", r.Proto)
	if r.From == (pfHost{}) && r.To == (pfHost{}) {
		add(true, "all")
	} else {
		add(true, "from", r.From.words(), "to", r.To.words())
	}
	add(r.Flags != "", "flags", r.Flags)
	add(r.ICMP != "", "icmp-type", r.ICMP)
	add(r.State != "", r.State)
	add(!r.Block && r.State == "", "no state")
	return strings.Join(words, " ")
}

func (h pfHost) words() string {
	text := "any"
	if h.Text != "" {
		text = h.Text
	}
	if h.Not {
		text = "! " + text
	}
	if h.Port == "" {
		return text
	}
	if _, err := strconv.Atoi(h.Port); err != nil {
		return fmt.Sprintf("%s port %s", text, h.Port)
	}
	name := h.Port
	if known := pfServices[h.Port]; known != "" {
		name = known
	}
	return fmt.Sprintf("%s port = %s", text, name)
}
