package plan_test

import (
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/plan"
)

type catalogue struct{}

type unknown struct{ name string }

func (u unknown) Error() string { return "no such thing: " + u.name }
func (u unknown) Hint() string  { return "try another" }

func (catalogue) Box(provider, architecture, name string) (plan.Box, error) {
	if name == "nobox" {
		return plan.Box{}, unknown{name}
	}
	if name == "" {
		name = "bento/freebsd-15"
	}
	return plan.Box{Name: name, Version: "> 1", Architecture: architecture, BootTimeout: 900}, nil
}

func (catalogue) Image(name, architecture string) (plan.Image, error) {
	if name == "alpine-9" {
		return plan.Image{}, unknown{name}
	}
	return plan.Image{Name: name, Architecture: architecture}, nil
}

func host() plan.Host {
	return plan.Host{
		Architecture: "amd64", CPUs: 8, Provider: "libvirt", ProviderReason: "KVM supports nesting here",
		Routes:    []netip.Prefix{netip.MustParsePrefix("192.168.1.0/24"), netip.MustParsePrefix("10.91.0.0/16")},
		GuestPath: func(p string) (string, error) { return filepath.ToSlash(p), nil },
		IsDir:     func(p string) bool { return !strings.Contains(p, "missing") },
		IsFile:    func(p string) bool { return !strings.Contains(p, "missing") },
		Place: func(provider string) (string, string) {
			if provider == "utm" {
				return plan.PlacementSibling, "UTM supports no nesting"
			}
			return plan.PlacementNested, "KVM supports nesting here"
		},
	}
}

func build(t *testing.T, m hcl.Machine) (plan.Machine, hcl.Diagnostics) {
	t.Helper()
	p, diags := plan.Build(hcl.Config{Machines: []hcl.Machine{m}}, "/home/ada/project", host(), catalogue{})
	if len(p.Machines) != 1 {
		t.Fatalf("plan has %d machines, want 1", len(p.Machines))
	}
	return p.Machines[0], diags
}

