package state_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/state"
)

// store is a state directory of its own.
func store(t *testing.T) state.Store {
	t.Helper()
	home := t.TempDir()
	s, err := state.At(func(name string) (string, bool) { return home, name == "XDG_STATE_HOME" }, runtime.GOOS)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// made is a project for a folder.
func made(t *testing.T, s state.Store, folder string) state.Dir {
	t.Helper()
	f, err := s.Look(folder)
	if err != nil {
		t.Fatal(err)
	}
	d, err := f.Open("0.1.0")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func open(t *testing.T) (state.Dir, string) {
	t.Helper()
	project := folder(t)
	return made(t, store(t), project), project
}

// folder is a new folder, named without links.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestLookMakesNothing(t *testing.T) {
	t.Parallel()
	project, s := t.TempDir(), store(t)
	f, err := s.Look(project)
	if err != nil {
		t.Fatal(err)
	}
	if f.Exists() || f.Claim != nil || len(f.Suffix()) != 8 {
		t.Errorf("Look() of a folder that is no project = %+v, want no project, no claim and a suffix of 8 characters", f)
	}
	if left, _ := os.ReadDir(project); len(left) != 0 {
		t.Errorf("Look() made %v in the folder, want nothing made", left)
	}
	if _, err := os.Stat(s.Path()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Stat of the state directory after Look(): error = %v, want ErrNotExist", err)
	}
	// What is asked of it by mistake goes nowhere.
	if err := f.Write(filepath.Join(f.Path(), "x"), nil); err == nil {
		t.Error("Write() in a folder that is no project: no error, want one")
	}
	if _, err := f.Lock(t.Context(), 0); err == nil {
		t.Error("Lock() of a folder that is no project: no error, want one")
	}
}

func TestOpenMakesAPrivateFolderAndAMarker(t *testing.T) {
	t.Parallel()
	s, project := store(t), folder(t)
	d := made(t, s, project)
	if !d.Exists() || d.Path() != filepath.Join(s.Path(), "projects", d.Record().ID) || d.Folder() != project {
		t.Errorf("Open() = project %+v of folder %s, want one that exists below the state directory", d.Record(), project)
	}
	for name, want := range map[string]string{".gitignore": "*\n", "id": d.Record().ID + "\n"} {
		data, err := os.ReadFile(filepath.Join(project, ".fbdock", name))
		if err != nil || string(data) != want {
			t.Errorf("ReadFile(.fbdock/%s) = %q, %v, want %q", name, data, err, want)
		}
	}
	for _, dir := range []string{s.Path(), filepath.Dir(d.Path()), d.Path(), d.Marker()} {
		mode(t, dir, 0o700)
	}
	mode(t, filepath.Join(d.Path(), "project.json"), 0o600)
	if again := made(t, s, project); again.Record() != d.Record() {
		t.Errorf("open a second time: %+v, want %+v", again.Record(), d.Record())
	}
}

func mode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != want {
		t.Errorf("mode of %s = %v, want %v", path, info.Mode().Perm(), want)
	}
}

