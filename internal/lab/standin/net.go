//go:build linux

package main

import (
	"crypto/sha256"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// iface is one network interface as ifconfig shows it.
type iface struct {
	Name    string
	Kind    string // ether (the machine's own), lo, bridge, tap, tun, epair
	Ether   string
	Up      bool
	Addrs   []string // with prefix length
	Members []string // of a bridge
	MTU     int
	Off     []string // offloads that were switched off
	Busy    bool     // a tap that a virtual machine has open
}

type network struct {
	Ifaces  []*iface
	Gateway string // default route
	Via     string // its interface
}

// loadNet gives the state of the network, on the first call after a boot what the machine has by itself.
func loadNet(l *lab) *network {
	n := &network{}
	l.load(volatile+"net", n)
	if len(n.Ifaces) == 0 {
		n.Ifaces = []*iface{
			{Name: "vtnet0", Kind: "ether", Ether: "58:9c:fc:aa:00:01", Up: true, Addrs: []string{"10.0.2.15/24"}, MTU: 1500},
			{Name: "lo0", Kind: "lo", Up: true, Addrs: []string{"127.0.0.1/8"}, MTU: 16384},
		}
		if card := l.conf("card", ""); card != "" {
			n.Ifaces = slices.Insert(n.Ifaces, 1, &iface{Name: "vtnet1", Kind: "ether", Ether: card, MTU: 1500})
		}
		n.Gateway, n.Via = "10.0.2.2", "vtnet0"
		if !l.fake {
			hostNet(l, n)
		}
		l.save(volatile+"net", n)
	}
	return n
}

func (n *network) find(name string) *iface {
	for _, one := range n.Ifaces {
		if one.Name == name {
			return one
		}
	}
	return nil
}

// bridgeOf gives the bridge that an interface is a member of.
func (n *network) bridgeOf(name string) *iface {
	for _, one := range n.Ifaces {
		if slices.Contains(one.Members, name) {
			return one
		}
	}
	return nil
}

// hostNet reads address and gateway of the container's own interface: it is called vtnet0 here.
func hostNet(l *lab, n *network) {
	fields := strings.Fields(debianOutput(l, "ip", "-o", "-4", "addr", "show", "dev", "eth0"))
	for i, field := range fields {
		if field == "inet" && i+1 < len(fields) {
			n.Ifaces[0].Addrs = []string{fields[i+1]}
		}
	}
	if ether := strings.TrimSpace(l.read("/sys/class/net/eth0/address")); ether != "" {
		n.Ifaces[0].Ether = ether
	}
	fields = strings.Fields(debianOutput(l, "ip", "-o", "-4", "route", "show", "default"))
	for i, field := range fields {
		if field == "via" && i+1 < len(fields) {
			n.Gateway = fields[i+1]
		}
	}
}

// linux gives the name that an interface has in the container.
func linux(name string) string {
	switch name {
	case "vtnet0":
		return "eth0"
	case "lo0":
		return "lo"
	}
	return name
}

// clone makes an interface of a kind that can be made, with the lowest free number where none is given.
func clone(l *lab, n *network, name string) (*iface, string) {
	kind := strings.TrimRight(name, "0123456789")
	if !slices.Contains([]string{"bridge", "tap", "tun", "epair", "lo"}, kind) || kind == "bridge" && !moduleLives(l, "if_bridge") && !autoload(l, "if_bridge") {
		return nil, "SIOCIFCREATE2 (" + name + "): Invalid argument"
	}
	if len(name) > 15 {
		return nil, "SIOCIFCREATE2 (" + name + "): File name too long"
	}
	if name == kind {
		for i := 0; ; i++ {
			if n.find(fmt.Sprintf("%s%d", kind, i)) == nil {
				name = fmt.Sprintf("%s%d", kind, i)
				break
			}
		}
	}
	if n.find(name) != nil || kind == "epair" && (n.find(name+"a") != nil || n.find(name+"b") != nil) {
		return nil, "interface " + name + " already exists"
	}
	if kind == "epair" {
		return clonePair(n, name)
	}
	one := &iface{Name: name, Kind: kind, Ether: ether(name), MTU: 1500}
	n.Ifaces = append(n.Ifaces, one)
	switch kind {
	case "bridge":
		effect(l, "ip", "link", "add", name, "type", "bridge")
	case "tun":
		one.Ether = ""
		effect(l, "ip", "tuntap", "add", name, "mode", "tun")
	case "tap":
		effect(l, "ip", "tuntap", "add", name, "mode", "tap")
		effect(l, "ip", "link", "set", name, "down")
	}
	return one, ""
}

// clonePair makes both ends of an epair(4); the first is the answer. In a lab with a network the pair is not Linux's: no packet passes it.
func clonePair(n *network, name string) (*iface, string) {
	if len(name)+1 > 15 {
		return nil, "SIOCIFCREATE2 (" + name + "): File name too long"
	}
	one := &iface{Name: name + "a", Kind: "epair", Ether: ether(name + "a"), MTU: 1500}
	n.Ifaces = append(n.Ifaces, one, &iface{Name: name + "b", Kind: "epair", Ether: ether(name + "b"), MTU: 1500})
	return one, ""
}

// autoload: creating a bridge loads the module, as ifconfig(8) does.
func autoload(l *lab, module string) bool {
	loadModule(l, module)
	return true
}

func ether(name string) string {
	sum := sha256.Sum256([]byte(name))
	return fmt.Sprintf("58:9c:fc:10:%02x:%02x", sum[0], sum[1])
}

// effect does for real what the state says; what Linux answers is shown, for it means that the lab is broken.
func effect(l *lab, name string, args ...string) bool {
	if err := l.debian(name, args...); err != nil {
		l.errorf("%s: lab: %v\n", l.name, err)
		l.kernelSays("lab: %v", err)
		return false
	}
	return true
}

func destroy(l *lab, n *network, one *iface) {
	if one.Kind == "epair" { // with its other end, which may be in a jail
		other := map[byte]string{'a': "b", 'b': "a"}[one.Name[len(one.Name)-1]]
		other = one.Name[:len(one.Name)-1] + other
		n.Ifaces = slices.DeleteFunc(n.Ifaces, func(i *iface) bool { return i.Name == other })
		p := prisonsOf(l)
		for _, jail := range p.All {
			jail.Ifaces = slices.DeleteFunc(jail.Ifaces, func(i *iface) bool { return i.Name == other })
		}
		l.save(volatile+"jails", p)
	}
	n.Ifaces = slices.DeleteFunc(n.Ifaces, func(other *iface) bool { return other == one })
	for _, other := range n.Ifaces {
		other.Members = slices.DeleteFunc(other.Members, func(name string) bool { return name == one.Name })
	}
	if one.Kind != "epair" {
		effect(l, "ip", "link", "del", one.Name)
	}
}

// broadcast and mask as ifconfig prints them.
func prefixWords(text string) (addr, mask, broadcast string) {
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return text, "0xffffff00", ""
	}
	bits := uint32(0xffffffff) << (32 - prefix.Bits())
	if prefix.Bits() == 0 {
		bits = 0
	}
	four := prefix.Addr().As4()
	ip := uint32(four[0])<<24 | uint32(four[1])<<16 | uint32(four[2])<<8 | uint32(four[3])
	last := ip | ^bits
	return prefix.Addr().String(), fmt.Sprintf("0x%08x", bits),
		fmt.Sprintf("%d.%d.%d.%d", last>>24, last>>16&255, last>>8&255, last&255)
}
