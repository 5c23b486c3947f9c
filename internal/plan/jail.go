package plan

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	version "github.com/hashicorp/go-version"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/failure"
)

// Jail is one FreeBSD jail of the guest.
type Jail struct {
	Name    string `json:"name"`
	Release string `json:"release,omitempty"` // "" is the guest's own
	// Hostname is its name inside.
	Hostname string `json:"hostname"`
	// Address is that of a network stack of its own; the zero value for a jail
	// that has the guest's network.
	Address    netip.Addr  `json:"address,omitzero"`
	Packages   []string    `json:"packages,omitempty"`
	Forward    []string    `json:"forward,omitempty"` // HOST:JAIL, both TCP
	Mounts     []JailMount `json:"mounts,omitempty"`
	Memory     hcl.Size    `json:"memory,omitempty"`
	CPUs       int         `json:"cpus,omitempty"`
	Boot       bool        `json:"boot"`
	Allow      []string    `json:"allow,omitempty"`
	Provisions []Provision `json:"provisions,omitempty"`
}

// JailMount is a folder of the guest, in one of the machine's mounts, that a
// jail sees at Target.
type JailMount struct {
	Source   string `json:"source"`
	Target   string `json:"target"`
	ReadOnly bool   `json:"read_only,omitempty"`
	// Mount is the target of the machine's mount, which has to be there first;
	// "" for a copy.
	Mount string `json:"mount,omitempty"`
}

// The network of jails and its interface in FreeBSD.
const (
	JailBridge    = "bridge1"
	ownJailBridge = "bridge79"
	// firstJail is the first host number of the addresses that are given, so
	// that those below are the user's to choose.
	firstJail = 10
)

func defaultJailNetwork() netip.Prefix { return netip.MustParsePrefix("10.79.0.0/24") }

// Jailnet is where jails of the machine have their addresses, those that are
// made by hand as well.
func (m Machine) Jailnet() netip.Prefix { return cmp.Or(m.JailNetwork, defaultJailNetwork()) }

// JailGateway is the address of FreeBSD in the network of its jails.
func (m Machine) JailGateway() netip.Addr { return m.Jailnet().Addr().Next() }

// JailInterface is FreeBSD's bridge to its jails.
func (m Machine) JailInterface() string {
	if m.OwnComputer() {
		return ownJailBridge
	}
	return JailBridge
}

// Jail finds a jail of the machine.
func (m Machine) Jail(name string) (Jail, bool) {
	for _, j := range m.Jails {
		if j.Name == name {
			return j, true
		}
	}
	return Jail{}, false
}

func (b *builder) jails(m *Machine) {
	if len(b.in.Jails) == 0 && !b.in.JailNetwork.IsValid() {
		return
	}
	m.JailNetwork = cmp.Or(b.in.JailNetwork, defaultJailNetwork())
	b.jailNetwork(*m)
	taken := map[netip.Addr]string{m.JailGateway(): "FreeBSD"}
	ports := map[string]string{}
	for i, in := range b.in.Jails {
		at := fmt.Sprintf("jail.%d", i)
		j := Jail{
			Name: in.Name, Release: in.Release, Hostname: cmp.Or(in.Hostname, in.Name), Address: in.Address, Packages: in.Packages,
			Forward: in.Forward, Memory: in.Memory, CPUs: in.CPUs, Boot: in.Boot, Allow: in.Allow,
		}
		b.jailRelease(at, m.Box.Release, j)
		b.jailAddress(at, *m, j, taken)
		b.jailPorts(at, j, ports)
		b.jailMemory(at, *m, j)
		for k, mount := range in.Mounts {
			j.Mounts = append(j.Mounts, b.jailMount(fmt.Sprintf("%s.mount.%d", at, k), m.Mounts, mount))
		}
		for k, p := range in.Provisions {
			one := Provision{Name: p.Name, On: "jail", Inline: p.Inline}
			if p.Script != "" {
				one.Script = b.file(fmt.Sprintf("%s.provision.%d.script", at, k), p.Script)
			}
			j.Provisions = append(j.Provisions, one)
		}
		m.Jails = append(m.Jails, j)
	}
	b.giveAddresses(m, taken)
}

