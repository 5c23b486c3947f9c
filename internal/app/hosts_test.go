package app_test

import (
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"mvdan.cc/sh/v3/syntax"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/app"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/images"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/platforms"
	"github.com/fbdock/fbdock/platforms/hostshell"
	"github.com/fbdock/fbdock/vagrantfiles"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const hosts = "../../testdata/hosts"

// recorded is one file of testdata/hosts.
type recorded struct {
	Title  string
	Source string
	Tags   []string
	// Want is the provider that auto picks, whether it supports nesting for bhyve, and
	// the worst result of the checks.
	Want struct{ Provider, Nesting, Result string }
	// Says are words that the answer must hold.
	Says  []string
	Facts platforms.Facts
}

func read(t *testing.T) map[string]recorded {
	t.Helper()
	files, err := filepath.Glob(hosts + "/*.json")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]recorded{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		dec := json.NewDecoder(strings.NewReader(string(data)))
		dec.DisallowUnknownFields()
		var r recorded
		if err := dec.Decode(&r); err != nil {
			t.Fatalf("decode %s: error = %v, want none", file, err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = r
	}
	return all
}

// golden compares, or writes with -update. No text means no file.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		err := os.WriteFile(file, []byte(got), 0o644)
		if got == "" {
			err = os.RemoveAll(file)
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil && (got != "" || !os.IsNotExist(err)) {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), refresh with -update:\n%s", file, diff)
	}
}

func catalogue(t *testing.T) images.Catalogue {
	t.Helper()
	c, err := boxes.Default()
	if err != nil {
		t.Fatal(err)
	}
	return images.Catalogue{Catalogue: c}
}

// render is the Vagrantfile of `machine "dev" {}` on this host, "" where
// the plan refuses it or has no provider.
func render(t *testing.T, f platforms.Facts) string {
	t.Helper()
	cfg := hcl.Config{Machines: []hcl.Machine{{Name: "dev"}}}
	host := project.HostOf(f)
	host.Suffix = "6bfafd92"
	p, diags := plan.Build(cfg, "/home/ada/project", host, catalogue(t))
	if diags.HasErrors() || p.Machines[0].Provider == "" {
		return ""
	}
	text, err := vagrantfiles.Render(p, vagrantfiles.Options{})
	if errors.Is(err, vagrantfiles.ErrNoVM) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// ownNetwork is a default network that the folder of the project decides.
var ownNetwork = regexp.MustCompile(`10\.77\.[1-9][0-9]*\.0/24`)

// diagnosis is doctor's answer for `machine "dev" {}` on this host.
func diagnosis(t *testing.T, f platforms.Facts) platforms.Diagnosis {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, hcl.FileName), []byte("machine \"dev\" {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := app.Doctor(t.Context(), project.Options{
		Dir: dir, Env: host.Env{Environ: []string{"XDG_STATE_HOME=" + t.TempDir()}}, Catalogue: catalogue(t), HostFacts: project.HostOf(f),
		Today: time.Date(2026, time.November, 28, 0, 0, 0, 0, time.UTC),
	}, f, nil)
	if err != nil {
		t.Fatal(err)
	}
	return found[0].Diagnosis
}

func TestHosts(t *testing.T) {
	t.Parallel()
	all := read(t)
	if len(all) < 40 {
		t.Errorf("recorded hosts = %d, want 40 or more", len(all))
	}
	for name, r := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := diagnosis(t, r.Facts)
			nesting := ""
			for _, o := range d.Ranking {
				if o.Provider == d.Provider {
					nesting = o.Nesting.String()
				}
			}
			if d.Provider != r.Want.Provider || nesting != r.Want.Nesting || string(d.Result) != r.Want.Result {
				t.Errorf("provider %q, nesting %q, result %q; want %+v", d.Provider, nesting, d.Result, r.Want)
			}
			text := r.Title + "\n\n" + d.Text()
			for _, words := range r.Says {
				if !strings.Contains(text, words) {
					t.Errorf("diagnosis =\n%s\nwant %q in it", text, words)
				}
			}
			golden(t, filepath.Join(hosts, name+".doctor"), ownNetwork.ReplaceAllString(text, "10.77.N.0/24"))
			golden(t, filepath.Join(hosts, name+".Vagrantfile"), render(t, r.Facts))
			sound(t, d, r.Facts)
		})
	}
}

