package platforms_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/platforms"
)

func programs(names ...string) map[string]platforms.Program {
	m := map[string]platforms.Program{}
	for _, n := range names {
		name, v, _ := strings.Cut(n, "=")
		m[name] = platforms.Program{Path: "/x/" + name, Version: v}
	}
	return m
}

func plugins(names ...string) map[string]string {
	m := map[string]string{}
	for _, n := range names {
		m[n] = "1"
	}
	return m
}

var intel = platforms.CPU{Vendor: "Intel", VMX: true, Count: 8}

func linux(kvm platforms.KVM, cpu platforms.CPU) platforms.Facts {
	return platforms.Facts{
		OS: "linux", Arch: "amd64", Kernel: "6.12.5", CPU: cpu, KVM: kvm,
		Programs: programs("libvirt", "qemu=9.2.0", "virtualbox=7.2.4"), Plugins: plugins("vagrant-libvirt"),
	}
}

func windows(w platforms.Windows) platforms.Facts {
	cpu := intel
	if w.HyperV {
		cpu = platforms.CPU{Vendor: "Intel", Hypervisor: "Microsoft"}
	}
	return platforms.Facts{
		OS: "windows", OSVersion: "10.0.22631", Arch: "amd64", CPU: cpu, Windows: w,
		Programs: programs("vmware", "vmware_utility", "virtualbox=7.2.4"), Plugins: plugins("vagrant-vmware-desktop"),
	}
}

func mac(chip int, version string, names ...string) platforms.Facts {
	f := platforms.Facts{
		OS: "darwin", OSVersion: version, Arch: "arm64", CPU: platforms.CPU{Vendor: "Apple", Apple: chip}, Programs: programs(names...),
		Plugins: plugins("vagrant-qemu", "vagrant_utm", "vagrant-parallels", "vagrant-vmware-desktop"),
	}
	if chip == 0 {
		f.Arch, f.CPU = "amd64", intel
	}
	return f
}

// The rows of the table "can bhyve run inside the FreeBSD guest?".
func TestChoice(t *testing.T) {
	t.Parallel()
	nested := platforms.KVM{Present: true, Usable: true, Module: "kvm_intel", Nested: true}
	off := nested
	off.Nested = false
	locked := nested
	locked.Usable = false
	tests := []struct {
		name    string
		facts   platforms.Facts
		want    string
		nesting platforms.Verdict
		reason  string
	}{
		{"linux that supports nesting", linux(nested, intel), "libvirt", platforms.Works, "KVM supports nesting"},
		{"linux, nesting off", linux(off, intel), "libvirt", platforms.Never, "nesting is off"},
		{"linux, no permission", linux(locked, intel), "libvirt", platforms.Never, "may not open /dev/kvm"},
		{"linux without kvm", linux(platforms.KVM{}, intel), "virtualbox", platforms.Maybe, "one CPU"},
		{"linux in a VM", linux(platforms.KVM{}, platforms.CPU{Vendor: "AMD", Hypervisor: "KVM"}), "libvirt", platforms.Never, "itself a virtual machine"},
		{"linux, firmware off", linux(platforms.KVM{}, platforms.CPU{Vendor: "AMD"}), "libvirt", platforms.Never, "neither VT-x"},
		{"windows, Hyper-V off", windows(platforms.Windows{}), "vmware_desktop", platforms.Works, "supports nesting"},
		{"windows, WSL2 on", windows(platforms.Windows{HyperV: true}), "vmware_desktop", platforms.Never, "under Hyper-V"},
		{"windows, Hyper-V as admin", windows(platforms.Windows{HyperV: true, VMMS: true, Admin: true}), "vmware_desktop", platforms.Never, "under Hyper-V"},
		{"intel mac", mac(0, "15.7", "vmware", "vmware_utility", "virtualbox=7.1.0"), "vmware_desktop", platforms.Maybe, "expected"},
		{"intel mac with utm", mac(0, "15.7", "utm"), "utm", platforms.Never, "UTM"},
		{"intel mac with qemu", mac(0, "15.7", "qemu=11.1.0"), "qemu", platforms.Never, "accelerators"},
		{"M1", mac(1, "26.1", "qemu=11.1.0", "utm"), "qemu", platforms.Never, "M1"},
		{"M3 of today", mac(3, "26.1", "qemu=11.1.0", "parallels"), "qemu", platforms.Maybe, "not been seen"},
		{"M4 with an old macOS", mac(4, "15.7", "qemu=11.1.0"), "qemu", platforms.Never, "macOS 26"},
		{"M4 with an old QEMU", mac(4, "26.0", "qemu=10.0.0"), "qemu", platforms.Never, "QEMU 11.1"},
		{"M4 with Parallels", mac(4, "26.0", "parallels"), "parallels", platforms.Never, "only QEMU"},
	}
	for _, tt := range tests {
		got, err := platforms.Choose(tt.facts)
		if err != nil || got.Provider != tt.want || got.Nesting != tt.nesting || !strings.Contains(got.Why(), tt.reason) {
			t.Errorf("Choose() on %s = %+v, %v, want %s, nesting %s, because %q", tt.name, got, err, tt.want, tt.nesting, tt.reason)
		}
		want := map[string]string{platforms.Sibling: "beside FreeBSD"}[got.Placement]
		if got.Nesting == platforms.Never && want == "" {
			want = "refuses it: an emulated engine is slow"
		}
		if !strings.Contains(got.Why(), want) {
			t.Errorf("Choose() on %s: Why() = %s, want %q in it", tt.name, got.Why(), want)
		}
	}
}

