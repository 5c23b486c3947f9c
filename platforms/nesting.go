package platforms

import "fmt"

// Verdict says whether bhyve can run in a guest of a provider.
type Verdict int

// The verdicts, the worst first.
const (
	Never Verdict = iota // cannot work
	Maybe                // reported to work, or to crash, or not seen yet
	Works                // reported to work
)

func (v Verdict) String() string {
	return [...]string{"no", "perhaps", "yes"}[v]
}

// MarshalText writes the verdict as a word.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// nesting is a verdict with its grounds.
type nesting struct {
	verdict Verdict
	reason  string
	fix     Remedy // none when nothing can be done
}

func no(reason string, fix Remedy) nesting { return nesting{Never, reason, fix} }

func perhaps(reason string) nesting { return nesting{verdict: Maybe, reason: reason} }

// bhyveIn judges by what the facts say; see "can bhyve run inside" in the
// table of providers. Whether the provider is installed does not matter.
func bhyveIn(f Facts, provider string) nesting {
	if provider == providerNative {
		return bhyveHere(f)
	}
	if f.Arch != "amd64" {
		return bhyveOnARM(f, provider)
	}
	if n, decided := processorRefuses(f); decided {
		return n
	}
	switch provider {
	case "libvirt":
		return kvm(f)
	case "qemu":
		if f.OS == "linux" {
			return kvm(f)
		}
		return no("QEMU's accelerators on this system do not pass virtualization on to its guests", Remedy{})
	case "vmware_desktop":
		return vmware(f)
	case "virtualbox":
		return virtualBox(f)
	case "hyperv":
		return hyperV(f)
	case "parallels":
		return parallels(f)
	case "utm":
		return no("UTM cannot nest FreeBSD", Remedy{})
	}
	return no("fbdock knows nothing of this provider", Remedy{})
}

func bhyveOnARM(f Facts, provider string) nesting {
	if f.OS != "darwin" {
		return no("no hypervisor is known to nest a FreeBSD guest on ARM here", Remedy{})
	}
	switch {
	case f.CPU.Apple > 0 && f.CPU.Apple < 3:
		return no(fmt.Sprintf("an Apple M%d gives its guests no virtualization; that began with the M3", f.CPU.Apple), Remedy{})
	case provider != "qemu":
		return no("of the hypervisors on Apple silicon only QEMU 11.1 can nest a FreeBSD guest", Remedy{})
	case older(f.OSVersion, macOSNesting):
		return no("nesting under QEMU wants macOS 26; older ones stop with HV_BAD_ARGUMENT", words("update macOS to 26 or newer"))
	case older(f.Programs["qemu"].Version, qemuNestingOnApple):
		return no("nesting on Apple silicon wants QEMU 11.1 or newer", commands("brew upgrade qemu"))
	}
	return perhaps("bhyve in FreeBSD under QEMU on an M3 or later has not been seen yet")
}

// processorRefuses settles what holds for all providers of this computer.
func processorRefuses(f Facts) (nesting, bool) {
	if f.CPU.VMX || f.CPU.SVM {
		return nesting{}, false
	}
	// Under Hyper-V Windows is not shown the features itself.
	if f.OS == "windows" && f.Windows.HyperV {
		return nesting{}, false
	}
	if f.CPU.Hypervisor != "" {
		return no("this computer is itself a virtual machine, and its hypervisor ("+f.CPU.Hypervisor+") does not nest",
			words("switch nested virtualization on where this machine is run")), true
	}
	if f.CPU.Vendor == "" {
		return nesting{}, false // not known, so not refused
	}
	return no("the processor shows neither VT-x nor AMD-V", words("switch virtualization (VT-x or SVM) on in the firmware's setup")), true
}

