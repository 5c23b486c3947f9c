package platforms

import "slices"

// The places of an engine.
const (
	Nested  = "nested"  // a VM in the FreeBSD guest, under bhyve
	Sibling = "sibling" // a VM of the same provider beside the FreeBSD guest
)

// Place says where the engine fits with a provider, and why: nested where
// bhyve can run in the guest or may, else beside the guest, where nothing has
// to nest.
func Place(f Facts, provider string) (placement, reason string) {
	if !siblings(provider) {
		return Nested, "the provider " + provider + " has no other place"
	}
	n := bhyveIn(f, provider)
	if n.verdict == Never {
		return Sibling, "bhyve cannot run in " + provider + ": " + n.reason
	}
	return Nested, n.reason
}

// siblings tells whether a provider makes VMs, of which one can be the engine.
func siblings(provider string) bool {
	switch provider {
	case "virtualbox", "vmware_desktop", "libvirt", "hyperv", "parallels", "qemu", "utm":
		return true
	}
	return false
}

// makesSibling tells whether `up` makes a sibling with a provider.
func makesSibling(provider string) bool { return provider == "libvirt" || provider == "qemu" }

// siblingHow says how to get a sibling with a provider.
func siblingHow(provider string) string {
	if makesSibling(provider) {
		return `: set placement = "sibling" in the engine block`
	}
	return ", and `fbdock up` cannot make one with " + provider + " yet"
}

// beside is the question that decides for an engine beside FreeBSD: does the
// provider run VMs at speed?
func (d *doctor) beside() {
	const name = "bhyve"
	why := "a VM runs at speed only with KVM"
	emulate := words(`set hypervisor = "qemu" in the engine block of fbdock.hcl: both VMs are emulated, which is some ten times slower`)
	onKVM := d.OS == "linux" && makesSibling(d.choice.Provider)
	switch {
	case d.want.Hypervisor == "qemu":
		d.warn(name, "not wanted: "+d.choice.Provider+" emulates both VMs, as engine.hypervisor says", "emulation is some ten times slower", Remedy{})
	case onKVM && !d.KVM.Present:
		d.fail(name, "not wanted, but "+d.choice.Provider+" has no KVM: /dev/kvm is missing", why, or(loadKVM(d.Facts), emulate))
	case onKVM && !d.KVM.Usable:
		d.fail(name, "not wanted, but "+d.choice.Provider+" has no KVM: this user may not open /dev/kvm", why, or(permitKVM(d.Facts), emulate))
	default:
		d.pass(name, "not wanted: the engine is a VM beside FreeBSD")
	}
}

// or is a remedy with another one that does as well.
func or(first, other Remedy) Remedy {
	first.Or = append(slices.Clone(first.Or), other.Text)
	return first
}

// placement says where the engine would be.
func (d *doctor) placement() {
	const name = "placement"
	if d.choice.Provider == "" {
		d.skip(name, "it depends on the provider")
		return
	}
	fits, reason := Place(d.Facts, d.choice.Provider)
	switch {
	case d.want.Placement == Sibling && makesSibling(d.choice.Provider):
		d.pass(name, "sibling: a VM of "+d.choice.Provider+" beside FreeBSD, without nested virtualization")
	case d.want.Placement == Sibling:
		d.fail(name, "sibling, as engine.placement says", "`fbdock up` makes an engine beside FreeBSD with libvirt and qemu, and not with "+d.choice.Provider+" yet",
			words(`set placement = "nested" in the engine block, or leave it out`))
	case d.want.Hypervisor == "qemu":
		d.pass(name, "nested: the engine runs under QEMU within FreeBSD, as engine.hypervisor says")
	case fits == Sibling:
		d.skip(name, "nested; a sibling engine would need no nesting"+siblingHow(d.choice.Provider))
	default:
		d.pass(name, "nested: "+reason)
	}
}