func TestBuildResolvesEveryDefault(t *testing.T) {
	t.Parallel()
	got, diags := build(t, hcl.Machine{Name: "dev"})
	if len(diags) != 0 {
		t.Fatalf("Build() = diagnostics %v, want none", diags)
	}
	want := plan.Machine{
		Name: "dev", Instance: got.Instance, Provider: "libvirt", CLI: plan.CLIAuto,
		Box:  plan.Box{Name: "bento/freebsd-15", Version: "> 1", Architecture: "amd64", BootTimeout: 900},
		CPUs: 4, Memory: 4 * hcl.GiB,
		Storage: plan.Storage{Pool: "auto", Compression: "lz4", ARCMax: 512 * hcl.MiB},
		Engine: plan.Engine{
			Hypervisor: "auto", Placement: plan.PlacementNested, PlacementReason: "KVM supports nesting here", Image: plan.Image{Name: "alpine-3.24", Architecture: "amd64"},
			CPUs: 2, Memory: 2 * hcl.GiB, Disk: 40 * hcl.GiB,
			Network: netip.MustParsePrefix("10.77.0.0/24"), Gateway: netip.MustParseAddr("10.77.0.1"),
			Address: netip.MustParseAddr("10.77.0.2"), MAC: plan.MAC, Bridge: "bridge0", Tap: "tap0",
		},
		Forward: netip.MustParseAddr("127.0.0.1"), MaxForwards: 256,
		Notes: []string{"provider libvirt: KVM supports nesting here"},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(got.Instance, "fbdock-dev-") {
		t.Errorf("Instance = %q, want it to begin with fbdock-dev-", got.Instance)
	}
}

func TestBuildRefuses(t *testing.T) {
	t.Parallel()
	prefix := netip.MustParsePrefix
	tests := []struct {
		name     string
		machine  hcl.Machine
		severity hcl.Severity
		detail   string
	}{
		{"memory below engine and reserve", hcl.Machine{Memory: 3 * hcl.GiB}, hcl.Error, "The machine has 3GiB, but its engine takes 2GiB"},
		{"cpus below the engine's", hcl.Machine{CPUs: 1}, hcl.Error, "The machine has 1 CPUs and its engine wants 2"},
		{"network of VirtualBox NAT", hcl.Machine{Engine: hcl.Engine{Network: prefix("10.0.0.0/16")}}, hcl.Error, "10.0.0.0/16 overlaps 10.0.2.0/24"},
		{"network of podman", hcl.Machine{Podman: true, Engine: hcl.Engine{Network: prefix("10.88.3.0/24")}}, hcl.Error, "10.88.3.0/24 overlaps 10.88.0.0/16, podman's first network"},
		{"network of a host route", hcl.Machine{Engine: hcl.Engine{Network: prefix("10.91.3.0/24")}}, hcl.Error, "10.91.3.0/24 overlaps 10.91.0.0/16, which this computer already has a route to"},
		{"a box from elsewhere with the provider docker", hcl.Machine{Provider: "docker", Box: "a", BoxURL: "https://b.example/c.json"}, hcl.Error, "docker has no boxes"},
		{"box file that is not there", hcl.Machine{BoxURL: "missing.box", BoxChecksum: "sha256:00112233445566778899"}, hcl.Error, "does not exist or is no file"},
		{"FreeBSD beside its engine with too little memory", sibling(hcl.Machine{Memory: 512 * hcl.MiB}), hcl.Error, "has 512MiB, and FreeBSD needs 1GiB"},
		{"sibling on a computer of the user's own", sibling(hcl.Machine{Host: "ssh://me@there"}), hcl.Error, "the provider ssh makes none"},
		{"sibling within FreeBSD", hcl.Machine{Engine: hcl.Engine{Placement: "sibling", Hypervisor: "bhyve"}}, hcl.Error, "a sibling is a VM beside it"},
		{"emulated sibling", hcl.Machine{Provider: "virtualbox", Engine: hcl.Engine{Placement: "sibling", Hypervisor: "qemu"}}, hcl.Error, "libvirt and qemu can do, and virtualbox cannot"},
		{"9P with a sibling", sibling(hcl.Machine{Shares: []hcl.Share{{Name: "x", Type: "9p"}}}), hcl.Error, "no device of FreeBSD's"},
		{"share without a network", sibling(hcl.Machine{Provider: "utm", Shares: []hcl.Share{{Name: "x"}}}), hcl.Error, "utm makes no network"},
		{"unknown image", hcl.Machine{Engine: hcl.Engine{Image: "alpine-9"}}, hcl.Error, "no such thing: alpine-9"},
		{"image file that is not there", hcl.Machine{Engine: hcl.Engine{Image: "./missing.qcow2"}}, hcl.Error, "does not exist or is no file"},
		{"unknown box", hcl.Machine{Box: "nobox"}, hcl.Error, "no such thing: nobox"},
		{"mount that is not there", hcl.Machine{Mounts: []hcl.Mount{{Source: "missing"}}}, hcl.Error, "does not exist or is no folder"},
		{"nothing is excluded from a live mount", hcl.Machine{Mounts: []hcl.Mount{{Source: "a", Target: "/x", Exclude: []string{"b"}}}}, hcl.Error, "only a copy can do without"},
		{"bad pattern", hcl.Machine{Mounts: []hcl.Mount{{Source: "a", Target: "/x", Type: "copy", Exclude: []string{"[b"}}}}, hcl.Error, `"[b", which is no pattern`},
		{"a copy is not read-only", hcl.Machine{Mounts: []hcl.Mount{{Source: "a", Target: "/x", Type: "copy", ReadOnly: true}}}, hcl.Error, "never comes to the host"},
		{"a copy and another mount at one place", hcl.Machine{Mounts: []hcl.Mount{{Source: "a", Target: "/x"}, {Source: "b", Target: "/x/y", Type: "copy"}}}, hcl.Error, "/x/y lies in /x"},
		{"a copy and another mount at one place", hcl.Machine{Mounts: []hcl.Mount{{Source: "a", Target: "/x", Type: "copy"}, {Source: "b", Target: "/x/y"}}}, hcl.Error, "/x/y lies in /x"},
		{"no copies on a computer of your own", hcl.Machine{Host: "ssh://me@there", Mounts: []hcl.Mount{{Source: "a", Target: "/x", Type: "copy"}}}, hcl.Error, "would be left there"},
		{"two mounts at one place", hcl.Machine{Mounts: []hcl.Mount{{Source: "a", Target: "/x"}, {Source: "b", Target: "/x"}}}, hcl.Error, "is mounted at /x, as is"},
		{"share on a mount", hcl.Machine{Mounts: []hcl.Mount{{Source: "a", Target: "/x"}}, Shares: []hcl.Share{{Name: "x"}}}, hcl.Error, "/x is already the place of the mount of"},
		{"ARC below what ZFS takes", hcl.Machine{Storage: hcl.Storage{ARCMax: 40 * hcl.MiB}}, hcl.Error, "ZFS refuses an ARC of 40MiB"},
		{"ARC above the memory", hcl.Machine{Storage: hcl.Storage{ARCMax: 8 * hcl.GiB}}, hcl.Error, "The ARC may take 8GiB"},
		{"two CPUs on VirtualBox", hcl.Machine{Provider: "virtualbox", Engine: hcl.Engine{CPUs: 2}}, hcl.Warning, "VirtualBox is known to crash"},
		{"script that is not there", hcl.Machine{Provisions: []hcl.Provision{{Name: "p", Script: "missing.sh"}}}, hcl.Error, "missing.sh does not exist"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.machine.Name = "dev"
			_, diags := build(t, tt.machine)
			if len(diags) != 1 {
				t.Fatalf("Build(): %d diagnostics, want 1: %v", len(diags), diags)
			}
			if d := diags[0]; d.Severity != tt.severity || !strings.Contains(d.Detail, tt.detail) || d.Hint == "" {
				t.Errorf("diagnostic %+v, want %s with %q and a hint", d, tt.severity, tt.detail)
			}
		})
	}
}

