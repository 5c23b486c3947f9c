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
	for _, tt := range []struct {
		facts             platforms.Facts
		provider          string
		placement, reason string
	}{
		{kvm, "libvirt", platforms.Nested, "KVM supports nesting"},
		{runner, "libvirt", platforms.Sibling, "bhyve cannot run in libvirt: KVM's nesting is off"},
		{mac, "vmware_desktop", platforms.Sibling, "Apple M2"},
		{hyperV, "virtualbox", platforms.Sibling, "Hyper-V"},
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
