package platforms_test

import (
	"strings"
	"testing"

	"github.com/fbdock/fbdock/platforms"
)

// sibling is a place beside FreeBSD or the reason against one, on a host.
type sibling struct {
	facts             platforms.Facts
	provider          string
	placement, reason string
}

func (s sibling) test(t *testing.T) {
	t.Helper()
	placement, reason := platforms.Place(s.facts, s.provider)
	if placement != s.placement || !strings.Contains(reason, s.reason) {
		t.Errorf("Place(%s %s, %s) = %q, %q, want %q, %q", s.facts.OS, s.facts.Arch, s.provider, placement, reason, s.placement, s.reason)
	}
}

const notKnown = "not known to run on the processor itself"

func TestPlace(t *testing.T) {
	t.Parallel()
	kvm := platforms.Facts{OS: "linux", Arch: "amd64", CPU: platforms.CPU{Vendor: "AMD", SVM: true}, KVM: platforms.KVM{Present: true, Usable: true, Nested: true}}
	runner := kvm
	runner.KVM.Nested = false
	apple := platforms.Facts{OS: "darwin", Arch: "arm64", CPU: platforms.CPU{Apple: 2}}
	deep := kvm
	deep.CPU.Hypervisor = "Microsoft"
	locked := runner
	locked.KVM.Usable = false
	arm := platforms.Facts{OS: "linux", Arch: "arm64", KVM: platforms.KVM{Present: true, Usable: true}}
	vm := apple
	vm.CPU.Hypervisor = "Apple"
	windowsOnARM := windows(platforms.Windows{HyperV: true, VMMS: true})
	windowsOnARM.Arch = "arm64"
	for _, tt := range []sibling{
		{kvm, "libvirt", platforms.Nested, "KVM supports nesting"},
		{runner, "libvirt", platforms.Sibling, "bhyve cannot run in libvirt: KVM's nesting is off"},
		{deep, "libvirt", platforms.Sibling, "bhyve is not known to run in libvirt: KVM supports nesting, but this computer is itself"},
		{locked, "libvirt", platforms.Nested, notKnown},
		{arm, "libvirt", platforms.Nested, notKnown},
		{apple, "qemu", platforms.Sibling, "Apple M2"},
		{vm, "qemu", platforms.Nested, notKnown},
		{windows(platforms.Windows{HyperV: true}), "qemu", platforms.Nested, notKnown},
		{windows(platforms.Windows{HyperV: true}), "hyperv", platforms.Nested, "bhyve under Hyper-V has not been seen yet"}, // WSL2 alone
		{windows(platforms.Windows{HyperV: true, VMMS: true}), "hyperv", platforms.Sibling, "bhyve under Hyper-V has not been seen yet"},
		{windows(platforms.Windows{VMMS: true}), "hyperv", platforms.Nested, "has not been seen yet"}, // switched off at boot
		{windowsOnARM, "hyperv", platforms.Nested, notKnown},
		{apple, "parallels", platforms.Nested, "there is no box of Alpine for Parallels"},
		{apple, "utm", platforms.Sibling, "Apple M2"},
		{mac(0, "15.7"), "utm", platforms.Sibling, "UTM cannot nest FreeBSD"},
		{vm, "utm", platforms.Nested, notKnown},
		{apple, "docker", platforms.Nested, "only where the file says so"},
		{platforms.Facts{OS: "freebsd", Arch: "amd64"}, "native", platforms.Nested, "no other place"},
	} {
		tt.test(t)
	}
}

