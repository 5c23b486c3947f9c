package platforms

import (
	"slices"

	"github.com/fbdock/fbdock/platforms/placement"
)

// The places of an engine.
const (
	Nested  = placement.Nested
	Sibling = placement.Sibling
)

// Place says where `placement = "auto"` puts the engine with a provider, and
// why: nested where bhyve is known to run in the guest, else beside the guest
// where the provider makes such an engine and runs it at the processor's speed.
// Where neither holds it is nested, which the verdict on bhyve then refuses or
// lets try: nothing here is emulated unless the user says so.
func Place(f Facts, provider string) (place, reason string) {
	switch {
	case siblings(provider):
	case placement.MakesSibling(provider):
		return Nested, "the provider " + provider + " makes it beside FreeBSD only where the file says so"
	default:
		return Nested, "the provider " + provider + " has no other place"
	}
	n := bhyveIn(f, provider)
	switch {
	case n.verdict == Works:
		return Nested, n.reason
	case placement.MakesSibling(provider) && accelerated(f, provider):
		if n.verdict == Never {
			return Sibling, "bhyve cannot run in " + provider + ": " + n.reason
		}
		return Sibling, "bhyve is not known to run in " + provider + ": " + n.reason
	case n.verdict == Never:
		return Nested, "bhyve cannot run in " + provider + ": " + n.reason + "; " + noSibling(provider)
	}
	return Nested, n.reason
}

// noSibling says why no engine beside FreeBSD takes the place of one within.
func noSibling(provider string) string {
	if placement.MakesSibling(provider) {
		return "beside FreeBSD it is not known to run on the processor itself here"
	}
	return placement.NoSibling(provider)
}

// siblings tells whether a provider makes VMs, of which one can be the engine.
func siblings(provider string) bool {
	switch provider {
	case "virtualbox", "vmware_desktop", "libvirt", "hyperv", "parallels", "qemu", "utm":
		return true
	}
	return false
}

// beside is the question that decides for an engine beside FreeBSD: does the
// provider run VMs at speed?
func (d *doctor) beside() {
	const name = "bhyve"
	why := "a VM runs at speed only with KVM"
	emulate := words(`set hypervisor = "qemu" in the engine block of fbdock.hcl: both VMs are emulated, which is some ten times slower`)
	reason, fix := kvmRefuses(d.Facts)
	onKVM := d.OS == "linux" && placement.Emulates(d.choice.Provider)
	switch {
	case d.want.Hypervisor == "qemu":
		d.warn(name, "not wanted: "+d.choice.Provider+" emulates both VMs, as engine.hypervisor says", "emulation is some ten times slower", Remedy{})
	case onKVM && reason != "":
		d.fail(name, "not wanted, but "+d.choice.Provider+" has no KVM: "+reason, why, or(fix, emulate))
	case d.choice.Provider == "virtualbox" && keepsFromVirtualBox(d.Facts):
		d.fail(name, "not wanted, but VirtualBox gets no VM started: Linux "+d.Kernel+" keeps the processor's virtualization for KVM",
			"the engine is a VM of VirtualBox", unloadKVM(d.Facts))
	default:
		d.pass(name, "not wanted: the engine is a VM beside FreeBSD")
	}
}

// or is a remedy with another one that does as well.
func or(first, other Remedy) Remedy {
	first.Or = append(slices.Clone(first.Or), other.Text)
	return first
}

// speed ranks what a machine of a provider comes to: 3 where the engine is
// known to run in FreeBSD at the processor's speed, 2 where it does beside
// FreeBSD, 1 where it may run in FreeBSD, 0 where it does not.
func (o Option) speed() int {
	switch {
	case o.Nesting == Works:
		return 3
	case o.Placement == Sibling:
		return 2
	case o.Nesting == Maybe:
		return 1
	}
	return 0
}

// engine says in a word where `fbdock up` puts the engine.
func (o Option) engine() string {
	if o.speed() == 0 {
		return "refused"
	}
	return o.Placement
}

// settlePlace decides where the engine is: as the configuration or the record
// of the machine says, or by the facts.
func (d *doctor) settlePlace() {
	switch {
	case d.choice.Provider == "":
	case d.want.Placement == Sibling || d.want.Placement == Nested:
		d.placed, d.placedWhy = d.want.Placement, d.want.PlacementReason
	case d.want.Hypervisor == "qemu" || d.want.Hypervisor == "bhyve":
		d.placed, d.placedWhy = Nested, "as engine.hypervisor says"
	default:
		d.placed, d.placedWhy = Place(d.Facts, d.choice.Provider)
	}
}

// speed is that of the engine where it is to be; see Diagnosis.Outcome.
func (d *doctor) speed() string {
	switch {
	case d.choice.Provider == "" || d.choice.Provider == providerSSH || d.laboratory():
		return ""
	case d.want.Hypervisor == "qemu":
		return Emulated
	case d.placed == Sibling && accelerated(d.Facts, d.choice.Provider), d.placed == Nested && d.choice.Nesting == Works:
		return FullSpeed
	}
	return Attempt
}

// placement says where the engine is.
func (d *doctor) placement() {
	const name = "placement"
	provider := d.choice.Provider
	seen := d.placed
	if d.placedWhy != "" {
		seen += ": " + d.placedWhy
	}
	switch {
	case provider == "":
		d.skip(name, "it depends on the provider")
	case d.placed == Sibling && !placement.MakesSibling(provider):
		d.fail(name, seen, placement.NoSibling(provider),
			words(`set placement = "nested" in the engine block, or leave it out`))
	case d.placed == Sibling && (d.want.Hypervisor == "qemu" || d.laboratory()):
		d.pass(name, seen)
	case d.placed == Sibling && !accelerated(d.Facts, provider):
		d.warn(name, seen, "the VMs of "+provider+" are not known to run on the processor itself here", Remedy{})
	case d.placed == Sibling:
		d.pass(name, seen+"; nothing has to nest")
	case d.want.Hypervisor == "qemu":
		d.pass(name, "nested: the engine runs under QEMU within FreeBSD, as engine.hypervisor says")
	case d.choice.Nesting == Never && siblings(provider):
		d.skip(name, seen)
	default:
		d.pass(name, seen)
	}
}
