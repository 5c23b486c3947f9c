package platforms_test

import (
	"strings"
	"testing"

	"github.com/fbdock/fbdock/platforms"
)

func TestPlace(t *testing.T) {
	t.Parallel()
	kvm := platforms.Facts{OS: "linux", Arch: "amd64", CPU: platforms.CPU{Vendor: "AMD", SVM: true}, KVM: platforms.KVM{Present: true, Usable: true, Nested: true}}
	runner := kvm
	runner.KVM.Nested = false
	mac := platforms.Facts{OS: "darwin", Arch: "arm64", CPU: platforms.CPU{Apple: 2}}
	hyperV := platforms.Facts{OS: "windows", Arch: "amd64", Windows: platforms.Windows{HyperV: true}}
	deep := kvm
	deep.CPU.Hypervisor = "Microsoft"
	locked := runner
	locked.KVM.Usable = false
	arm := platforms.Facts{OS: "linux", Arch: "arm64", KVM: platforms.KVM{Present: true, Usable: true}}
	vm := mac
	vm.CPU.Hypervisor = "Apple"
	for _, tt := range []struct {
		facts             platforms.Facts
		provider          string
		placement, reason string
	}{
		{kvm, "libvirt", platforms.Nested, "KVM supports nesting"},
		{runner, "libvirt", platforms.Sibling, "bhyve cannot run in libvirt: KVM's nesting is off"},
		{deep, "libvirt", platforms.Sibling, "bhyve is not known to run in libvirt: KVM supports nesting, but this computer is itself"},
		{locked, "libvirt", platforms.Nested, "not known to run on the processor itself"},
		{arm, "libvirt", platforms.Nested, "not known to run on the processor itself"},
		{mac, "qemu", platforms.Sibling, "Apple M2"},
		{vm, "qemu", platforms.Nested, "not known to run on the processor itself"},
		{mac, "vmware_desktop", platforms.Nested, "Apple M2 gives its guests no virtualization; that began with the M3; `fbdock up` makes no engine beside FreeBSD with vmware_desktop yet"},
		{hyperV, "virtualbox", platforms.Nested, "`fbdock up` makes no engine beside FreeBSD"},
		{hyperV, "qemu", platforms.Nested, "not known to run on the processor itself"},
		{hyperV, "hyperv", platforms.Nested, "bhyve under Hyper-V has not been seen yet"},
		{mac, "docker", platforms.Nested, "no other place"},
		{platforms.Facts{OS: "freebsd", Arch: "amd64"}, "native", platforms.Nested, "no other place"},
	} {
		placement, reason := platforms.Place(tt.facts, tt.provider)
		if placement != tt.placement || !strings.Contains(reason, tt.reason) {
			t.Errorf("Place(%s, %s) = %q, %q, want %q, %q", tt.facts.OS, tt.provider, placement, reason, tt.placement, tt.reason)
		}
	}
}

// An engine beside FreeBSD that the file asks for is one failure, with a fix.
func TestSiblingIsRefused(t *testing.T) {
	t.Parallel()
	d := platforms.Diagnose(platforms.Facts{OS: "darwin", Arch: "arm64", CPU: platforms.CPU{Apple: 2}},
		platforms.Wanted{Provider: "vmware_desktop", Placement: platforms.Sibling})
	for _, c := range d.Checks {
		switch {
		case c.Name == "bhyve" && c.Result != platforms.Pass:
			t.Errorf("check of bhyve = %+v, want Pass, as a sibling does not need it", c)
		case c.Name == "placement" && (c.Result != platforms.Fail || c.Fix.None()):
			t.Errorf("placement: %+v, want a failure with a fix", c)
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
