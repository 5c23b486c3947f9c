//go:build linux

package main

import (
	"net/netip"
	"strings"
)

func (n *network) lookup(addr netip.Addr) (destination, mask, gateway, via string, ok bool) {
	for _, one := range n.Ifaces {
		for _, text := range one.Addrs {
			prefix, err := netip.ParsePrefix(text)
			if err == nil && prefix.Contains(addr) && prefix.Bits() > 0 {
				return prefix.Masked().Addr().String(), dotted(prefix.Bits()), "", one.Name, true
			}
		}
	}
	if n.Gateway == "" {
		return "", "", "", "", false
	}
	return "0.0.0.0", "0.0.0.0", n.Gateway, n.Via, true
}

func dotted(bits int) string {
	all := uint32(0xffffffff) << (32 - bits)
	return netip.AddrFrom4([4]byte{byte(all >> 24), byte(all >> 16), byte(all >> 8), byte(all)}).String()
}

// route knows "route [-n] get [-inet] default|ADDRESS"; the lab's routes are the interfaces' own and the default.
func route(l *lab) int {
	options, rest, bad := getopt(l.args, "46dnqtv")
	if bad != "" || len(rest) == 0 {
		l.errorf("usage: route [-j jail] [-46dnqtv] command [[modifiers] args]\n")
		return 64
	}
	_ = options
	if rest[0] != "get" {
		if rest[0] == "add" || rest[0] == "delete" || rest[0] == "flush" || rest[0] == "change" || rest[0] == "show" || rest[0] == "monitor" {
			return l.fail("the lab does not play route %s", rest[0])
		}
		l.errorf("usage: route [-j jail] [-46dnqtv] command [[modifiers] args]\n")
		return 64
	}
	rest = rest[1:]
	if len(rest) > 0 && (rest[0] == "-inet" || rest[0] == "-4" || rest[0] == "-host") {
		rest = rest[1:]
	}
	if len(rest) != 1 {
		l.errorf("usage: route [-j jail] [-46dnqtv] command [[modifiers] args]\n")
		return 64
	}
	defer l.lock()()
	n := loadNet(l)
	to := rest[0]
	if to == "default" {
		to = "0.0.0.0"
	}
	addr, err := netip.ParseAddr(to)
	if err != nil {
		l.errorf("route: bad address: %s\n", to)
		return 68
	}
	destination, mask, gateway, via, ok := "0.0.0.0", "0.0.0.0", n.Gateway, n.Via, n.Gateway != ""
	if !addr.IsUnspecified() {
		destination, mask, gateway, via, ok = n.lookup(addr)
	}
	if !ok {
		l.errorf("route: route has not been found\n")
		return 1
	}
	l.printf("   route to: %s\ndestination: %s\n       mask: %s\n", to, destination, mask)
	flags := "<UP,DONE,PINNED>"
	if gateway != "" {
		l.printf("    gateway: %s\n", gateway)
		flags = "<UP,GATEWAY,DONE,STATIC>"
	}
	l.printf("        fib: 0\n  interface: %s\n      flags: %s\n recvpipe  sendpipe  ssthresh  rtt,msec    mtu        weight    expire\n"+
		"       0         0         0         0      1500         1         0 \n", via, flags)
	return 0
}

// netstat shows the routing table ("-rn -f inet"), which is all that the steps ask it for.
func netstat(l *lab) int {
	options, rest, bad := getopt(l.args, "46AaBbCdF:f:ghI:iLlM:mN:nPp:Qq:RrsTuWw:xz")
	if bad != "" || len(rest) > 0 {
		l.errorf("netstat: %s\nusage: netstat [-j jail] [-46AaCLnPRSTWx] [-f protocol_family | -p protocol]\n", bad)
		return 1
	}
	if !has(options, 'r') {
		return l.fail("the lab plays netstat -r only")
	}
	defer l.lock()()
	n := loadNet(l)
	l.printf("Routing tables\n\nInternet:\nDestination        Gateway            Flags         Netif Expire\n")
	if n.Gateway != "" {
		l.printf("%-18s %-18s %-10s %8s\n", "default", n.Gateway, "UGS", n.Via)
	}
	for i, one := range n.Ifaces {
		for _, text := range one.Addrs {
			prefix, err := netip.ParsePrefix(text)
			if err != nil {
				continue
			}
			if one.Kind != "lo" {
				l.printf("%-18s link#%-13d %-10s %8s\n", prefix.Masked(), i+1, "U", one.Name)
			}
			l.printf("%-18s link#%-13d %-10s %8s\n", strings.Split(text, "/")[0], i+1, "UHS", "lo0")
		}
	}
	return 0
}
