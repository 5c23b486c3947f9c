package platforms

import (
	"fmt"

	version "github.com/hashicorp/go-version"
)

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
	fix     string // "" when nothing can be done
}

func no(reason, fix string) nesting { return nesting{Never, reason, fix} }

// bhyveIn judges by what the facts say; see "can bhyve run inside" in the
// table of providers. Whether the provider is installed does not matter.
func bhyveIn(f Facts, provider string) nesting {
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
		return no("QEMU's accelerators on this system do not pass virtualization on to its guests", "")
	case "vmware_desktop":
		return vmware(f)
	case "virtualbox":
		return virtualBox(f)
	case "hyperv":
		return hyperV(f)
	case "parallels":
		return parallels(f)
	case "utm":
		return no("UTM cannot nest FreeBSD", "")
	}
	return no("fbdock knows nothing of this provider", "")
}

func bhyveOnARM(f Facts, provider string) nesting {
	if f.OS != "darwin" {
		return no("no hypervisor is known to nest a FreeBSD guest on ARM here", "")
	}
	switch {
	case f.CPU.Apple > 0 && f.CPU.Apple < 3:
		return no(fmt.Sprintf("an Apple M%d gives its guests no virtualization; that began with the M3", f.CPU.Apple), "")
	case provider != "qemu":
		return no("of the hypervisors on Apple silicon only QEMU 11.1 can nest a FreeBSD guest", "")
	case older(f.OSVersion, "26"):
		return no("nesting under QEMU wants macOS 26; older ones stop with HV_BAD_ARGUMENT", "update macOS to 26 or newer")
	case older(f.Programs["qemu"].Version, "11.1"):
		return no("nesting on Apple silicon wants QEMU 11.1 or newer", "brew upgrade qemu")
	}
	return nesting{Maybe, "bhyve in FreeBSD under QEMU on an M3 or later has not been seen yet", ""}
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
			"switch nested virtualization on where this machine is run"), true
	}
	if f.CPU.Vendor == "" {
		return nesting{}, false // not known, so not refused
	}
	return no("the processor shows neither VT-x nor AMD-V", "switch virtualization (VT-x, SVM) on in the firmware's setup"), true
}

func kvm(f Facts) nesting {
	module := f.KVM.Module
	if module == "" {
		module = "kvm_intel"
		if f.CPU.SVM {
			module = "kvm_amd"
		}
	}
	switch {
	case f.OS != "linux":
		return no("KVM is Linux only", "")
	case !f.KVM.Present:
		return no("/dev/kvm is missing", "sudo modprobe "+module)
	case !f.KVM.Usable:
		return no("this user may not open /dev/kvm", "sudo usermod -aG kvm $USER, then log in again")
	case !f.KVM.Nested:
		return no("KVM's nesting is off ("+module+")",
			"echo 'options "+module+" nested=1' | sudo tee /etc/modprobe.d/fbdock-kvm.conf; sudo modprobe -r "+module+"; sudo modprobe "+module)
	}
	return nesting{Works, "KVM nests on this computer", ""}
}

const hyperVOff = "switch it off and restart: bcdedit /set hypervisorlaunchtype off, and Memory integrity off in Windows Security; WSL2 stops working with it"

func vmware(f Facts) nesting {
	switch {
	case f.OS == "windows" && f.Windows.HyperV:
		return no("Windows runs under Hyper-V (WSL2, VBS or Memory integrity), where VMware cannot nest", hyperVOff)
	case f.OS == "windows":
		return nesting{Works, "VMware nests on this computer", ""}
	case f.OS == "darwin", f.OS == "linux":
		return nesting{Maybe, "VMware is expected to nest here as it does on Windows", ""}
	}
	return no("VMware does not run here", "")
}

func virtualBox(f Facts) nesting {
	v := f.Programs["virtualbox"].Version
	switch {
	case f.OS == "windows" && f.Windows.HyperV:
		return no("Windows runs under Hyper-V (WSL2, VBS or Memory integrity), where VirtualBox cannot nest", hyperVOff)
	case v != "" && older(v, "7.0"):
		return no("VirtualBox "+v+" cannot nest bhyve; that began with 7.0", "update VirtualBox to 7.2.4 or newer")
	case f.OS == "linux" && f.KVM.Module != "" && !older(f.Kernel, "6.12") && v != "" && older(v, "7.2.10"):
		return no("Linux "+f.Kernel+" keeps the processor's virtualization for KVM, and VirtualBox "+v+" cannot share it",
			"sudo modprobe -r "+f.KVM.Module+", or boot with kvm.enable_virt_at_load=0, or use libvirt")
	}
	return nesting{Maybe, "VirtualBox nests with one CPU for the engine at best, and crashes are known", ""}
}

func hyperV(f Facts) nesting {
	amd := f.CPU.Vendor == "AMD"
	switch {
	case f.OS != "windows":
		return no("Hyper-V is Windows only", "")
	case amd && !f.Windows.Server && older(f.OSVersion, "10.0.22000"), amd && f.Windows.Server && older(f.OSVersion, "10.0.20348"):
		return no("Hyper-V nests on AMD from Windows 11 and Server 2022 on", "update Windows")
	case amd:
		return nesting{Maybe, "FreeBSD 15 has been seen to panic under Hyper-V on AMD with several CPUs", ""}
	}
	return nesting{Maybe, "bhyve under Hyper-V has not been seen yet", ""}
}

func parallels(f Facts) nesting {
	switch f.Programs["parallels"].Edition {
	case "standard", "trial", "as":
		return no("nesting wants Parallels Desktop Pro or Business", "")
	}
	return nesting{Maybe, "Parallels can nest on Intel Macs; FreeBSD in it has not been seen yet", ""}
}

// older compares versions; one that is not known is not older.
func older(have, than string) bool {
	v, err := version.NewVersion(leadingNumber(have))
	if err != nil {
		return false
	}
	return v.LessThan(version.Must(version.NewVersion(than)))
}

// leadingNumber cuts what distributions add: 6.12.0-arm64, 7.2.4r170995.
func leadingNumber(s string) string {
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && s[i] != '.' {
			return s[:i]
		}
	}
	return s
}
