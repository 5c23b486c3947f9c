package plan_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/plan"
)

func TestJailByHand(t *testing.T) {
	t.Parallel()
	m := plan.Machine{
		Name: "dev", Memory: 4 * hcl.GiB, Box: plan.Box{Release: "15.1"},
		Jails:  []plan.Jail{{Name: "web", Address: netip.MustParseAddr("10.79.0.254")}},
		Mounts: []plan.Mount{{Source: "/home/me", Target: "/src", Type: plan.SSHFS, ReadOnly: true}},
	}
	taken := []netip.Addr{netip.MustParseAddr("10.79.0.253")}
	j, err := plan.JailByHand(m, hcl.Jail{Name: "one", Mounts: []hcl.JailMount{{Source: "app", Target: "/app"}}}, "/home/me", taken)
	if err != nil || j.Address.String() != "10.79.0.252" || j.Hostname != "one" {
		t.Fatalf("JailByHand = %+v, %v, want the address 10.79.0.252", j, err)
	}
	if got, want := j.Mounts[0], (plan.JailMount{Source: "/src/app", Target: "/app", ReadOnly: true, Mount: "/src"}); got != want {
		t.Errorf("its mount is %+v, want %+v", got, want)
	}
	for want, in := range map[string]hcl.Jail{
		"newer than the guest's":                  {Name: "one", Release: "15.2"},
		"is that of another jail":                 {Name: "one", Address: netip.MustParseAddr("10.79.0.254")},
		"outside of jail_network":                 {Name: "one", Address: netip.MustParseAddr("10.80.0.1")},
		"is that of FreeBSD":                      {Name: "one", Address: netip.MustParseAddr("10.79.0.1")},
		"first or the last address":               {Name: "one", Address: netip.MustParseAddr("10.79.0.255")},
		"in none of the machine's mounts":         {Name: "one", Mounts: []hcl.JailMount{{Source: "/etc"}}},
		"the guest has 4GiB":                      {Name: "one", Memory: 5 * hcl.GiB},
		"does not start with":                     {Name: "one", Memory: hcl.MiB},
		"is not a DNS label":                      {Name: "One"},
		"neither vnet nor inherit":                {Name: "one", Network: "bridge"},
		"has the guest's addresses":               {Name: "one", Network: "inherit", Address: netip.MustParseAddr("10.79.0.3")},
		"is not a parameter of jail(8)":           {Name: "one", Allow: []string{"all"}},
		`package "a;b" is not a package`:          {Name: "one", Packages: []string{"a;b"}},
		`mount target "/a b" is not a path`:       {Name: "one", Mounts: []hcl.JailMount{{Source: "app", Target: "/a b"}}},
		`forward "80" is not a pair of ports`:     {Name: "one", Forward: []string{"80"}},
		`hostname "a b" is not a host name`:       {Name: "one", Hostname: "a b"},
		`release "15.1-RELEASE" is not a release`: {Name: "one", Release: "15.1-RELEASE"},
	} {
		if _, err := plan.JailByHand(m, in, "/home/me", taken); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("JailByHand(%+v) says %v, want %q", in, err, want)
		}
	}
}

// TestJailAddresses: each jail has one of its own, and keeps it when the block
// of another one goes.
func TestJailAddresses(t *testing.T) {
	t.Parallel()
	addresses := func(network string, names ...string) map[string]netip.Addr {
		in := hcl.Machine{Name: "dev", JailNetwork: netip.MustParsePrefix(network)}
		for _, name := range names {
			in.Jails = append(in.Jails, hcl.Jail{Name: name, Boot: true})
		}
		m, diags := build(t, in)
		if len(diags) > 0 {
			t.Fatalf("Build with jails %q in %s = %v, want no diagnostics", names, network, diags)
		}
		got, owner := map[string]netip.Addr{}, map[netip.Addr]string{}
		for _, j := range m.Jails {
			if other := owner[j.Address]; other != "" || !m.JailNetwork.Contains(j.Address) {
				t.Errorf("address of jail %s = %s, want one of %s that jail %s does not have", j.Name, j.Address, network, other)
			}
			got[j.Name], owner[j.Address] = j.Address, j.Name
		}
		return got
	}
	all := addresses("10.79.0.0/24", "web", "db", "mail")
	for name, got := range addresses("10.79.0.0/24", "db", "mail") {
		if got != all[name] {
			t.Errorf("address of jail %s without jail web = %s, want %s as with it", name, got, all[name])
		}
	}
	addresses("10.79.0.0/28", "a", "b", "c", "d", "e") // all that there are, 10 to 14
	addresses("10.112.0.0/12", "web", "db")
}