func kvm(f Facts) nesting {
	if f.OS != "linux" {
		return no("KVM is Linux only", Remedy{})
	}
	if reason, fix := kvmRefuses(f); reason != "" {
		return no(reason, fix)
	}
	switch {
	case !f.KVM.Nested:
		return no("KVM's nesting is off ("+kvmModule(f)+")", nestKVM(f))
	case f.CPU.Hypervisor != "":
		return perhaps("KVM supports nesting, but this computer is itself a virtual machine (" + f.CPU.Hypervisor + "): bhyve so deep has not been seen yet")
	}
	return nesting{verdict: Works, reason: "KVM supports nesting on this computer"}
}

// kvmRefuses says why QEMU gets no VM of this Linux's KVM, and what to do; the
// reason is "" where it gets one.
func kvmRefuses(f Facts) (reason string, fix Remedy) {
	switch {
	case !f.KVM.Present:
		return "/dev/kvm is missing", loadKVM(f)
	case f.KVM.Problem != "":
		return "/dev/kvm does not work: " + f.KVM.Problem, repairKVM(f)
	case !f.KVM.Usable:
		return "this user may not open /dev/kvm", permitKVM(f)
	}
	return "", Remedy{}
}

func vmware(f Facts) nesting {
	switch {
	case f.OS == "windows" && f.Windows.HyperV:
		return no("Windows runs under Hyper-V (WSL2, VBS or Memory integrity), where VMware cannot nest", hyperVOff(f))
	case f.OS == "windows":
		return nesting{verdict: Works, reason: "VMware supports nesting on this computer"}
	case f.OS == "darwin", f.OS == "linux":
		return perhaps("VMware is expected to nest here as it does on Windows")
	}
	return no("VMware does not run here", Remedy{})
}

func virtualBox(f Facts) nesting {
	v := f.Programs["virtualbox"].Version
	switch {
	case f.OS == "windows" && f.Windows.HyperV:
		return no("Windows runs under Hyper-V (WSL2, VBS or Memory integrity), where VirtualBox cannot nest", hyperVOff(f))
	case older(v, virtualBoxFloor):
		return no("VirtualBox "+v+" cannot nest bhyve; that began with "+virtualBoxFloor, words("update VirtualBox to 7.2.4 or newer"))
	case keepsFromVirtualBox(f):
		return no("Linux "+f.Kernel+" keeps the processor's virtualization for KVM, and VirtualBox "+v+" cannot share it", unloadKVM(f))
	}
	return perhaps("VirtualBox supports nesting with one CPU for the engine at best, and crashes are known")
}

func hyperV(f Facts) nesting {
	amd := f.CPU.Vendor == "AMD"
	switch {
	case f.OS != "windows":
		return no("Hyper-V is Windows only", Remedy{})
	case amd && !f.Windows.Server && older(f.OSVersion, "10.0.22000"), amd && f.Windows.Server && older(f.OSVersion, "10.0.20348"):
		return no("Hyper-V supports nesting on AMD from Windows 11 and Server 2022 on", words("update Windows to 11 or Server 2022"))
	case amd:
		return perhaps("FreeBSD 15 has been seen to panic under Hyper-V on AMD with several CPUs")
	}
	return perhaps("bhyve under Hyper-V has not been seen yet")
}

func parallels(f Facts) nesting {
	switch f.Programs["parallels"].Edition {
	case "standard", "trial", "as":
		return no("nesting wants Parallels Desktop Pro or Business", Remedy{})
	}
	return perhaps("Parallels can nest on Intel Macs; FreeBSD in it has not been seen yet")
}

// keepsFromVirtualBox tells whether this Linux holds the processor's
// virtualization for KVM and this VirtualBox cannot take it over.
func keepsFromVirtualBox(f Facts) bool {
	return kvmKeepsProcessor(f) && older(f.Programs["virtualbox"].Version, virtualBoxSharesKVM)
}

// kvmKeepsProcessor tells whether this Linux has the processor's virtualization
// in its KVM's hands as long as that is loaded.
func kvmKeepsProcessor(f Facts) bool {
	return f.OS == "linux" && f.KVM.Module != "" && f.Kernel != "" && !older(f.Kernel, kernelKeepsVT)
}