func TestKnownBad(t *testing.T) {
	t.Parallel()
	find := func(f platforms.Facts, provider string) platforms.Option {
		for _, o := range platforms.Rank(f) {
			if o.Provider == provider {
				return o
			}
		}
		return platforms.Option{}
	}
	f := linux(platforms.KVM{Present: true, Usable: true, Nested: true, Module: "kvm_amd"}, platforms.CPU{Vendor: "AMD", SVM: true})
	if o := find(f, "virtualbox"); o.Nesting != platforms.Never || !strings.Contains(o.Fix.String(), "modprobe -r kvm_amd") {
		t.Errorf("virtualbox beside KVM on Linux 6.12 = %+v, want Never and the fix modprobe -r kvm_amd", o)
	}
	f.Programs["virtualbox"] = platforms.Program{Path: "x", Version: "7.2.10r1"}
	if o := find(f, "virtualbox"); o.Nesting != platforms.Maybe {
		t.Errorf("virtualbox 7.2.10 beside KVM = %+v, want Maybe", o)
	}
	f.Programs["virtualbox"] = platforms.Program{Path: "x", Version: "6.1.50"}
	if o := find(f, "virtualbox"); o.Nesting != platforms.Never || !strings.Contains(o.Reason, "7.0") {
		t.Errorf("virtualbox 6.1 = %+v, want Never and a reason that names 7.0", o)
	}
	w := windows(platforms.Windows{HyperV: true, VMMS: true, Admin: true})
	w.CPU.Vendor, w.OSVersion = "AMD", "10.0.19045"
	if o := find(w, "hyperv"); o.Nesting != platforms.Never || !strings.Contains(o.Fix.String(), "update Windows") {
		t.Errorf("hyperv on AMD and Windows 10 = %+v, want Never and the fix to update Windows", o)
	}
	w.OSVersion = "10.0.26100"
	if o := find(w, "hyperv"); o.Nesting != platforms.Maybe || !strings.Contains(o.Reason, "panic") {
		t.Errorf("hyperv on AMD and Windows 11 = %+v, want Maybe and a reason that names the panic", o)
	}
	m := mac(0, "14.0", "parallels")
	m.Programs["parallels"] = platforms.Program{Path: "x", Edition: "standard"}
	if o := find(m, "parallels"); o.Nesting != platforms.Never {
		t.Errorf("parallels, edition standard = %+v, want Never", o)
	}
	m.Programs["parallels"] = platforms.Program{Path: "x", Edition: "pro"}
	if o := find(m, "parallels"); o.Nesting != platforms.Maybe {
		t.Errorf("parallels, edition pro = %+v, want Maybe", o)
	}
}

