//go:build linux

package main

import (
	"net/netip"
	"slices"
	"strings"
)

// pfTable plays "pfctl -t TABLE -T add|delete|show|flush ADDRESS...". A table is made by the first address that is added.
func pfTable(l *lab, state *pf, table, command string, addresses []string) int {
	if table == "" {
		l.errorf("usage: pfctl [-t table -T command [address ...]]\n")
		return 1
	}
	if state.Tables == nil {
		state.Tables = map[string][]string{}
	}
	have, known := state.Tables[table]
	for _, address := range addresses {
		if _, err := netip.ParseAddr(address); err != nil {
			return l.fail("cannot parse address %q", address)
		}
	}
	if command != "add" && !known {
		return l.fail("Table does not exist")
	}
	switch command {
	case "add":
		for _, address := range addresses {
			if !slices.Contains(have, address) {
				have = append(have, address)
			}
		}
		state.Tables[table] = have
	case "delete":
		state.Tables[table] = slices.DeleteFunc(have, func(address string) bool { return slices.Contains(addresses, address) })
	case "flush":
		state.Tables[table] = nil
	case "show":
		for _, address := range have {
			l.printf("   %s\n", address)
		}
	default:
		return l.fail("Invalid table command.")
	}
	return 0
}

// tabled puts the addresses of a table into a translation rule; a rule of an empty one does nothing.
func (p *pf) tabled(nat string) string {
	before, rest, found := strings.Cut(nat, "<")
	if !found {
		return nat
	}
	name, after, _ := strings.Cut(rest, ">")
	if len(p.Tables[name]) == 0 {
		return ""
	}
	return before + "{ " + strings.Join(p.Tables[name], ", ") + " }" + after
}
