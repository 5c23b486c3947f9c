package platforms

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/bits"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// networks are those of this host's cards and, as VPNs are routes and not
// addresses, those of its routes. Where only a program tells the routes they
// are left out unless programs may be asked.
func (s Sources) networks(ctx context.Context, f *Facts) {
	networks, err := s.Networks()
	if err != nil {
		f.Unread = append(f.Unread, fmt.Sprintf("networks: %v", err))
	}
	routes, err := s.routes(ctx)
	if err != nil {
		f.Unread = append(f.Unread, fmt.Sprintf("routes: %v", err))
	}
	networks = slices.DeleteFunc(append(networks, routes...), func(p netip.Prefix) bool {
		a := p.Addr()
		// VPNs that take everything add halves and quarters of it.
		return p.Bits() < 8 || a.IsLinkLocalUnicast() || a.IsLoopback() || a.IsMulticast() || p.Bits() == 32
	})
	slices.SortFunc(networks, netip.Prefix.Compare)
	f.Networks = slices.Compact(networks)
}

func (s Sources) routes(ctx context.Context) ([]netip.Prefix, error) {
	switch {
	case s.OS == "linux":
		table, err := s.ReadFile("/proc/net/route")
		if err != nil {
			return nil, nil // IPv4 may be off
		}
		return linuxRoutes(string(table)), nil
	case s.Run == nil:
		return nil, nil
	case s.OS == "darwin":
		table, err := s.Run(ctx, "/usr/sbin/netstat", "-rn", "-f", "inet")
		return macRoutes(table), err
	case s.OS == "windows":
		table, err := s.Run(ctx, `C:\Windows\System32\ROUTE.EXE`, "print", "-4")
		return windowsRoutes(table), err
	}
	return nil, nil
}

// linuxRoutes reads /proc/net/route.
func linuxRoutes(table string) []netip.Prefix {
	var networks []netip.Prefix
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 8 {
			continue
		}
		destination, err1 := strconv.ParseUint(fields[1], 16, 32)
		mask, err2 := strconv.ParseUint(fields[7], 16, 32)
		if err1 != nil || err2 != nil {
			continue
		}
		var a [4]byte
		binary.LittleEndian.PutUint32(a[:], uint32(destination))
		networks = append(networks, netip.PrefixFrom(netip.AddrFrom4(a), bits.OnesCount32(uint32(mask))).Masked())
	}
	return networks
}

// macRoutes reads the first column of netstat(1): 10.8/16, 192.168.1, and
// whole addresses for hosts, which do not matter here.
func macRoutes(table string) []netip.Prefix {
	var networks []netip.Prefix
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 4 {
			continue
		}
		address, length, cut := strings.Cut(fields[0], "/")
		octets := strings.Count(address, ".") + 1
		if octets > 3 && !cut {
			continue
		}
		if !cut {
			length = strconv.Itoa(8 * octets)
		}
		p, err := netip.ParsePrefix(address + strings.Repeat(".0", max(0, 4-octets)) + "/" + length)
		if err == nil {
			networks = append(networks, p.Masked())
		}
	}
	return networks
}

// windowsRoutes reads destination and mask, whatever language surrounds them.
// Routes to single hosts do not matter here.
func windowsRoutes(table string) []netip.Prefix {
	var networks []netip.Prefix
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 4 {
			continue
		}
		address, err1 := netip.ParseAddr(fields[0])
		mask, err2 := netip.ParseAddr(fields[1])
		if err1 != nil || err2 != nil || !address.Is4() || !mask.Is4() {
			continue
		}
		m := mask.As4()
		if length := bits.OnesCount32(binary.BigEndian.Uint32(m[:])); length < 32 {
			networks = append(networks, netip.PrefixFrom(address, length).Masked())
		}
	}
	return networks
}