// TestFreeBSD: a host that runs FreeBSD itself needs no provider.
func TestFreeBSD(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		cpu  platforms.CPU
		want platforms.Verdict
	}{
		{intel, platforms.Works},
		{platforms.CPU{}, platforms.Maybe},
		{platforms.CPU{Vendor: "Intel"}, platforms.Never},
		{platforms.CPU{Vendor: "AMD", Hypervisor: "KVM"}, platforms.Never},
		{platforms.CPU{Vendor: "AMD", SVM: true, Hypervisor: "KVM"}, platforms.Maybe},
	} {
		got, err := platforms.Choose(platforms.Facts{OS: "freebsd", Arch: "amd64", CPU: tt.cpu})
		if err != nil || got.Provider != "native" || got.Nesting != tt.want {
			t.Errorf("Choose() on FreeBSD with CPU %+v = %+v, %v, want native, nesting %v", tt.cpu, got, err, tt.want)
		}
	}
	d := platforms.Diagnose(platforms.Facts{OS: "freebsd", Arch: "amd64", CPU: platforms.CPU{Vendor: "Intel"}}, platforms.Wanted{})
	if d.Result != platforms.Fail || !strings.Contains(d.Text(), `or: use a FreeBSD computer of yours in the place of the VM: host = "ssh://`) {
		t.Errorf("Diagnose() without VT-x = %v, want Fail and an external host offered:\n%s", d.Result, d.Text())
	}
}

// TestOfOthers: native is FreeBSD's alone, and a computer elsewhere asks
// nothing of this one.
func TestOfOthers(t *testing.T) {
	t.Parallel()
	f := platforms.Facts{OS: "linux", Arch: "amd64"}
	if d := platforms.Diagnose(f, platforms.Wanted{Provider: "native"}); d.Result != platforms.Fail || !strings.Contains(d.Text(), "the provider native wants FreeBSD") {
		t.Errorf("Diagnose() of native on Linux = %v, want Fail and that native wants FreeBSD:\n%s", d.Result, d.Text())
	}
	f.OS = "openbsd"
	if d := platforms.Diagnose(f, platforms.Wanted{Provider: "ssh"}); d.Result != platforms.Pass {
		t.Errorf("Diagnose() of ssh from OpenBSD = %v, want Pass:\n%s", d.Result, d.Text())
	}
}

func TestNothingInstalled(t *testing.T) {
	t.Parallel()
	for _, f := range []platforms.Facts{
		{OS: "linux", Arch: "amd64", CPU: intel}, {OS: "windows", Arch: "amd64"}, {OS: "darwin", Arch: "arm64", CPU: platforms.CPU{Apple: 2}},
		{OS: "openbsd", Arch: "amd64"}, {OS: "linux", Arch: "arm64"},
	} {
		_, err := platforms.Choose(f)
		none, ok := errors.AsType[*platforms.NoProviderError](err)
		if !ok || none.Hint() == "" {
			t.Errorf("Choose() with nothing installed on %s/%s: error = %v, want a NoProviderError with a hint", f.OS, f.Arch, err)
		}
		for _, o := range platforms.Rank(f) {
			if o.Provider == "docker" || o.Reason == "" || (o.Missing != "") == o.Install.None() {
				t.Errorf("Rank() on %s/%s has %+v, want a reason, and an installation where something is missing", f.OS, f.Arch, o)
			}
		}
	}
}
