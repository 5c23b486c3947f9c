//go:build linux

package main

import (
	"net/netip"
	"slices"
	"strings"
)

// pointToPoint gives a tun(4) its address and that of the other end. Its mask is that of a host: the kernel of
// FreeBSD 15 refuses an address without a prefix, and a route to the other end that is there already is EEXIST.
func pointToPoint(l *lab, n *network, one *iface, addr string, peer netip.Addr) string {
	prefix, err := netip.ParsePrefix(addr)
	switch {
	case err != nil || !prefix.Addr().Is4() || prefix.Bits() != 32 || !peer.Is4():
		return "ioctl (SIOCAIFADDR): Invalid argument"
	case slices.ContainsFunc(n.Ifaces, func(other *iface) bool {
		return other != one && slices.ContainsFunc(other.Addrs, func(text string) bool { return strings.HasSuffix(text, " "+peer.String()) })
	}):
		return "ioctl (SIOCAIFADDR): File exists"
	}
	one.Up = true
	if text := addr + " " + peer.String(); !slices.Contains(one.Addrs, text) {
		one.Addrs = append(one.Addrs, text)
		effect(l, "ip", "addr", "add", addr, "peer", peer.String(), "dev", linux(one.Name))
	}
	effect(l, "ip", "link", "set", linux(one.Name), "up")
	return ""
}
