package platforms

import (
	"fmt"
	"slices"
	"strings"
)

// programs checks the versions of the hypervisors that are installed,
// whichever is chosen: the ranking rests on them.
func (d *doctor) programs() {
	if d.choice.Provider == providerNative {
		return
	}
	for _, name := range []string{"libvirt", "qemu", "vmware", "vmware_utility", "virtualbox", "parallels", "utm"} {
		p := d.Programs[name]
		switch {
		case !p.Found():
		case p.Problem != "":
			d.warn(name, "found, but it gives no version: "+p.Problem, "what its version can and cannot do is not known", Remedy{})
		case name == "virtualbox":
			d.virtualBox(p.Version)
		default:
			d.pass(name, strings.TrimSpace("found "+p.Version+" "+p.Edition))
		}
	}
}

// virtualBox warns where a failure would have another name: whether it is
// the provider is judged elsewhere.
func (d *doctor) virtualBox(v string) {
	known, tooNew := tooNewVirtualBox(d.Facts)
	switch {
	case tooNew:
		d.warn("virtualbox", v, "Vagrant "+d.Vagrant.Version+" knows VirtualBox up to "+known+" and refuses newer ones", matchVirtualBox(d.Facts, known))
	case older(v, virtualBoxFloor):
		d.warn("virtualbox", v, "nested paging for guests began with "+virtualBoxFloor, words("update VirtualBox to 7.2.4 or newer"))
	case keepsFromVirtualBox(d.Facts):
		d.warn("virtualbox", v, "Linux "+d.Kernel+" gives the processor's virtualization to KVM at once, and VirtualBox before "+virtualBoxSharesKVM+
			" ends with VERR_VMX_IN_VMX_ROOT_MODE or VERR_SVM_IN_USE", unloadKVM(d.Facts))
	case vtnetFreezes(v):
		d.warn("virtualbox", v, "FreeBSD freezes in this version when a virtio network card comes up (VirtualBox/virtualbox#563); fbdock takes an Intel card, a Vagrantfile of your own may not",
			words("update VirtualBox, 7.2.4 is known to be good"))
	default:
		d.pass("virtualbox", strings.TrimSpace("found "+v))
	}
}

// provider says which one it is to be.
func (d *doctor) provider() {
	const why = "the provider runs the FreeBSD guest"
	c := d.choice
	switch {
	case d.laboratory():
		d.pass("provider", "docker, fbdock's test bench")
	case c.Provider == "" && len(d.ranking) == 0:
		d.skip("provider", "none is known for this system")
	case c.Provider == "":
		best := d.ranking[0]
		d.fail("provider", "none is installed in full; the best, "+best.Provider+", lacks "+best.Missing, why, best.Install)
	case !c.Usable && c.Missing == "":
		d.fail("provider", c.Reason, why, words(`set provider = "auto"`))
	case !c.Usable:
		d.fail("provider", c.Provider+" is named in fbdock.hcl and lacks "+c.Missing, why, c.Install)
	default:
		d.better()
	}
	if c.Provider == "qemu" {
		d.warn("ssh port", "vagrant-qemu opens the guest's SSH port on all addresses of this computer",
			"until Vagrant has replaced its well-known key, in the first minutes, whoever reaches the port can log in",
			words("block the port in the host's firewall during the first `fbdock up`"))
	}
}

// better passes the choice, unless another provider that is not here in full
// would do more. The check of bhyve says how to repair the choice.
func (d *doctor) better() {
	seen := d.choice.Provider + " is the best of what is installed"
	if d.choice.Provider == providerNative {
		seen = "native: this computer's own FreeBSD, without Vagrant"
	}
	if d.named && d.choice.Provider != providerNative {
		seen = d.choice.Provider + ", as named"
	}
	for _, o := range d.ranking {
		if o.speed() > d.choice.speed() && d.choice.speed() < 2 && d.placed != Sibling && d.choice.Fix.None() {
			fix := o.Install
			if o.Usable {
				fix = words(fmt.Sprintf("set provider = %q", o.Provider))
			}
			why := o.Reason
			if o.Placement == Sibling {
				why = "its engine runs beside FreeBSD, where nothing has to nest"
			}
			d.warn("provider", seen, o.Provider+" would do more: "+why, fix)
			return
		}
	}
	d.pass("provider", seen)
}

// bhyve is the question that decides: can the engine run at speed?
func (d *doctor) bhyve() {
	c := d.choice
	switch {
	case d.laboratory():
		d.skip("bhyve", "the test bench has a stand-in for it")
	case c.Provider == "":
		d.skip("bhyve", "it depends on the provider")
	case d.placed == Sibling:
		d.beside()
	case c.Nesting == Works:
		d.pass("bhyve", "can run: "+c.Reason)
	case d.want.Hypervisor == "qemu":
		d.pass("bhyve", "not wanted: the engine runs under QEMU within FreeBSD, which works everywhere and is slow")
	case c.Nesting == Maybe && c.Provider == providerNative:
		d.warn("bhyve", "may run: "+c.Reason, "the engine is a virtual machine; `fbdock up` finds out and says so", Remedy{})
	case c.Nesting == Maybe:
		d.warn("bhyve", "may run: "+c.Reason, "the engine is a virtual machine in a virtual machine; `fbdock up` finds out and says so", Remedy{})
	case c.Provider == providerNative:
		d.fail("bhyve", "cannot run here: "+c.Reason, "the engine is a virtual machine, and runs at speed only under bhyve", d.remains())
	default:
		d.fail("bhyve", "cannot run in "+c.Provider+": "+c.Reason, "the engine is a virtual machine in the FreeBSD guest, and runs at speed only where the provider supports nesting", d.remains())
	}
}

// hostLine is how fbdock.hcl names a FreeBSD computer of the user's own.
const hostLine = `host = "ssh://me@freebsd.example" in the machine block`

// remains is what still works where bhyve cannot run. Where nothing makes
// this provider nest, the best of the others is the fix.
func (d *doctor) remains() Remedy {
	var ways []string
	for _, o := range d.ranking {
		if o.Provider == d.choice.Provider || o.speed() == 0 {
			continue
		}
		way := fmt.Sprintf("use the provider %s (bhyve: %s)", o.Provider, o.Nesting)
		if o.Placement == Sibling {
			way = fmt.Sprintf("use the provider %s (the engine beside FreeBSD)", o.Provider)
		}
		if o.Missing != "" {
			way += ", which lacks " + o.Missing
		}
		ways = append(ways, way)
		break
	}
	ways = append(ways,
		`set hypervisor = "qemu" in the engine block of fbdock.hcl: the engine is emulated, which is some ten times slower`,
		"run fbdock on a host that supports nesting",
		"use a FreeBSD computer of yours in the place of the VM: "+hostLine)
	fix := d.choice.Fix
	if fix.None() {
		fix.Text, ways = ways[0], ways[1:]
	}
	fix.Or = append(slices.Clone(fix.Or), ways...)
	return fix
}
