package platforms

import "github.com/fbdock/fbdock/platforms/placement"

const (
	// vmwareBesideHyperV is the first VMware Workstation whose VMs run where
	// Hyper-V does, by Windows' own interface for that (learn.microsoft.com,
	// "Frequently asked questions about WSL"), and windowsForVMware the Windows
	// that it takes, which VMware's release notes call 20H1.
	vmwareBesideHyperV = "15.5.5"
	windowsForVMware   = "10.0.19041"
	// fusionOnApple is the first VMware Fusion for Apple silicon.
	fusionOnApple = "13"
)

// accelerated tells whether the VMs of a provider that makes siblings are known
// to run on the processor itself.
func accelerated(f Facts, provider string) bool {
	switch provider {
	case "libvirt", "qemu":
		return qemuAccelerated(f, provider)
	case "virtualbox":
		// With Hyper-V on Windows VirtualBox runs over that, many times slower
		// where it runs at all. On ARM nothing is known of FreeBSD in it.
		return bare(f) && f.Arch == "amd64" && !keepsFromVirtualBox(f)
	case "vmware_desktop":
		return vmwareAccelerated(f)
	case "hyperv":
		// It is the hypervisor of Windows itself. Its boxes are VMs of generation 1,
		// which are of x86; on ARM nothing is known of FreeBSD in it.
		return f.OS == "windows" && f.Arch == "amd64" && f.Windows.HyperV && f.Windows.VMMS
	case "utm":
		return f.OS == "darwin" && f.CPU.Hypervisor == ""
	}
	return false
}

// Beside tells whether an engine beside FreeBSD is made with a provider, and runs
// on the processor itself.
func Beside(f Facts, provider string) bool {
	return placement.MakesSibling(provider) && accelerated(f, provider)
}

// qemuAccelerated is for KVM and Apple's Hypervisor.framework, which UTM has QEMU
// use as well (System.Hypervisor of its configuration). vagrant-qemu
// finds the firmware of arm64 on macOS alone, and what Windows lets QEMU use is
// not among the facts.
func qemuAccelerated(f Facts, provider string) bool {
	switch f.OS {
	case "linux":
		return f.Arch == "amd64" && f.KVM.Present && f.KVM.Usable
	case "darwin":
		return provider == "qemu" && f.CPU.Hypervisor == ""
	}
	return false
}

// vmwareAccelerated is for VMware Workstation and Fusion. On Linux whose KVM
// has the processor's virtualization already, VMware is not known to get it.
func vmwareAccelerated(f Facts) bool {
	v := f.Programs["vmware"].Version
	switch {
	case f.OS == "darwin" && f.Arch == "arm64":
		return f.CPU.Hypervisor == "" && !older(v, fusionOnApple)
	case f.Arch != "amd64":
		return false
	case f.OS == "windows" && f.Windows.HyperV:
		return !older(f.OSVersion, windowsForVMware) && !older(v, vmwareBesideHyperV)
	}
	return bare(f) && !kvmKeepsProcessor(f)
}

// bare tells whether this host has its processor's virtualization for itself.
func bare(f Facts) bool {
	return (f.CPU.VMX || f.CPU.SVM) && f.CPU.Hypervisor == "" && !f.Windows.HyperV
}
