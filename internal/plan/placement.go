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

// PrivateNetwork tells whether a provider makes a network between FreeBSD and
// an engine beside it.
func PrivateNetwork(provider string) bool { return provider != "hyperv" && provider != "utm" }

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

// OwnDisk tells whether docker's data is on a disk of its own; else it is in
// the root disk of an engine beside FreeBSD. Of the providers only libvirt
// keeps a second disk when Vagrant destroys the VM.
func (m Machine) OwnDisk() bool { return !m.Engine.Sibling() || m.Provider == "libvirt" }

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

// siblingShare is the type of a share with an engine beside FreeBSD: 9P is a
// device of bhyve's, and NFS needs a network.
func (b *builder) siblingShare(at, provider, named string) string {
	switch {
	case !PrivateNetwork(provider):
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
