package project

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/redact"
)

// of is a machine as applied whose configuration is in.
func of(in hcl.Machine, m plan.Machine) AppliedMachine {
	return AppliedMachine{Dir: "/p", Machine: m, Settings: settingsOf(in, m)}
}

// TestCopyOfAnOlderRecord: what fbdock wrote down as "rsync" is what is called
// "copy" now, and no change.
func TestCopyOfAnOlderRecord(t *testing.T) {
	t.Parallel()
	in := hcl.Machine{Name: "dev"}
	m := plan.Machine{Name: "dev", Mounts: []plan.Mount{{Source: "/src", Target: "/src", Type: plan.Copy, Exclude: []string{"*.o"}}}}
	now := of(in, m)
	data, err := json.Marshal(now)
	if err != nil {
		t.Fatal(err)
	}
	var old AppliedMachine
	if err := json.Unmarshal(bytes.ReplaceAll(data, []byte(`"copy"`), []byte(`"rsync"`)), &old); err != nil {
		t.Fatal(err)
	}
	if got := old.Machine.Mounts[0].Type; got != plan.Copy {
		t.Errorf("a record with the type rsync has the type %q, want %q", got, plan.Copy)
	}
	if changes := ChangesTo(old, now); len(changes) != 0 {
		t.Errorf("changesTo(a record with the type rsync, the same with copy) = %v, want none", changes)
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	in := hcl.Machine{Name: "dev", Engine: hcl.Engine{Proxy: redact.Proxy{HTTP: "http://u:one@proxy"}}}
	m := plan.Machine{Name: "dev", Provider: "libvirt", MaxForwards: 256, Forward: plan.Loopback(), Mounts: []plan.Mount{
		{Source: "/p", Target: "/p"}, {Source: "/data", Target: "/data", Exclude: []string{"x"}},
	}}
	tests := []struct {
		name   string
		change func(*hcl.Machine, *plan.Machine)
		want   string // the texts
		by     string
	}{
		{"nothing", func(*hcl.Machine, *plan.Machine) {}, "", ""},
		{"a default of this host", func(_ *hcl.Machine, m *plan.Machine) { m.CPUs, m.Engine.Proxy.HTTP = 9, "http://env" }, "", ""},
		{"whose docker CLI", func(in *hcl.Machine, m *plan.Machine) { in.CLI, m.CLI = "guest", "guest" }, "", ""},
		{"mounts", func(_ *hcl.Machine, m *plan.Machine) {
			m.Mounts = []plan.Mount{{Source: "/p", Target: "/p", ReadOnly: true}, {Source: "/new", Target: "/n"}}
		}, "mount removed: /data at /data; mount changed: /p at /p; mount added: /new at /n", "fbdock up"},
		{"another folder at a target", func(_ *hcl.Machine, m *plan.Machine) {
			m.Mounts = []plan.Mount{{Source: "/other", Target: "/p"}, m.Mounts[1]}
		}, "mount changed: /other at /p", "fbdock up"},
		{"ports", func(in *hcl.Machine, m *plan.Machine) {
			m.Forward = netip.MustParseAddr("0.0.0.0")
			in.Forward = &hcl.Forward{Bind: m.Forward}
		}, "ports changed: published ports are at 0.0.0.0 of this host, not at 127.0.0.1", "fbdock up"},
		{"an empty forward block", func(in *hcl.Machine, _ *plan.Machine) { in.Forward = &hcl.Forward{} }, "", ""},
		{"a timeout of commands", func(in *hcl.Machine, m *plan.Machine) { in.Timeouts.Command, m.Timeouts.Command = 1, 1 }, "", ""},
		{"a timeout of the guest", func(in *hcl.Machine, m *plan.Machine) { in.Timeouts.Stop, m.Timeouts.Stop = 1, 1 }, "changed: timeouts.stop", "fbdock up"},
		{"a timeout of Vagrant", func(in *hcl.Machine, m *plan.Machine) { in.Timeouts.Boot, m.Timeouts.Boot = 1, 1 }, "changed: timeouts.boot", "fbdock reload"},
		{"a password", func(in *hcl.Machine, _ *plan.Machine) { in.Engine.Proxy.HTTP = "http://u:two@proxy" }, "changed: proxy", "fbdock up"},
		{"the daemon", func(in *hcl.Machine, _ *plan.Machine) { in.Engine.Daemon = map[string]any{"debug": true} }, "changed: daemon settings", "fbdock up"},
		{"memory", func(in *hcl.Machine, _ *plan.Machine) { in.Memory = 8 * hcl.GiB }, "changed: memory", "fbdock reload"},
		{"the box", func(in *hcl.Machine, _ *plan.Machine) { in.Box = "other" }, "changed: box", "fbdock destroy"},
	}
	for _, tt := range tests {
		newIn, newM := in, m
		tt.change(&newIn, &newM)
		changes := ChangesTo(of(in, m), of(newIn, newM))
		var texts []string
		for _, c := range changes {
			texts = append(texts, c.Text)
		}
		if got := strings.Join(texts, "; "); got != tt.want {
			t.Errorf("ChangesTo() of %s = %q, want %q", tt.name, got, tt.want)
		}
		if by := applies(changes); (tt.by == "") != (len(changes) == 0) || !strings.Contains(by, tt.by) {
			t.Errorf("applies() of %s = %q, want %q", tt.name, by, tt.by)
		}
	}
}

// TestKeep: the record of a machine says what it has, also where the file says
// otherwise and `up` did not apply it.
func TestKeep(t *testing.T) {
	t.Parallel()
	was := plan.Machine{Name: "dev", Provider: "virtualbox", Box: plan.Box{Name: "old", BootTimeout: 1}, CPUs: 1, Memory: hcl.GiB, Timeouts: plan.Timeouts{Boot: 1}}
	is := plan.Machine{Name: "dev", Provider: "libvirt", Box: plan.Box{Name: "new", BootTimeout: 2}, CPUs: 2, Memory: 2 * hcl.GiB, Timeouts: plan.Timeouts{Boot: 2}}
	old := of(hcl.Machine{Provider: "virtualbox", Box: "old", CPUs: 1, Memory: hcl.GiB}, was)
	now := of(hcl.Machine{Provider: "libvirt", Box: "new", CPUs: 2, Memory: 2 * hcl.GiB}, is)
	changes := ChangesTo(old, now)
	if len(changes) != 5 {
		t.Fatalf("ChangesTo() = %v, want 5 changes", changes)
	}
	for _, one := range changes {
		now.Keep(one.Setting, old)
	}
	if left := ChangesTo(old, now); len(left) > 0 || !reflect.DeepEqual(now.Machine, was) {
		t.Errorf("Keep(): %+v differs by %v, want %+v", now.Machine, left, was)
	}
}

// TestMovedTo: paths below the project's folder move with it, and no others.
func TestMovedTo(t *testing.T) {
	t.Parallel()
	from, to := filepath.FromSlash("/home/proj"), filepath.FromSlash("/home/moved")
	a := AppliedMachine{Dir: from, Machine: plan.Machine{
		Mounts: []plan.Mount{
			{Source: from, Target: "/home/proj"}, {Source: filepath.Join(from, "src"), Target: "/src"},
			{Source: from + "2", Target: "/two"}, {Source: filepath.FromSlash("/data"), Target: "/data"},
		},
		Engine:     plan.Engine{Image: plan.Image{Path: filepath.Join(from, "e.qcow2")}, CACertificates: []string{filepath.Join(from, "ca.pem")}},
		Provisions: []plan.Provision{{Script: filepath.Join(from, "s.sh")}},
	}}
	b := a.MovedTo(to)
	want := []plan.Mount{
		{Source: to, Target: "/home/proj"}, {Source: filepath.Join(to, "src"), Target: "/src"},
		{Source: from + "2", Target: "/two"}, {Source: filepath.FromSlash("/data"), Target: "/data"},
	}
	for i, m := range b.Machine.Mounts {
		if m.Source != want[i].Source || m.Target != want[i].Target {
			t.Errorf("mount %d is %s at %s, want %s at %s", i, m.Source, m.Target, want[i].Source, want[i].Target)
		}
	}
	if m := b.Machine; b.Dir != to || m.Engine.Image.Path != filepath.Join(to, "e.qcow2") ||
		m.Engine.CACertificates[0] != filepath.Join(to, "ca.pem") || m.Provisions[0].Script != filepath.Join(to, "s.sh") {
		t.Errorf("MovedTo(%s) = %+v, want all paths below it", to, b)
	}
	if a.Machine.Mounts[0].Source != from || a.Machine.Engine.CACertificates[0] != filepath.Join(from, "ca.pem") {
		t.Errorf("the record after MovedTo() = %+v, want it unchanged", a)
	}
}