// VirtualBox and VMware make an engine beside FreeBSD where the processor's
// virtualization is theirs.
func TestPlaceOfVirtualBoxAndVMware(t *testing.T) {
	t.Parallel()
	const vmware, virtualBox = "vmware_desktop", "virtualbox"
	with := func(f platforms.Facts, programsOf ...string) platforms.Facts {
		f.Programs = programs(programsOf...)
		return f
	}
	hyperV := windows(platforms.Windows{HyperV: true})
	old := hyperV
	old.OSVersion = "10.0.18363"
	off := windows(platforms.Windows{})
	off.CPU.VMX = false
	free := linux(platforms.KVM{}, intel)
	kept := linux(platforms.KVM{Present: true, Module: "kvm_intel"}, intel)
	before := kept
	before.Kernel = "6.8.0-45-generic"
	deep := linux(platforms.KVM{}, platforms.CPU{Vendor: "Intel", VMX: true, Hypervisor: "KVM"})
	arm := free
	arm.Arch = "arm64"
	for _, tt := range []sibling{
		{windows(platforms.Windows{}), virtualBox, platforms.Sibling, "bhyve is not known to run in virtualbox"},
		{hyperV, virtualBox, platforms.Nested, notKnown},
		{off, virtualBox, platforms.Nested, "neither VT-x nor AMD-V"},
		{mac(0, "14.7"), virtualBox, platforms.Sibling, "not known to run in virtualbox"},
		{mac(2, "15.7"), virtualBox, platforms.Nested, notKnown},
		{free, virtualBox, platforms.Sibling, "not known to run in virtualbox"},
		{before, virtualBox, platforms.Sibling, "not known to run in virtualbox"},
		{kept, virtualBox, platforms.Nested, notKnown},
		{with(kept, "virtualbox=7.2.10"), virtualBox, platforms.Sibling, "not known to run in virtualbox"},
		{with(windows(platforms.Windows{}), "virtualbox=6.1.50"), virtualBox, platforms.Sibling, "VirtualBox 6.1.50 cannot nest bhyve"},
		{deep, virtualBox, platforms.Nested, "crashes are known"},

		{windows(platforms.Windows{}), vmware, platforms.Nested, "VMware supports nesting"},
		{hyperV, vmware, platforms.Sibling, "under Hyper-V"},
		{with(hyperV, "vmware=15.5.2"), vmware, platforms.Nested, notKnown},
		{old, vmware, platforms.Nested, notKnown},
		{mac(0, "15.7"), vmware, platforms.Sibling, "not known to run in vmware_desktop"},
		{mac(1, "15.7", "vmware=13.6.4"), vmware, platforms.Sibling, "Apple M1"},
		{mac(1, "15.7", "vmware=12.2"), vmware, platforms.Nested, notKnown},
		{free, vmware, platforms.Sibling, "not known to run in vmware_desktop"},
		{kept, vmware, platforms.Nested, "expected to nest"},
		{arm, vmware, platforms.Nested, notKnown},
	} {
		tt.test(t)
	}
}

// An engine beside FreeBSD that the file asks for and that is not made is one
// failure, with its reason and a fix.
func TestSiblingIsRefused(t *testing.T) {
	t.Parallel()
	for provider, why := range map[string]string{"parallels": "no published specification"} {
		d := platforms.Diagnose(platforms.Facts{OS: "darwin", Arch: "arm64", CPU: platforms.CPU{Apple: 2}},
			platforms.Wanted{Provider: provider, Placement: platforms.Sibling})
		for _, c := range d.Checks {
			switch {
			case c.Name == "bhyve" && c.Result != platforms.Pass:
				t.Errorf("check of bhyve = %+v, want Pass, as a sibling does not need it", c)
			case c.Name == "placement" && (c.Result != platforms.Fail || c.Fix.None() || !strings.Contains(c.Why, why)):
				t.Errorf("placement with %s: %+v, want a failure with a fix, because %q", provider, c, why)
			}
		}
	}
}

// VirtualBox starts no VM while Linux keeps the processor for KVM.
func TestSiblingBesideKVM(t *testing.T) {
	t.Parallel()
	f := linux(platforms.KVM{Present: true, Usable: true, Module: "kvm_intel"}, intel)
	d := platforms.Diagnose(f, platforms.Wanted{Provider: "virtualbox", Placement: platforms.Sibling})
	for _, c := range d.Checks {
		if c.Name == "bhyve" && (c.Result != platforms.Fail || !strings.Contains(c.Fix.String(), "modprobe -r kvm_intel")) {
			t.Errorf("check of bhyve with VirtualBox beside KVM = %+v, want Fail and the fix modprobe -r kvm_intel", c)
		}
	}
}

