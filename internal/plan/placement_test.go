package plan_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/plan"
)

func sibling(m hcl.Machine) hcl.Machine {
	m.Engine.Placement = plan.PlacementSibling
	return m
}

func TestPlacement(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		in                hcl.Machine
		placement, reason string
	}{
		"where nesting works":          {hcl.Machine{}, plan.PlacementNested, "KVM supports nesting here"},
		"auto":                         {hcl.Machine{Engine: hcl.Engine{Placement: "auto"}}, plan.PlacementNested, "KVM supports nesting here"},
		"nested, as it is said":        {hcl.Machine{Provider: "utm", Engine: hcl.Engine{Placement: "nested"}}, plan.PlacementNested, "as engine.placement says"},
		"emulated, as it is said":      {hcl.Machine{Provider: "utm", Engine: hcl.Engine{Hypervisor: "qemu"}}, plan.PlacementNested, "as engine.hypervisor says"},
		"bhyve, as it is said":         {hcl.Machine{Provider: "utm", Engine: hcl.Engine{Hypervisor: "bhyve"}}, plan.PlacementNested, "as engine.hypervisor says"},
		"where nesting is unsupported": {hcl.Machine{Provider: "utm"}, plan.PlacementSibling, "UTM supports no nesting"},
		"a sibling":                    {sibling(hcl.Machine{Provider: "utm"}), plan.PlacementSibling, "as engine.placement says"},
		"a sibling in a container":     {sibling(hcl.Machine{Provider: "docker", Box: "x"}), plan.PlacementSibling, "as engine.placement says"},
		"a sibling that is emulated":   {sibling(hcl.Machine{Provider: "libvirt", Engine: hcl.Engine{Hypervisor: "qemu"}}), plan.PlacementSibling, "as engine.placement says"},
		"a computer of the user's own": {hcl.Machine{Host: "ssh://me@there"}, plan.PlacementNested, ""},
	} {
		tt.in.Name = "dev"
		m, diags := build(t, tt.in)
		if m.Engine.Placement != tt.placement || m.Engine.PlacementReason != tt.reason || diags.HasErrors() {
			t.Errorf("Build() of %s = %q, %q, %v, want %q, %q", name, m.Engine.Placement, m.Engine.PlacementReason, diags, tt.placement, tt.reason)
		}
	}
}

// A machine that is made keeps its place, unless the file names another.
func TestPlacementStays(t *testing.T) {
	t.Parallel()
	h := host()
	h.Placed = func(name string) (string, string) {
		return map[string]string{"made": plan.PlacementSibling}[name], "decided then"
	}
	for _, tt := range []struct {
		in                hcl.Machine
		placement, reason string
	}{
		{hcl.Machine{Name: "made"}, plan.PlacementSibling, "decided then"},
		{hcl.Machine{Name: "made", Engine: hcl.Engine{Placement: "auto"}}, plan.PlacementSibling, "decided then"},
		{hcl.Machine{Name: "made", Engine: hcl.Engine{Placement: "nested"}}, plan.PlacementNested, "as engine.placement says"},
		{hcl.Machine{Name: "made", Engine: hcl.Engine{Hypervisor: "bhyve"}}, plan.PlacementNested, "as engine.hypervisor says"},
		{hcl.Machine{Name: "made", Provider: "libvirt", Engine: hcl.Engine{Hypervisor: "qemu"}}, plan.PlacementSibling, "decided then"},
		{hcl.Machine{Name: "new", Engine: hcl.Engine{Hypervisor: "qemu"}}, plan.PlacementNested, "as engine.hypervisor says"},
		{hcl.Machine{Name: "new"}, plan.PlacementNested, "KVM supports nesting here"},
	} {
		p, diags := plan.Build(hcl.Config{Machines: []hcl.Machine{tt.in}}, "/home/ada/project", h, catalogue{})
		if e := p.Machines[0].Engine; e.Placement != tt.placement || e.PlacementReason != tt.reason || diags.HasErrors() {
			t.Errorf("Build(%+v) = %q, %q, %v, want %q, %q", tt.in, e.Placement, e.PlacementReason, diags, tt.placement, tt.reason)
		}
	}
}

