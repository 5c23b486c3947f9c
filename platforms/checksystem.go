package platforms

import (
	"fmt"
	"strings"
)

// system checks what only one of the systems has.
func (d *doctor) system() {
	switch {
	case d.OS == "linux":
		d.wsl()
		d.linuxKVM()
	case d.OS == "windows":
		d.windowsHypervisor()
	case d.OS == "darwin" && d.CPU.Apple > 0:
		d.apple()
	}
}

func (d *doctor) wsl() {
	if !d.WSL {
		return
	}
	why := "a Vagrant of Windows and an fbdock of Linux name files differently, and keys end with rights that ssh refuses"
	fix := Remedy{Text: "in a terminal of Windows, not of WSL, with fbdock for Windows", Commands: []string{"fbdock doctor"}}
	if strings.HasSuffix(d.Vagrant.Path, ".exe") || strings.HasPrefix(d.Vagrant.Path, "/mnt/") {
		d.fail("wsl", "fbdock runs in WSL and the Vagrant found is that of Windows", why, fix)
		return
	}
	d.warn("wsl", "fbdock runs in WSL", "WSL is a virtual machine: what is started here runs one level deeper, and hypervisors of Windows cannot be used", fix)
}

// linuxKVM says what there is; whether it is enough depends on the provider
// and is said there.
func (d *doctor) linuxKVM() {
	refused, outer := processorRefuses(d.Facts)
	switch k := d.KVM; {
	case !k.Present:
		d.skip("kvm", "there is no /dev/kvm")
	case k.Problem != "":
		d.warn("kvm", "/dev/kvm does not work: "+k.Problem, "without it libvirt and QEMU emulate, which is some fifty times slower", repairKVM(d.Facts))
	case !k.Usable:
		d.warn("kvm", "/dev/kvm is there, but not for this user", "without it libvirt and QEMU emulate, which is some fifty times slower", permitKVM(d.Facts))
	case !k.Nested && d.placed == Sibling:
		d.pass("kvm", "usable; nesting is off, and an engine beside FreeBSD does not need it")
	case !k.Nested && outer:
		d.warn("kvm", "usable, but it has nothing to pass on: "+refused.reason, "the FreeBSD guest gets no virtualization to run bhyve with", refused.fix)
	case !k.Nested:
		d.warn("kvm", "usable, nesting is off", "the FreeBSD guest gets no virtualization to run bhyve with", nestKVM(d.Facts))
	default:
		d.pass("kvm", "usable, nesting is on ("+kvmModule(d.Facts)+")")
	}
}

func (d *doctor) windowsHypervisor() {
	w := d.Windows
	if !w.HyperV {
		d.pass("hyper-v", "Windows runs on the bare processor")
		return
	}
	var users []string
	for _, u := range []struct {
		on   bool
		name string
	}{{w.WSL2, "WSL2"}, {w.VBS, "VBS"}, {w.MemoryIntegrity, "Memory integrity"}, {w.VMMS, "Hyper-V itself"}} {
		if u.on {
			users = append(users, u.name)
		}
	}
	seen := "Windows runs under Hyper-V"
	if len(users) > 0 {
		seen += "; it is used by " + strings.Join(users, ", ")
	}
	aim := d.choice
	if aim.Provider == "" && len(d.ranking) > 0 {
		aim = d.ranking[0]
	}
	if aim.Provider == "hyperv" {
		d.pass("hyper-v", seen)
		return
	}
	d.warn("hyper-v", seen, "VirtualBox and VMware then share the processor with it: they are slow, and neither supports nesting", hyperVOff(d.Facts))
}

func (d *doctor) apple() {
	seen := fmt.Sprintf("Apple M%d, macOS %s", d.CPU.Apple, d.OSVersion)
	switch {
	case d.placed == Sibling:
		d.pass("apple silicon", seen+"; an engine beside FreeBSD needs no virtualization in FreeBSD")
	case d.CPU.Apple < 3:
		d.warn("apple silicon", seen, "chips before the M3 give guests no virtualization of their own: bhyve cannot run on this Mac", Remedy{})
	case older(d.OSVersion, macOSNesting):
		d.warn("apple silicon", seen, "the chip can nest; macOS lets QEMU use that from version 26 on", words("update macOS to 26 or newer"))
	default:
		d.pass("apple silicon", seen+": both can nest")
	}
}
