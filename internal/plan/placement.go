package plan

import (
	"crypto/sha256"
	"fmt"
	"net/netip"
	"slices"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/platforms/placement"
)

// The places of an engine.
const (
	PlacementNested  = placement.Nested
	PlacementSibling = placement.Sibling
)

const (
	// siblingCPUs and siblingMemory are FreeBSD's where the engine is a VM of
	// its own: it has the ARC, sshd, NFS and the docker CLI to run, and the two
	// VMs fit a computer of 8 GiB.
	siblingCPUs   = 2
	siblingMemory = hcl.GiB
)

// Sibling tells whether the engine is a VM beside the FreeBSD guest.
func (e Engine) Sibling() bool { return e.Placement == PlacementSibling }

// EngineName is what Vagrant calls the engine of a machine that has it beside
// FreeBSD.
func (m Machine) EngineName() string { return m.Name + EngineSuffix }

// EngineSuffix ends the names of an engine beside FreeBSD.
const EngineSuffix = "-engine"

// CardMAC is the address of a VM's network card in the network between FreeBSD
// and the engine beside it, by which both find it. It is administered locally
// (IEEE 802, the second bit), and its last byte is that of the VM's IPv4 address.
// VMware takes no other addresses by hand than 00:50:56:00:00:00 to
// 00:50:56:3f:ff:ff, whose last byte ends as the IPv4 address does.
func (m Machine) CardMAC(engine bool) string {
	id, last := m.NetworkID(), byte(1)
	if engine {
		last = 2
	}
	if m.Provider == "vmware_desktop" {
		return fmt.Sprintf("00:50:56:%02x:%02x:%02x", id[0]&0x3f, id[1], id[2]&0xfc|last)
	}
	return fmt.Sprintf("02:%02x:%02x:%02x:%02x:%02x", id[0], id[1], id[2], id[3], last)
}

// NetworkID tells the network between FreeBSD and an engine beside it from
// those of other machines.
func (m Machine) NetworkID() [sha256.Size]byte { return sha256.Sum256([]byte("network " + m.Instance)) }

// ByAgent tells whether FreeBSD has no network to the engine beside it, and reaches
// it at its own loopback, by the connections of the agent.
func (e Engine) ByAgent() bool { return e.Sibling() && e.Address.IsLoopback() }

// sharedNetwork tells whether the network between FreeBSD and an engine beside
// it is one that other machines of the host are in as well.
func sharedNetwork(provider string) bool {
	return provider == "vmware_desktop" || provider == "parallels"
}

// defaultNetwork is 10.77.0.0/24, and where another machine may have its cards
// in the same network one of 10.77.1.0/24 to 10.77.254.0/24, so that it has
// other addresses.
func defaultNetwork(m Machine, e Engine) netip.Prefix {
	third := byte(0)
	if e.Sibling() && sharedNetwork(m.Provider) {
		third = 1 + m.NetworkID()[4]%254
	}
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 77, third, 0}), 24)
}

// Where an engine beside FreeBSD has docker's data: on a disk of its own, which
// outlives the VM, or in the root disk of the VM.
const (
	DataDisk = "disk"
	DataRoot = "root"
)

// keepsDisk tells whether a provider attaches a disk that Vagrant does not
// delete with the VM.
func keepsDisk(provider string) bool { return provider == "libvirt" || provider == "qemu" }

// data is where an engine has docker's data. What was decided when it was made
// holds: the data does not move by itself.
func (b *builder) data(m Machine, e Engine) string {
	if !e.Sibling() {
		return ""
	}
	if b.host.Data != nil {
		if made := b.host.Data(m.Name); made != "" {
			return made
		}
	}
	if keepsDisk(m.Provider) {
		return DataDisk
	}
	return DataRoot
}

// DataOf is where the engine of a recorded machine has docker's data. An fbdock
// that did not write it down attached a disk with libvirt alone.
func (m Machine) DataOf() string {
	switch {
	case !m.Engine.Sibling() || m.Engine.Data != "":
		return m.Engine.Data
	case m.Provider == "libvirt":
		return DataDisk
	}
	return DataRoot
}

// OwnDisk tells whether docker's data is on a disk of its own, which a nested
// engine always has.
func (m Machine) OwnDisk() bool { return m.DataOf() != DataRoot }

// placement decides where the engine is: as the file says, else where it was
// decided to be when the machine was made, else where it runs at the
// processor's speed.
func (b *builder) placement(m Machine) (place, reason string) {
	in := b.in.Engine
	switch {
	case in.Placement == PlacementSibling:
		b.checkSibling(m)
		return PlacementSibling, "as engine.placement says"
	case in.Placement == PlacementNested:
		return PlacementNested, "as engine.placement says"
	case in.Hypervisor == "bhyve":
		return PlacementNested, "as engine.hypervisor says"
	case m.OwnComputer():
		return PlacementNested, ""
	}
	if b.host.Placed != nil {
		if place, reason := b.host.Placed(m.Name); place != "" {
			return place, reason
		}
	}
	if in.Hypervisor == "qemu" {
		return PlacementNested, "as engine.hypervisor says"
	}
	if b.host.Place != nil && m.Provider != "" {
		return b.host.Place(m.Provider)
	}
	return PlacementNested, ""
}