// jailNetwork refuses a network that is too small or that is somebody else's.
func (b *builder) jailNetwork(m Machine) {
	const hint = `choose another network, such as jail_network = "10.80.0.0/24"`
	if m.JailNetwork.Bits() > 28 {
		b.report(hcl.Error, "jail_network", hint, "network is too small", fmt.Sprintf("%s has no room for jails.", m.JailNetwork))
		return
	}
	taken := map[netip.Prefix]string{m.Engine.Network: "engine.network", netip.MustParsePrefix("127.0.0.0/8"): "loopback"}
	if m.Podman {
		taken[netip.MustParsePrefix("10.88.0.0/16")] = "podman's first network"
	}
	for network, owner := range taken {
		if m.JailNetwork.Overlaps(network) {
			b.report(hcl.Error, "jail_network", hint, "network is taken", fmt.Sprintf("%s overlaps %s, %s.", m.JailNetwork, network, owner))
		}
	}
}

// jailRelease refuses one that is newer than the box's; of a box that is not
// known the guest says so.
func (b *builder) jailRelease(at, guest string, j Jail) {
	if j.Release != "" && guest != "" && newerRelease(j.Release, guest) {
		b.report(hcl.Error, at+".release", fmt.Sprintf("set release to %q or an older one, or leave it out", guest), "release is newer than the guest's",
			fmt.Sprintf("jail %s wants FreeBSD %s, and the kernel is that of the guest, %s.", j.Name, j.Release, guest))
	}
}

func newerRelease(a, b string) bool {
	x, err := version.NewVersion(a)
	if err != nil {
		return false
	}
	y, err := version.NewVersion(b)
	return err == nil && x.Core().GreaterThan(y.Core())
}

func (b *builder) jailAddress(at string, m Machine, j Jail, taken map[netip.Addr]string) {
	if !j.Address.IsValid() {
		return
	}
	problem := func(detail string) {
		b.report(hcl.Error, at+".address", fmt.Sprintf("take a free one of %s, or leave address out", m.JailNetwork), "address cannot be used", detail)
	}
	owner, used := taken[j.Address]
	switch {
	case !m.JailNetwork.Contains(j.Address):
		problem(fmt.Sprintf("%s of jail %s is outside of jail_network, %s.", j.Address, j.Name, m.JailNetwork))
	case j.Address == m.JailNetwork.Addr() || !m.JailNetwork.Contains(j.Address.Next()):
		problem(fmt.Sprintf("%s of jail %s is the first or the last address of %s.", j.Address, j.Name, m.JailNetwork))
	case used:
		problem(fmt.Sprintf("%s of jail %s is that of %s.", j.Address, j.Name, owner))
	}
	taken[j.Address] = "jail " + j.Name
}

// giveAddresses gives each jail with a network of its own that has no address
// one that comes from its name, and the next free one where another jail has
// that. So no jail takes the address of one whose block is gone: it is still
// there.
func (b *builder) giveAddresses(m *Machine, taken map[netip.Addr]string) {
	for i := range m.Jails {
		j := &m.Jails[i]
		if b.in.Jails[i].Network == "inherit" || j.Address.IsValid() {
			continue
		}
		j.Address = addressOf(j.Name, m.JailNetwork, taken)
		if !j.Address.IsValid() {
			b.report(hcl.Error, fmt.Sprintf("jail.%d", i), "set a larger jail_network", "no address is left", fmt.Sprintf("jail %s finds none in %s.", j.Name, m.JailNetwork))
			return
		}
		taken[j.Address] = "jail " + j.Name
	}
}

// addressOf is an address of the network for a name, the zero one when all are
// taken. Names lead to the first half, as jails by hand have the last addresses,
// and to its first 4096, as far as epair(4) numbers of addresses differ.
func addressOf(name string, network netip.Prefix, taken map[netip.Addr]string) netip.Addr {
	span := 1<<(32-network.Bits()) - 1 - firstJail
	sum := fnv.New32a()
	_, _ = io.WriteString(sum, name)
	of := int(sum.Sum32() % uint32(min(max(span/2, 1), 4096)))
	first := network.Masked().Addr().As4()
	for i := range max(span, 0) {
		number := firstJail + (of+i)%span
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], binary.BigEndian.Uint32(first[:])+uint32(number))
		if address := netip.AddrFrom4(a); taken[address] == "" {
			return address
		}
	}
	return netip.Addr{}
}

func (b *builder) jailPorts(at string, j Jail, used map[string]string) {
	for i, f := range j.Forward {
		host, _, _ := strings.Cut(f, ":")
		if other := used[host]; other != "" {
			b.report(hcl.Error, fmt.Sprintf("%s.forward", at), "choose another port of the host", "port is forwarded twice",
				fmt.Sprintf("port %s of the host is to lead to jail %s (forward %d) and to jail %s.", host, j.Name, i+1, other))
		}
		used[host] = j.Name
	}
}

