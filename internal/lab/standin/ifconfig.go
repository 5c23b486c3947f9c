//go:build linux

package main

import (
	"net/netip"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

func netCommands() map[string]command {
	return map[string]command{"ifconfig": ifconfig, "route": route, "netstat": netstat}
}

func debianOutput(l *lab, name string, args ...string) string {
	if l.fake {
		return ""
	}
	out, err := exec.Command(debianPath(name), args...).Output()
	if err != nil {
		return ""
	}
	return string(out)
}

func ifconfig(l *lab) int {
	defer l.lock()()
	n := loadNet(l)
	status := ifconfigArgs(l, n)
	l.save(volatile+"net", n)
	return status
}

func ifconfigArgs(l *lab, n *network) int {
	args := l.args
	switch {
	case len(args) == 0 || args[0] == "-a":
		for _, one := range n.Ifaces {
			show(l, n, one)
		}
		return 0
	case args[0] == "-l":
		return ifconfigList(l, n, args[1:])
	case args[0] == "-C":
		l.printf("bridge tap tun epair lo\n")
		return 0
	case args[0] == "-g" && len(args) == 2:
		for _, one := range n.Ifaces {
			if one.Kind == args[1] {
				l.printf("%s\n", one.Name)
			}
		}
		return 0
	case strings.HasPrefix(args[0], "-"):
		l.errorf("ifconfig: illegal option -- %s\nusage: ifconfig [-j jail] [-DkLmn] [-f type:format] interface address_family\n", args[0][1:])
		return 1
	}
	name, rest := args[0], args[1:]
	if len(rest) > 0 && (rest[0] == "create" || rest[0] == "plumb") {
		one, words := clone(l, n, name)
		if words != "" {
			return l.fail("%s", words)
		}
		if one.Name != name {
			l.printf("%s\n", one.Name)
		}
		return ifconfigSet(l, n, one, rest[1:])
	}
	one := n.find(name)
	if one == nil {
		return l.fail("interface %s does not exist", name)
	}
	if len(rest) == 0 {
		show(l, n, one)
		return 0
	}
	return ifconfigSet(l, n, one, rest)
}

func ifconfigList(l *lab, n *network, filter []string) int {
	var names []string
	for _, one := range n.Ifaces {
		if len(filter) > 0 && filter[0] == "ether" && one.Kind == "lo" {
			continue
		}
		names = append(names, one.Name)
	}
	l.printf("%s\n", strings.Join(names, " "))
	return 0
}

// ifconfigSet applies the words after the interface one after the other, as ifconfig does.
func ifconfigSet(l *lab, n *network, one *iface, words []string) int {
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		next := ""
		if len(words) > 0 {
			next = words[0]
		}
		switch word {
		case "up", "down":
			one.Up = word == "up"
			effect(l, "ip", "link", "set", linux(one.Name), word)
		case "destroy":
			if one.Kind == "ether" || one.Name == "lo0" {
				return l.fail("SIOCIFDESTROY: Invalid argument")
			}
			destroy(l, n, one)
		case "inet", "alias", "add":
			if word == "alias" && next == "inet" {
				continue
			}
			rest, text := inet(l, n, one, words)
			if text != "" {
				return l.fail("%s", text)
			}
			words = rest
		case "addm", "deletem":
			if next == "" {
				return l.fail("'%s' requires argument", word)
			}
			if text := member(l, n, one, word, next); text != "" {
				return l.fail("%s", text)
			}
			words = words[1:]
		case "group":
			if next == "" || strings.ContainsAny(next[len(next)-1:], "0123456789") {
				return l.fail("setifgroup: group names may not end in a digit")
			}
			words = words[1:]
		case "mtu", "ether", "name", "description", "descr":
			if next == "" {
				return l.fail("'%s' requires argument", word)
			}
			if text := property(l, one, word, next); text != "" {
				return l.fail("%s", text)
			}
			words = words[1:]
		case "-rxcsum", "-txcsum", "-tso", "-lro", "-rxcsum6", "-txcsum6", "rxcsum", "txcsum", "tso", "lro":
			offload(one, word)
		case "SYNCDHCP", "DHCP", "syncdhcp":
			return l.fail("%s: bad value", word)
		default:
			if _, err := netip.ParsePrefix(word); err == nil {
				words = append([]string{word}, words...)
				rest, text := inet(l, n, one, words)
				if text != "" {
					return l.fail("%s", text)
				}
				words = rest
				continue
			}
			return l.fail("%s: bad value", word)
		}
	}
	return 0
}

