//go:build linux

package main

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

func maskBits(mask string) string {
	n, err := strconv.ParseUint(mask, 0, 32)
	if err != nil {
		addr, err := netip.ParseAddr(mask)
		if err != nil || !addr.Is4() {
			return mask
		}
		for _, b := range addr.As4() {
			n = n<<8 | uint64(b)
		}
	}
	bits := 0
	for ; n&0x80000000 != 0; n = n << 1 & 0xffffffff {
		bits++
	}
	return strconv.Itoa(bits)
}

func property(l *lab, one *iface, word, text string) string {
	switch word {
	case "mtu":
		n, err := strconv.Atoi(text)
		if err != nil || n < 72 || n > 9000 {
			return "ioctl SIOCSIFMTU (set mtu): Invalid argument"
		}
		one.MTU = n
		effect(l, "ip", "link", "set", linux(one.Name), "mtu", text)
	case "ether":
		one.Ether = text
		effect(l, "ip", "link", "set", linux(one.Name), "address", text)
	case "name":
		if len(text) > 15 {
			return "ioctl SIOCSIFNAME (set name): File name too long"
		}
		return "ioctl SIOCSIFNAME (set name): the lab does not rename"
	}
	return ""
}

func offload(one *iface, word string) {
	name, off := strings.CutPrefix(word, "-")
	one.Off = slices.DeleteFunc(one.Off, func(have string) bool { return have == name })
	if off {
		one.Off = append(one.Off, name)
	}
}

// show prints an interface in ifconfig's words.
func show(l *lab, n *network, one *iface) {
	flags := "BROADCAST,SIMPLEX,MULTICAST"
	switch {
	case one.Kind == "lo":
		flags = "UP,LOOPBACK,RUNNING,MULTICAST,LOWER_UP"
	case one.Kind == "tun":
		flags = map[bool]string{true: "UP,", false: ""}[one.Up] + "POINTOPOINT,MULTICAST"
	case one.Kind == "bridge" && one.Up:
		flags = "UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST,LOWER_UP"
	case one.Up && n.bridgeOf(one.Name) != nil:
		flags = "UP,BROADCAST,RUNNING,PROMISC,SIMPLEX,MULTICAST"
	case one.Up:
		flags = "UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST,LOWER_UP"
	}
	number := map[bool]string{true: "1008843", false: "8802"}[one.Up]
	if one.Kind == "tap" && one.Up {
		number = "8943"
	}
	l.printf("%s: flags=%s<%s> metric 0 mtu %d\n", one.Name, number, flags, one.MTU)
	l.printf("\toptions=%s\n", one.options())
	if one.Ether != "" {
		l.printf("\tether %s\n", one.Ether)
	}
	for _, text := range one.Addrs {
		if one.Kind == "tun" {
			addr, peer, _ := strings.Cut(text, " ")
			l.printf("\tinet %s --> %s netmask 0xffffffff\n", strings.TrimSuffix(addr, "/32"), peer)
			continue
		}
		addr, mask, broadcast := prefixWords(text)
		if one.Kind == "lo" {
			l.printf("\tinet %s netmask %s\n", addr, mask)
			continue
		}
		l.printf("\tinet %s netmask %s broadcast %s\n", addr, mask, broadcast)
	}
	if one.Kind == "bridge" {
		l.printf("\tid 00:00:00:00:00:00 priority 32768 hellotime 2 fwddelay 15\n\tmaxage 20 holdcnt 6 proto rstp maxaddr 2000 timeout 1200\n" +
			"\troot id 00:00:00:00:00:00 priority 32768 ifcost 0 port 0\n")
		for i, member := range one.Members {
			l.printf("\tmember: %s flags=143<LEARNING,DISCOVER,AUTOEDGE,AUTOPTP>\n\t        ifmaxaddr 0 port %d priority 128 path cost 2000000\n", member, i+4)
		}
	}
	if one.Kind != "ether" {
		l.printf("\tgroups: %s\n", one.Kind)
	}
	showMedia(l, one)
}

func showMedia(l *lab, one *iface) {
	switch one.Kind {
	case "tap":
		l.printf("\tmedia: Ethernet 1000baseT <full-duplex>\n")
		if one.Busy || tapBusy(l, one.Name) {
			l.printf("\tstatus: active\n")
			l.printf("\tnd6 options=29<PERFORMNUD,IFDISABLED,AUTO_LINKLOCAL>\n\tOpened by PID %d\n", tapOwner(l, one.Name))
			return
		}
		l.printf("\tstatus: no carrier\n\tnd6 options=29<PERFORMNUD,IFDISABLED,AUTO_LINKLOCAL>\n")
	case "ether":
		l.printf("\tmedia: Ethernet autoselect (10Gbase-T <full-duplex>)\n\tstatus: active\n\tnd6 options=29<PERFORMNUD,IFDISABLED,AUTO_LINKLOCAL>\n")
	case "bridge":
		l.printf("\tnd6 options=9<PERFORMNUD,IFDISABLED>\n")
	}
}

func (i *iface) options() string {
	switch i.Kind {
	case "tap", "tun":
		return "80000<LINKSTATE>"
	case "ether":
		var on []string
		for _, name := range []string{"rxcsum", "txcsum", "tso", "lro"} {
			if !slices.Contains(i.Off, name) {
				on = append(on, map[string]string{"rxcsum": "RXCSUM", "txcsum": "TXCSUM", "tso": "TSO4,TSO6", "lro": "LRO"}[name])
			}
		}
		return "ec07bb<" + strings.Join(append(on, "VLAN_MTU", "LINKSTATE"), ",") + ">"
	}
	return "0"
}
