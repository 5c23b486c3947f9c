package project

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/images"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/progress"
)

func options(t *testing.T, config string) Options {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, hcl.FileName), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	published, err := boxes.Default()
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		Dir: dir,
		Env: host.Env{
			Version: "0.1.0", Environ: []string{"HOME=/home/ada", "XDG_STATE_HOME=" + t.TempDir(), "FBDOCK_VAR_memory=6GiB"},
			Progress: progress.Silent(),
		},
		HostFacts: plan.Host{Architecture: "amd64", Provider: "virtualbox"},
		Catalogue: images.Catalogue{Catalogue: published},
	}
}

func project(t *testing.T, config string) *Project {
	t.Helper()
	loaded, err := Load(t.Context(), options(t, config))
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Project == nil {
		t.Fatalf("Load() = diagnostics %v, want none", loaded.Diagnostics)
	}
	return loaded.Project
}

func TestFindLooksUpwards(t *testing.T) {
	t.Parallel()
	o := options(t, `machine "dev" {}`)
	deep := filepath.Join(o.Dir, "a", "b")
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	got, err := Options{Dir: deep, Env: o.Env}.Find()
	if want := filepath.Join(o.Dir, hcl.FileName); err != nil || got != want {
		t.Errorf("Find(%s) = %s, %v; want %s", deep, got, err, want)
	}
}

func TestFindWithoutAConfiguration(t *testing.T) {
	t.Parallel()
	environ := []string{"XDG_STATE_HOME=" + t.TempDir()}
	_, err := Options{Dir: t.TempDir(), Env: host.Env{Environ: environ}}.Find()
	if failure.Status(err) != failure.ExitUsage || !strings.Contains(failure.Hint(err), "fbdock init") {
		t.Errorf("Find() without a configuration: error = %v, want status %d and a hint at fbdock init", err, failure.ExitUsage)
	}
	if _, err := (Options{Dir: filepath.Join(t.TempDir(), "nowhere"), Env: host.Env{Environ: environ}}).Find(); failure.Status(err) != failure.ExitUsage {
		t.Errorf("Find() in a missing folder: error = %v, want status %d", err, failure.ExitUsage)
	}
}

func TestLoadTakesVariablesFromTheEnvironment(t *testing.T) {
	t.Parallel()
	p := project(t, "variable \"memory\" {}\nmachine \"dev\" {\n  memory = var.memory\n}\n")
	if got := p.Plan.Machines[0].Memory.String(); got != "6GiB" {
		t.Errorf("memory %s, want 6GiB", got)
	}
}

func TestLoadGivesDiagnosticsOfBothSources(t *testing.T) {
	t.Parallel()
	loaded, err := Load(t.Context(), options(t, "machine \"dev\" {\n  memory = \"1GiB\"\n}\n"))
	if err != nil || loaded.Project != nil || len(loaded.Diagnostics) != 1 {
		t.Fatalf("Load: %+v, %v; want one diagnostic and no project", loaded, err)
	}
	if d := loaded.Diagnostics[0]; d.Range.Start.Line != 2 || d.Hint == "" {
		t.Errorf("diagnostic %+v, want one at line 2 with a hint", d)
	}
}

func TestMachineIsTheOnlyOneOrTheOneNamed(t *testing.T) {
	t.Parallel()
	two := project(t, "machine \"a\" {}\nmachine \"b\" {}\n")
	if m, err := two.Machine("b"); err != nil || m.Name != "b" {
		t.Errorf("Machine(b) = %s, %v, want b", m.Name, err)
	}
	for _, name := range []string{"", "c"} {
		if _, err := two.Machine(name); failure.Status(err) != failure.ExitUsage || !strings.Contains(failure.Hint(err), "a, b") {
			t.Errorf("Machine(%q): %v, want status 2 and the names", name, err)
		}
	}
	if all, err := two.Selection(nil); err != nil || len(all) != 2 {
		t.Errorf("Selection() = %d machines, %v; want both", len(all), err)
	}
}

func TestVagrantfileNamesTheProject(t *testing.T) {
	t.Parallel()
	p := project(t, `machine "dev" {}`)
	text, err := p.Vagrantfile()
	if err != nil || !strings.Contains(string(text), p.Plan.Machines[0].Instance) {
		t.Errorf("Vagrantfile() = %v, want no error and the instance %s in the text", err, p.Plan.Machines[0].Instance)
	}
	if p.State.Exists() {
		t.Error("Vagrantfile() made a state folder, want none")
	}
}