func TestLookRefusesOtherFormats(t *testing.T) {
	t.Parallel()
	s, project := store(t), folder(t)
	d := made(t, s, project)
	file := filepath.Join(d.Path(), "project.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(string(text), `"format": 2`, `"format": 99`, 1)
	if err := os.WriteFile(file, []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = s.Look(project)
	var version *state.VersionError
	if !errors.As(err, &version) || version.Hint() == "" || !strings.Contains(err.Error(), file) {
		t.Errorf("Look() of a record of format 99: error = %v, want a VersionError with a hint that names %s", err, file)
	}
	// It is nobody else's trouble.
	if _, err := s.Look(folder(t)); err != nil {
		t.Errorf("Look() of another folder: error = %v, want none", err)
	}
	made(t, s, folder(t))
}

func TestPaths(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	m := d.Machine("dev")
	got := []string{
		d.Vagrantfile(), d.VagrantDotfiles(), d.Log("dev-up"), m.Path(), m.Guest(),
		m.KnownHosts(), m.SSHConfig(),
	}
	for i := range got {
		rel, err := filepath.Rel(d.Path(), got[i])
		if err != nil {
			t.Fatal(err)
		}
		got[i] = filepath.ToSlash(rel)
	}
	want := []string{
		"Vagrantfile", ".vagrant", "log/dev-up.log", "dev", "dev/guest",
		"dev/ssh/known_hosts", "dev/ssh/config",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	if !state.Reserved("log") || state.Reserved("dev") {
		t.Errorf("Reserved(log), Reserved(dev) = %t, %t, want true, false", state.Reserved("log"), state.Reserved("dev"))
	}
}

func TestWriteTree(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	guest := d.Machine("dev").Guest()
	files := []state.File{
		{Name: "install.sh", Data: []byte("#!/bin/sh\n"), Mode: 0o700},
		{Name: "steps/10-base.sh", Data: []byte("true\n")},
	}
	tree := func(want bool, files []state.File) {
		t.Helper()
		changed, err := d.WriteTree(guest, files)
		if err != nil || changed != want {
			t.Errorf("changed %v, %v; want %v", changed, err, want)
		}
	}
	tree(true, files)
	mode(t, filepath.Join(guest, "install.sh"), 0o700)
	mode(t, filepath.Join(guest, "steps"), 0o700)
	mode(t, filepath.Join(guest, "steps", "10-base.sh"), 0o600)
	tree(false, files)
	files[1].Data = []byte("fals\n")
	tree(true, files)
	tree(true, files[:1])
	if _, err := os.Stat(filepath.Join(guest, "steps")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Stat of a folder that became empty: error = %v, want ErrNotExist", err)
	}
	if _, err := d.WriteTree(guest, []state.File{{Name: "../out"}}); err == nil {
		t.Error("WriteTree() with ../out: no error, want one")
	}
}

func TestLinksAreNotFollowed(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege on Windows")
	}
	outside := t.TempDir()
	var linked *state.LinkError
	d, _ := open(t)
	link(t, outside, d.Machine("dev").Path())
	for what, err := range map[string]error{
		"make":   d.Machine("dev").Make(),
		"write":  d.Write(d.Machine("dev").SSHConfig(), nil),
		"record": d.Machine("dev").SetApplied(state.Applied{}),
		"remove": d.Machine("dev").Remove(),
	} {
		if !errors.As(err, &linked) {
			t.Errorf("%s through a linked folder: error = %v, want a refusal of the link", what, err)
		}
	}
	link(t, filepath.Join(outside, "x"), d.Vagrantfile())
	if err := d.Write(d.Vagrantfile(), []byte("x")); !errors.As(err, &linked) {
		t.Errorf("Write() to a linked file: error = %v, want a refusal of the link", err)
	}
	if err := d.Write(filepath.Join(outside, "y"), nil); err == nil {
		t.Error("Write() outside of the folder: no error, want one")
	}
	if left, _ := os.ReadDir(outside); len(left) != 0 {
		t.Errorf("files outside of the folder = %v, want none", left)
	}
}

func link(t *testing.T, to, at string) {
	t.Helper()
	if err := os.Symlink(to, at); err != nil {
		t.Fatal(err)
	}
}

func TestApplied(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	m := d.Machine("dev")
	if a, err := m.Applied(); err != nil || !cmp.Equal(a, state.Applied{}) {
		t.Errorf("Applied() before the first SetApplied = %v, %v, want an empty record and no error", a, err)
	}
	want := state.Applied{
		Payload: "abc", Provisions: map[string]string{"tools": "def"},
		Time: time.Date(2026, 11, 23, 1, 2, 3, 0, time.UTC),
	}
	if err := m.SetApplied(want); err != nil {
		t.Fatal(err)
	}
	if a, err := m.Applied(); err != nil || !cmp.Equal(a, want) {
		t.Errorf("Applied() = %v, %v, want %v", a, err, want)
	}
	if err := d.Write(filepath.Join(m.Path(), "applied.json"), []byte("{half")); err != nil {
		t.Fatal(err)
	}
	if a, err := m.Applied(); err != nil || !cmp.Equal(a, state.Applied{}) {
		t.Errorf("Applied() of a broken record = %v, %v, want an empty record and no error", a, err)
	}
	if err := m.Make(); err != nil {
		t.Fatal(err)
	}
	if err := m.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(m.Path()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Stat of the machine's folder after Remove(): error = %v, want ErrNotExist", err)
	}
}