// checkSibling refuses an engine beside FreeBSD that cannot be.
func (b *builder) checkSibling(m Machine) {
	if m.OwnComputer() {
		b.report(hcl.Error, "engine.placement", "leave placement out", "no place for the engine",
			fmt.Sprintf("A sibling is a VM, and the provider %s makes none.", m.Provider))
		return
	}
	b.beside(m.Provider)
}

// beside checks what runs an engine beside FreeBSD: the provider, or its
// emulation where the user asks for that.
func (b *builder) beside(provider string) {
	switch hypervisor := b.in.Engine.Hypervisor; {
	case hypervisor == "bhyve":
		b.report(hcl.Error, "engine.hypervisor", "leave hypervisor out", "two places for the engine",
			"bhyve runs the engine in FreeBSD, and a sibling is a VM beside it.")
	case hypervisor == "qemu" && !placement.Emulates(provider):
		b.report(hcl.Error, "engine.hypervisor", "leave hypervisor out", "no emulation with this provider",
			fmt.Sprintf("hypervisor = \"qemu\" has QEMU emulate both VMs, which libvirt and qemu can do, and %s cannot.", provider))
	}
}

// Emulated tells whether the provider emulates FreeBSD and the engine beside
// it: slow, and only where the user asks for it.
func (m Machine) Emulated() bool { return m.Engine.Sibling() && m.Engine.Hypervisor == "qemu" }

// besideEngine is FreeBSD's memory where the engine has its own.
func (b *builder) besideEngine() hcl.Size {
	switch {
	case b.in.Memory == 0:
		return siblingMemory
	case b.in.Memory < siblingMemory:
		b.report(hcl.Error, "memory", fmt.Sprintf("set memory to %s or more", siblingMemory), "too little memory",
			fmt.Sprintf("The machine has %s, and FreeBSD needs %s.", b.in.Memory, siblingMemory))
	}
	return b.in.Memory
}

// lacksNetwork tells whether a provider makes no network between the two VMs. One
// that is not chosen yet is not refused anything.
func lacksNetwork(provider string) bool { return provider != "" && !placement.Network(provider) }

// network gives the engine its network and addresses, or the loopback where
// FreeBSD has no network to it.
func network(b *builder, m Machine, e *Engine) {
	if e.Sibling() && lacksNetwork(m.Provider) {
		e.Network, e.Address = netip.Prefix{}, Loopback()
		withoutNetwork(b, m.Provider)
		return
	}
	if !e.Network.IsValid() {
		e.Network = defaultNetwork(m, *e)
	}
	e.Gateway = e.Network.Addr().Next()
	e.Address = e.Gateway.Next()
	b.overlap(e.Network, m.OwnComputer())
}

// withoutNetwork finds what an engine without a network to FreeBSD cannot have.
func withoutNetwork(b *builder, provider string) {
	in := b.in.Engine
	none := fmt.Sprintf("The provider %s makes no network between FreeBSD and an engine beside it.", provider)
	if in.Network.IsValid() {
		b.report(hcl.Warning, "engine.network", "leave network out", "network is not used", none)
	}
	if in.InsecureTCP {
		b.report(hcl.Error, "engine.insecure_tcp", `leave insecure_tcp out, or set placement = "nested" in the engine block`, "no plain port with this engine",
			none+" The agent leads FreeBSD to the port with TLS alone.")
	}
	if len(in.GuestPorts) > 0 {
		b.report(hcl.Error, "engine.guest_ports", `leave guest_ports out, or set placement = "nested" in the engine block`, "no ports of FreeBSD with this engine",
			none+" Its containers reach none of FreeBSD's ports.")
	}
}

// siblingShare is the type of a share with an engine beside FreeBSD: 9P is a
// device of bhyve's, and NFS needs a network.
func (b *builder) siblingShare(at, provider, named string) string {
	switch {
	case lacksNetwork(provider):
		b.report(hcl.Error, at, `remove the share, or set placement = "nested" in the engine block`, "no share with this engine",
			fmt.Sprintf("The provider %s makes no network between FreeBSD and an engine beside it.", provider))
	case named == "9p":
		b.report(hcl.Error, at, `leave type out, or set it to "nfs"`, "no 9P with this engine", "An engine beside FreeBSD has no device of FreeBSD's.")
	}
	return "nfs"
}

// siblingNames finds machines that are called as the engine of another one is
// in Vagrant.
func siblingNames(cfg hcl.Config, p Plan) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for i, m := range p.Machines {
		j := slices.IndexFunc(p.Machines, func(other Machine) bool { return other.Engine.Sibling() && other.EngineName() == m.Name })
		if j < 0 {
			continue
		}
		diags = append(diags, hcl.Diagnostic{
			Severity: hcl.Error, Summary: "two machines with one name", Hint: "give this machine another name", Range: cfg.Machines[i].At(""),
			Detail: fmt.Sprintf("The engine of the machine %s is called %s in Vagrant.", p.Machines[j].Name, m.Name),
		})
	}
	return diags
}
