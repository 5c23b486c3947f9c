package project

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/state"
)

// TestCheckEngine: another image of an engine that was made is refused where its VM
// holds docker's data, before anything is stopped, and with the way to keep it.
func TestCheckEngine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		provider, made, data string
		replaced, refused    bool
	}{
		{"virtualbox", "alpine-3.24", "", false, false},
		{"virtualbox", "alpine-3.23", "", true, true},
		{"libvirt", "alpine-3.23", "", true, false},
		{"qemu", "alpine-3.23", plan.DataDisk, true, false},
		{"qemu", "alpine-3.23", "", true, true}, // an older fbdock attached no disk
	} {
		config := `machine "dev" {
  provider = "` + tt.provider + `"
  engine { placement = "sibling" }
}`
		o := options(t, config)
		first, err := Load(t.Context(), o)
		if err != nil || first.Project == nil {
			t.Fatalf("Load() = %v, %v, want the project", first.Diagnostics, err)
		}
		p := first.Project
		unlock, err := p.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer unlock()
		m := p.Plan.Machines[0]
		for _, name := range []string{"dev", "dev-engine"} {
			id := filepath.Join(p.State.VagrantDotfiles(), "machines", name, tt.provider, "id")
			if err := errors.Join(os.MkdirAll(filepath.Dir(id), 0o700), os.WriteFile(id, []byte("1"), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		made := m
		made.Engine.Data = tt.data
		err = errors.Join(p.State.Machine("dev").Make(), p.SetApplied(AppliedMachine{Dir: p.Dir, Machine: made}),
			p.State.Machine("dev").SetApplied(state.Applied{EngineImage: "00", EngineImageName: tt.made}))
		if err != nil {
			t.Fatal(err)
		}
		again, err := Load(t.Context(), o)
		if err != nil || again.Project == nil {
			t.Fatalf("Load() = %v, %v, want the project", again.Diagnostics, err)
		}
		p, m = again.Project, again.Project.Plan.Machines[0]
		if r := ReplacesEngine(p, m); (r != nil) != tt.replaced || r != nil && (r.Was != tt.made || r.Now != "alpine-3.24" || r.Keeps == tt.refused) {
			t.Errorf("%+v: ReplacesEngine() = %+v", tt, r)
		}
		err = CheckEngine(p, m)
		if (err != nil) != tt.refused || err != nil && !strings.Contains(failure.Hint(err), "set image = \"alpine-3.23\" in the engine block of fbdock.hcl to keep it; or save what you need") {
			t.Errorf("%+v: CheckEngine() = %v, hint %q", tt, err, failure.Hint(err))
		}
	}
}

// TestDataWithoutRecord: an engine whose record cannot be read has docker's data on
// a disk of its own only where there is one; its VM is not taken for one without data.
func TestDataWithoutRecord(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		provider string
		disk     bool
		want     string
	}{
		{"qemu", false, plan.DataRoot},
		{"qemu", true, plan.DataDisk},
		{"virtualbox", false, plan.DataRoot},
		{"libvirt", false, plan.DataDisk}, // its volume is libvirt's
		{"", true, ""},
	} {
		first, err := Load(t.Context(), options(t, "machine \"dev\" {\n}"))
		if err != nil || first.Project == nil {
			t.Fatalf("Load() = %v, %v, want the project", first.Diagnostics, err)
		}
		d := first.Project.State
		files := []string{d.Machine("dev").Plan()}
		if tt.provider != "" {
			files = append(files, filepath.Join(d.VagrantDotfiles(), "machines", "dev-engine", tt.provider, "id"))
		}
		if tt.disk {
			files = append(files, d.Machine("dev").DataDisk())
		}
		for _, file := range files {
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte("{"), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		if got := dataOf(d, "dev"); got != tt.want {
			t.Errorf("dataOf() of an engine with %q, a disk: %v, and a damaged record = %q, want %q", tt.provider, tt.disk, got, tt.want)
		}
	}
}