// sound is what holds of every diagnosis.
func sound(t *testing.T, d platforms.Diagnosis, f platforms.Facts) {
	t.Helper()
	for _, c := range d.Checks {
		if c.Result == platforms.Fail && (c.Why == "" || c.Fix.None()) {
			t.Errorf("check %s fails: %+v, want a reason and a fix", c.Name, c)
		}
		if c.Result == platforms.Warn && c.Why == "" {
			t.Errorf("check %s warns: %+v, want a reason", c.Name, c)
		}
		pasteable(t, f, c.Fix)
	}
	for _, o := range d.Ranking {
		pasteable(t, f, o.Fix)
		pasteable(t, f, o.Install)
		if o.Provider == "docker" {
			t.Error("Diagnose() offers provider docker, want it not offered")
		}
	}
	// What plan chooses without asking for versions is never another
	// provider than the one that the checks are about, unless they refuse it.
	quick := f
	quick.Programs = map[string]platforms.Program{}
	for name, p := range f.Programs {
		quick.Programs[name] = platforms.Program{Path: p.Path}
	}
	quick.Vagrant = platforms.Program{Path: f.Vagrant.Path}
	choice, err := platforms.Choose(quick)
	if err == nil && choice.Provider != d.Provider {
		if checked := platforms.Diagnose(f, platforms.Wanted{Provider: choice.Provider}); checked.Result != platforms.Fail {
			t.Errorf("Diagnose(%s) = %v, want %v: doctor takes %s", choice.Provider, checked.Result, platforms.Fail, d.Provider)
		}
	}
}

func pasteable(t *testing.T, f platforms.Facts, r platforms.Remedy) {
	t.Helper()
	for _, line := range r.Commands {
		if strings.TrimSpace(line) != line || line == "" || strings.ContainsAny(line, "\n\r") {
			t.Errorf("command %q, want one line without spaces around", line)
		}
		if f.Shell != hostshell.POSIX {
			continue
		}
		if _, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(line), ""); err != nil {
			t.Errorf("command %q: error = %v, want valid shell", line, err)
		}
	}
}

// Every row of the table "can bhyve run inside the FreeBSD guest?" and every
// trap that a host can show occurs. The others are not to be seen in a
// computer's facts: 5 and 8 are about connections, 6 about an interrupted
// up; their tests are with internal/link and internal/vagrant.
func TestHostsCoverEveryRowAndTrap(t *testing.T) {
	t.Parallel()
	want := []string{
		"row-1", "row-2", "row-3", "row-4", "row-5", "row-6", "row-7", "row-8", "row-9", "row-10", "row-11", "row-12",
		"trap-1", "trap-2", "trap-3", "trap-4", "trap-7", "trap-9", "trap-10",
	}
	seen := map[string]bool{}
	for name, r := range read(t) {
		if r.Title == "" || r.Source == "" || len(r.Says) == 0 {
			t.Errorf("host %s = %+v, want a title, a source and texts that doctor says", name, r)
		}
		for _, tag := range r.Tags {
			if !slices.Contains(want, tag) {
				t.Errorf("host %s has the tag %q, want one of %q", name, tag, want)
			}
			seen[tag] = true
		}
	}
	for _, tag := range want {
		if !seen[tag] {
			t.Errorf("no host has the tag %s, want one or more", tag)
		}
	}
}

// Traps 4 and 7 are avoided by what is written, on every host.
func TestHostVagrantfiles(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(hosts + "/*.Vagrantfile")
	if err != nil || len(files) < 30 {
		t.Fatalf("Glob() = %d Vagrantfiles, %v, want 30 or more", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, words := range []string{":freebsd", `ssh.shell = "sh"`, "disabled: true", "boot_timeout"} {
			if !strings.Contains(string(data), words) {
				t.Errorf("%s lacks %q, want it", file, words)
			}
		}
		if strings.Contains(string(data), ".vm.disk ") {
			t.Errorf("%s has vm.disk, want none: Vagrant deletes such disks", file)
		}
		if strings.Contains(string(data), `provider "virtualbox"`) && !strings.Contains(string(data), "base_mac") {
			t.Errorf("%s has no base_mac, want one for VirtualBox", file)
		}
	}
	if _, err := exec.LookPath("ruby"); err != nil {
		t.Skip("no ruby")
	}
	check := `ARGV.each { |f| RubyVM::InstructionSequence.compile(File.read(f), f) }`
	if out, err := exec.CommandContext(t.Context(), "ruby", append([]string{"-e", check}, files...)...).CombinedOutput(); err != nil {
		t.Errorf("ruby compiles the Vagrantfiles: error = %v, want none\n%s", err, out)
	}
}

// A golden file without its host is a leftover.
func TestHostsLeaveNothing(t *testing.T) {
	t.Parallel()
	all := read(t)
	err := filepath.WalkDir(hosts, func(path string, e fs.DirEntry, err error) error {
		name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		if _, ok := all[name]; err == nil && !e.IsDir() && !ok && name != "README" && name != outcomes {
			t.Errorf("%s belongs to no host, want a .json of that name", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