func TestBoxFromElsewhere(t *testing.T) {
	t.Parallel()
	const digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	for _, tt := range []struct {
		in   hcl.Machine
		want plan.Box
	}{
		{
			hcl.Machine{Box: "me/freebsd", BoxURL: "https://boxes.example/freebsd.json", BoxVersion: "~> 1"},
			plan.Box{Name: "me/freebsd", Version: "~> 1", URL: "https://boxes.example/freebsd.json"},
		},
		{
			hcl.Machine{Box: "me/freebsd", BoxURL: "boxes/freebsd.box", BoxChecksum: "sha256:" + digest},
			plan.Box{Name: "me/freebsd-sha256-e3b0c44298fc1c14", File: filepath.FromSlash("/home/ada/project/boxes/freebsd.box"), SHA256: digest},
		},
		{
			hcl.Machine{BoxURL: filepath.FromSlash("/srv/freebsd.box"), BoxChecksum: "sha256:" + digest},
			plan.Box{Name: "box-sha256-e3b0c44298fc1c14", File: filepath.FromSlash("/srv/freebsd.box"), SHA256: digest},
		},
	} {
		tt.in.Name, tt.want.Architecture, tt.want.BootTimeout = "dev", "amd64", 1200
		got, diags := build(t, tt.in)
		if diff := cmp.Diff(tt.want, got.Box); diff != "" || len(diags) > 0 {
			t.Errorf("Build(%q): diagnostics %v, want none (-want +got):\n%s", tt.in.BoxURL, diags, diff)
		}
	}
}

func TestBuildSaysWhereItIsWrong(t *testing.T) {
	t.Parallel()
	at := hcl.Range{File: "fbdock.hcl", Start: hcl.Pos{Line: 7, Column: 3}}
	_, diags := build(t, hcl.Machine{Name: "dev", Memory: hcl.GiB, Where: map[string]hcl.Range{"": {}, "memory": at}})
	if len(diags) != 1 || diags[0].Range != at {
		t.Errorf("Build(): diagnostics = %v, want one at %v", diags, at)
	}
}

func TestBuildKeepsVirtualBoxAtOneCPU(t *testing.T) {
	t.Parallel()
	m, diags := build(t, hcl.Machine{Name: "dev", Provider: "virtualbox"})
	if len(diags) != 0 || m.Engine.CPUs != 1 {
		t.Fatalf("engine has %d CPUs (%v), want 1", m.Engine.CPUs, diags)
	}
	if len(m.Notes) != 1 || !strings.Contains(m.Notes[0], "two nested CPUs") {
		t.Errorf("Notes = %q, want one that names \"two nested CPUs\"", m.Notes)
	}
}

func TestBuildWithoutProvider(t *testing.T) {
	t.Parallel()
	bare := host()
	bare.Provider = ""
	_, diags := plan.Build(hcl.Config{Machines: []hcl.Machine{{Name: "dev"}}}, "/p", bare, catalogue{})
	if len(diags) != 1 || diags[0].Severity != hcl.Warning || diags[0].Summary != "no provider found" {
		t.Errorf("Build(): diagnostics = %v, want a warning that no provider was found", diags)
	}
}

func TestInstanceDiffersByProject(t *testing.T) {
	t.Parallel()
	if got, want := plan.Instance("dev", "12345678"), "fbdock-dev-12345678"; got != want {
		t.Errorf("Instance(dev, 12345678) = %s, want %s", got, want)
	}
}

func TestMachineByName(t *testing.T) {
	t.Parallel()
	p := plan.Plan{Machines: []plan.Machine{{Name: "dev"}}}
	if _, ok := p.Machine("dev"); !ok {
		t.Error("Machine(dev): not found, want it")
	}
	if _, ok := p.Machine("prod"); ok {
		t.Error("Machine(prod): found, want it not found")
	}
}