// Without KVM libvirt makes no VM of either system, unless the file asks for
// emulation.
func TestSiblingWantsKVM(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		kvm    platforms.KVM
		want   platforms.Wanted
		result platforms.Result
		seen   string
	}{
		"no KVM":         {platforms.KVM{}, platforms.Wanted{}, platforms.Fail, "/dev/kvm is missing"},
		"not this user":  {platforms.KVM{Present: true}, platforms.Wanted{}, platforms.Fail, "may not open /dev/kvm"},
		"KVM":            {platforms.KVM{Present: true, Usable: true}, platforms.Wanted{}, platforms.Pass, "a VM beside FreeBSD"},
		"emulated":       {platforms.KVM{}, platforms.Wanted{Hypervisor: "qemu"}, platforms.Warn, "libvirt emulates both VMs"},
		"emulated by it": {platforms.KVM{Present: true, Usable: true}, platforms.Wanted{Hypervisor: "qemu"}, platforms.Warn, "libvirt emulates both VMs"},
	} {
		tt.want.Provider, tt.want.Placement = "libvirt", platforms.Sibling
		d := platforms.Diagnose(platforms.Facts{OS: "linux", Arch: "amd64", CPU: platforms.CPU{Vendor: "AMD"}, KVM: tt.kvm}, tt.want)
		for _, c := range d.Checks {
			if c.Name == "bhyve" && (c.Result != tt.result || !strings.Contains(c.Seen, tt.seen) || (c.Result == platforms.Fail && !strings.Contains(c.Fix.String(), `hypervisor = "qemu"`))) {
				t.Errorf("Diagnose() with %s, check of bhyve = %+v, fix %q, want %v, %q and emulation as a workaround", name, c, c.Fix.String(), tt.result, tt.seen)
			}
		}
	}
}

// A /dev/kvm that opens and makes no VM is none: no engine is put anywhere by
// it, and the user is told the call, its errno and what helps.
func TestDeadKVM(t *testing.T) {
	t.Parallel()
	for errno, tt := range map[string]struct {
		problem, fix string
		cpu          platforms.CPU
	}{
		"ENODEV": {"open: no such device (ENODEV)", "`sudo modprobe kvm_intel`; or in a container: load it on the host", intel},
		"ENXIO":  {"open: no such device or address (ENXIO)", "switch virtualization (VT-x or SVM) on in the firmware's setup", platforms.CPU{Vendor: "AMD"}},
		"EBUSY":  {"KVM_CREATE_VM: device or resource busy (EBUSY)", "stop the virtual machines of VirtualBox or VMware", intel},
		"ENOTTY": {"KVM_GET_API_VERSION: inappropriate ioctl for device (ENOTTY)", "dmesg | grep -i kvm", intel},
	} {
		f := linux(platforms.KVM{Present: true, Problem: tt.problem, Errno: errno, Module: "kvm_intel", Nested: true}, tt.cpu)
		if platforms.Beside(f, "libvirt") {
			t.Errorf("Beside() with a KVM of %s = true, want false", errno)
		}
		for _, o := range platforms.Rank(f) {
			if o.Provider == "libvirt" && o.Nesting != platforms.Never {
				t.Errorf("Rank() with a KVM of %s: nested virtualization with libvirt = %v, want %v", errno, o.Nesting, platforms.Never)
			}
		}
		told := map[string]platforms.Check{}
		for _, c := range platforms.Diagnose(f, platforms.Wanted{Provider: "libvirt", Placement: platforms.Sibling}).Checks {
			told[c.Name] = c
		}
		if c := told["kvm"]; c.Result != platforms.Warn || c.Seen != "/dev/kvm does not work: "+tt.problem || !strings.Contains(c.Fix.String(), tt.fix) {
			t.Errorf("Diagnose() with %s, check of kvm = %+v, want a warning with %q and %q", errno, c, tt.problem, tt.fix)
		}
		if c := told["bhyve"]; c.Result != platforms.Fail || !strings.Contains(c.Seen, "libvirt has no KVM: /dev/kvm does not work: "+tt.problem) {
			t.Errorf("Diagnose() with %s, check of bhyve = %+v, want a failure with %q", errno, c, tt.problem)
		}
	}
}

// Before Vagrant 2.4 a box of a registry is refused, and one that fbdock makes or
// has as a file is not.
func TestOldVagrantTakesOwnBoxesAlone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		version string
		foreign bool
		result  platforms.Result
	}{
		{"2.3.7", true, platforms.Fail}, {"2.3.7", false, platforms.Pass}, {"2.4.0", true, platforms.Pass}, {"2.2.19", false, platforms.Fail},
	} {
		f := platforms.Facts{OS: "linux", Arch: "amd64", Vagrant: platforms.Program{Path: "/usr/bin/vagrant", Version: tt.version}}
		for _, c := range platforms.Diagnose(f, platforms.Wanted{Provider: "libvirt", ForeignBox: tt.foreign}).Checks {
			if c.Name == "vagrant" && (c.Result != tt.result || c.Result == platforms.Fail && c.Fix.None()) {
				t.Errorf("Diagnose() of Vagrant %s, box of others %v: %+v, want %v", tt.version, tt.foreign, c, tt.result)
			}
		}
	}
}