// jailMemory refuses a limit that no jail starts with, and one above what
// there is.
func (b *builder) jailMemory(at string, m Machine, j Jail) {
	switch {
	case j.Memory == 0:
	case j.Memory < 32*hcl.MiB:
		b.report(hcl.Error, at+".memory", `set memory to "32MiB" or more`, "memory is too little", fmt.Sprintf("jail %s does not start with %s.", j.Name, j.Memory))
	case m.Memory > 0 && j.Memory > m.Memory:
		b.report(hcl.Error, at+".memory", "set a lower limit, or more memory of the machine", "memory is more than the guest's",
			fmt.Sprintf("jail %s may use %s, and the guest has %s.", j.Name, j.Memory, m.Memory))
	}
}

// jailMount finds the machine's mount that has the folder.
func (b *builder) jailMount(at string, mounts []Mount, in hcl.JailMount) JailMount {
	source := b.abs(in.Source)
	for _, m := range mounts {
		rest, err := filepath.Rel(m.Source, source)
		if err != nil || rest == ".." || strings.HasPrefix(rest, ".."+string(filepath.Separator)) {
			continue
		}
		j := JailMount{Source: m.Target, ReadOnly: in.ReadOnly || m.ReadOnly}
		if rest != "." {
			j.Source = strings.TrimSuffix(m.Target, "/") + "/" + filepath.ToSlash(rest)
		}
		j.Target = cmp.Or(in.Target, j.Source)
		if !m.Copied() {
			j.Mount = m.Target
		}
		if strings.ContainsFunc(j.Source+j.Target, func(r rune) bool {
			return r <= ' ' || r > '~' || strings.ContainsRune(`"'\#$;{}`, r)
		}) {
			b.report(hcl.Error, at, `give the machine's mount a target such as "/src", and the jail's one too`, "folder cannot be mounted in a jail",
				fmt.Sprintf("%q has characters that fstab(5) does not take.", j.Source))
		}
		return j
	}
	b.report(hcl.Error, at, fmt.Sprintf("add `mount %q {}` to the machine", in.Source), "folder is in none of the machine's mounts",
		fmt.Sprintf("A jail sees folders of the host that the guest has, and %s is not one.", source))
	return JailMount{}
}

// JailByHand resolves a jail of m that no configuration has. taken are the
// addresses of those that are there; dir is what relative folders are in.
func JailByHand(m Machine, in hcl.Jail, dir string, taken []netip.Addr) (Jail, error) {
	if err := in.Check(); err != nil {
		return Jail{}, err
	}
	if in.Network != "inherit" && !in.Address.IsValid() {
		var err error
		if in.Address, err = m.freeJailAddress(taken); err != nil {
			return Jail{}, err
		}
	}
	if in.Address.IsValid() && m.jailAddressTaken(in.Address, taken) {
		return Jail{}, &failure.Error{
			Err: fmt.Errorf("address %s of jail %s is that of another jail", in.Address, in.Name), Next: "leave it out, or take a free one: `fbdock jail list`",
		}
	}
	b := builder{in: hcl.Machine{Name: m.Name, Jails: []hcl.Jail{in}, JailNetwork: m.Jailnet()}, dir: dir}
	one := m
	one.Jails = nil
	b.jails(&one)
	if len(b.diags) > 0 {
		d := b.diags[0]
		return Jail{}, &failure.Error{Err: fmt.Errorf("%s: %s", d.Summary, d.Detail), Next: d.Hint}
	}
	return one.Jails[0], nil
}

// freeJailAddress is the last free one: the configuration's jails have the first.
func (m Machine) freeJailAddress(taken []netip.Addr) (netip.Addr, error) {
	network := m.Jailnet()
	last := network.Addr()
	for network.Contains(last.Next()) {
		last = last.Next()
	}
	for a := last.Prev(); a.Compare(m.JailGateway()) > 0; a = a.Prev() {
		if !m.jailAddressTaken(a, taken) {
			return a, nil
		}
	}
	return netip.Addr{}, &failure.Error{Err: fmt.Errorf("no address is left in %s", network), Next: "destroy a jail, or set a larger jail_network"}
}

func (m Machine) jailAddressTaken(a netip.Addr, taken []netip.Addr) bool {
	return slices.Contains(taken, a) || slices.ContainsFunc(m.Jails, func(j Jail) bool { return j.Address == a })
}