// The two VMs have sizes of their own, which fit a computer of 8 GiB.
func TestSiblingResources(t *testing.T) {
	t.Parallel()
	m, diags := build(t, sibling(hcl.Machine{Name: "dev", Provider: "virtualbox", Shares: []hcl.Share{{Name: "x"}}}))
	if len(diags) > 0 || m.CPUs != 2 || m.Memory != hcl.GiB || m.Engine.CPUs != 2 || m.Engine.Memory != 2*hcl.GiB || m.Storage.ARCMax != 256*hcl.MiB {
		t.Errorf("Build() of a sibling = %+v, %v, want 2 CPUs and 1 GiB, engine 2 and 2 GiB, ARC 256 MiB", m, diags)
	}
	if m.Shares[0].Type != "nfs" {
		t.Errorf("share type %q, want nfs", m.Shares[0].Type)
	}
	m, diags = build(t, sibling(hcl.Machine{Name: "dev", CPUs: 1, Memory: 3 * hcl.GiB, Engine: hcl.Engine{CPUs: 4, Memory: 8 * hcl.GiB}}))
	if len(diags) > 0 || m.CPUs != 1 || m.Memory != 3*hcl.GiB || m.Storage.ARCMax != hcl.GiB {
		t.Errorf("Build() = %+v, %v, want 1 CPU, 3 GiB and an ARC of 1 GiB, whatever the size of the engine", m, diags)
	}
}

// Where the provider makes no network between the two VMs, FreeBSD has the engine at
// its loopback, and what needs the network is one error at its place.
func TestSiblingWithoutNetwork(t *testing.T) {
	t.Parallel()
	for provider, without := range map[string]bool{"hyperv": true, "utm": true, "libvirt": false, "virtualbox": false, "docker": false} {
		m, diags := build(t, sibling(hcl.Machine{Name: "dev", Provider: provider, Box: "x"}))
		if e := m.Engine; e.ByAgent() != without || e.Network.IsValid() == without || e.Gateway.IsValid() == without || (e.Address == plan.Loopback()) != without || len(diags) > 0 {
			t.Errorf("Build() of a sibling with %s = network %s, gateway %s, address %s, %v; want a network: %v", provider, e.Network, e.Gateway, e.Address, diags, !without)
		}
		nested := hcl.Machine{Name: "dev", Provider: provider, Box: "x", Engine: hcl.Engine{Placement: plan.PlacementNested}}
		if m, _ := build(t, nested); m.Engine.ByAgent() || !m.Engine.Network.IsValid() {
			t.Errorf("Build() of a nested engine with %s = %+v, want a network", provider, m.Engine)
		}
	}
	in := sibling(hcl.Machine{Name: "dev", Provider: "hyperv", Shares: []hcl.Share{{Name: "x"}}})
	in.Engine.InsecureTCP, in.Engine.GuestPorts, in.Engine.Network = true, []string{"5432"}, netip.MustParsePrefix("10.91.0.0/24")
	m, diags := build(t, in)
	var all []string
	for _, d := range diags {
		all = append(all, fmt.Sprint(d.Severity, " ", d.Summary))
		if !strings.Contains(d.Detail, "The provider hyperv makes no network between FreeBSD and an engine beside it.") || d.Hint == "" {
			t.Errorf("diagnostic %+v, want the reason and a hint", d)
		}
	}
	want := []string{
		fmt.Sprint(hcl.Warning, " network is not used"), fmt.Sprint(hcl.Error, " no plain port with this engine"),
		fmt.Sprint(hcl.Error, " no ports of FreeBSD with this engine"), fmt.Sprint(hcl.Error, " no share with this engine"),
	}
	if !slices.Equal(all, want) || m.Engine.Network.IsValid() {
		t.Errorf("Build() = %v with the network %s, want %v and none", all, m.Engine.Network, want)
	}
}

func TestSiblingDisk(t *testing.T) {
	t.Parallel()
	for provider, want := range map[string]bool{"libvirt": true, "qemu": true, "virtualbox": false, "vmware_desktop": false, "hyperv": false, "parallels": false, "utm": false, "docker": false} {
		if m, _ := build(t, sibling(hcl.Machine{Name: "dev", Provider: provider})); m.OwnDisk() != want {
			t.Errorf("OwnDisk() with %s = %v, want %v", provider, !want, want)
		}
		nested := hcl.Machine{Name: "dev", Provider: provider, Engine: hcl.Engine{Placement: plan.PlacementNested}}
		if m, _ := build(t, nested); !m.OwnDisk() {
			t.Errorf("OwnDisk() of a nested engine with %s = false, want true", provider)
		}
	}
}

func TestSiblingNames(t *testing.T) {
	t.Parallel()
	cfg := hcl.Config{Machines: []hcl.Machine{sibling(hcl.Machine{Name: "dev"}), {Name: "dev-engine"}}}
	_, diags := plan.Build(cfg, "/home/ada/project", host(), catalogue{})
	if len(diags) != 1 || !strings.Contains(diags[0].Detail, "engine of the machine dev is called dev-engine") {
		t.Errorf("Build() = %v, want one error about the name", diags)
	}
	cfg.Machines[0].Engine.Placement = ""
	if _, diags := plan.Build(cfg, "/home/ada/project", host(), catalogue{}); len(diags) > 0 {
		t.Errorf("Build() = %v, want no errors: a nested engine is no machine of Vagrant's", diags)
	}
}