// inet adds or removes an address: "ADDR/LEN [PEER] [netmask M] [broadcast B] [delete|-alias]".
func inet(l *lab, n *network, one *iface, words []string) (rest []string, text string) {
	if len(words) == 0 {
		return words, "bad value (width too small)"
	}
	addr, rest := words[0], words[1:]
	remove := false
	if one.Kind == "tun" && len(rest) > 0 {
		if peer, err := netip.ParseAddr(rest[0]); err == nil {
			return rest[1:], pointToPoint(l, n, one, addr, peer)
		}
	}
	for len(rest) > 0 {
		if (rest[0] == "netmask" || rest[0] == "broadcast") && len(rest) > 1 {
			if rest[0] == "netmask" {
				addr += "/" + maskBits(rest[1])
			}
			rest = rest[2:]
			continue
		}
		if rest[0] != "delete" && rest[0] != "-alias" && rest[0] != "remove" && rest[0] != "alias" {
			break
		}
		remove = rest[0] != "alias"
		rest = rest[1:]
	}
	if !strings.Contains(addr, "/") {
		if _, err := netip.ParseAddr(addr); err != nil {
			return rest, addr + ": bad value"
		}
		if !remove {
			return rest, "ioctl (SIOCAIFADDR): Invalid argument" // 15 wants a prefix; the lab always does
		}
	}
	host, _, _ := strings.Cut(addr, "/")
	if remove {
		at := slices.IndexFunc(one.Addrs, func(have string) bool { return strings.HasPrefix(have, host+"/") })
		if at < 0 {
			return rest, "ioctl (SIOCDIFADDR): Can't assign requested address"
		}
		effect(l, "ip", "addr", "del", one.Addrs[at], "dev", linux(one.Name))
		one.Addrs = slices.Delete(one.Addrs, at, at+1)
		return rest, ""
	}
	if prefix, err := netip.ParsePrefix(addr); err != nil || !prefix.Addr().Is4() {
		return rest, addr + ": bad value"
	}
	if strictMembers(l) && n.bridgeOf(one.Name) != nil {
		return rest, "ioctl (SIOCAIFADDR): Invalid argument"
	}
	one.Up = true
	if !slices.Contains(one.Addrs, addr) {
		one.Addrs = append(one.Addrs, addr)
		_, _, broadcast := prefixWords(addr)
		effect(l, "ip", "addr", "add", addr, "broadcast", broadcast, "dev", linux(one.Name))
	}
	effect(l, "ip", "link", "set", linux(one.Name), "up")
	return rest, ""
}

// strictMembers: from 15 on a bridge member has no address.
func strictMembers(l *lab) bool {
	major, _ := strconv.Atoi(strings.SplitN(release(l), ".", 2)[0])
	return major >= 15 && tunable(l, "net.link.bridge.member_ifaddrs", "0") == "0"
}

func member(l *lab, n *network, bridge *iface, word, name string) string {
	request := map[string]string{"addm": "BRDGADD", "deletem": "BRDGDEL"}[word]
	if bridge.Kind != "bridge" {
		return request + " " + name + ": Invalid argument"
	}
	one := n.find(name)
	at := slices.Index(bridge.Members, name)
	switch {
	case one == nil || word == "deletem" && at < 0:
		return request + " " + name + ": No such file or directory"
	case word == "deletem":
		bridge.Members = slices.Delete(bridge.Members, at, at+1)
		effect(l, "ip", "link", "set", linux(name), "nomaster")
		return ""
	case at >= 0:
		return request + " " + name + ": File exists"
	case n.bridgeOf(name) != nil:
		return request + " " + name + ": Device busy"
	case strictMembers(l) && len(one.Addrs) > 0:
		return request + " " + name + ": Invalid argument"
	}
	bridge.Members = append(bridge.Members, name)
	effect(l, "ip", "link", "set", linux(name), "master", bridge.Name)
	l.kernelSays("%s: promiscuous mode enabled", name)
	return ""
}
