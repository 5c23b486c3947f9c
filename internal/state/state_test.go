package state_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/state"
)

func open(t *testing.T) (state.Dir, string) {
	t.Helper()
	project := t.TempDir()
	d, err := state.Open(project)
	if err != nil {
		t.Fatal(err)
	}
	return d, project
}

func TestLookMakesNothing(t *testing.T) {
	t.Parallel()
	project := t.TempDir()
	d, err := state.Look(project)
	if err != nil {
		t.Fatal(err)
	}
	if d.Exists() {
		t.Error("a folder that nobody made exists")
	}
	if left, _ := os.ReadDir(project); len(left) != 0 {
		t.Errorf("Look made %v", left)
	}
}

func TestOpenMakesAPrivateIgnoredFolder(t *testing.T) {
	t.Parallel()
	d, project := open(t)
	if !d.Exists() || d.Path() != filepath.Join(project, ".fbdock") {
		t.Errorf("the folder is %q", d.Path())
	}
	for name, want := range map[string]string{".gitignore": "*\n", "version": "1\n"} {
		data, err := os.ReadFile(filepath.Join(d.Path(), name))
		if err != nil || string(data) != want {
			t.Errorf("%s is %q, %v", name, data, err)
		}
	}
	mode(t, d.Path(), 0o700)
	mode(t, filepath.Join(d.Path(), "version"), 0o600)
	if _, err := state.Open(project); err != nil {
		t.Errorf("open a second time: %v", err)
	}
}

func mode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != want {
		t.Errorf("%s has mode %v, not %v", path, info.Mode().Perm(), want)
	}
}

func TestOpenRefusesOtherFormats(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"2", "0", "-1", "", "one", "1\n2"} {
		_, project := open(t)
		file := filepath.Join(project, ".fbdock", "version")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := state.Open(project)
		var version *state.VersionError
		if !errors.As(err, &version) || version.Hint() == "" || !strings.Contains(err.Error(), file) {
			t.Errorf("version %q: %v", text, err)
		}
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	d, project := open(t)
	m := d.Machine("dev")
	got := []string{
		d.Vagrantfile(), d.VagrantDotfiles(), d.Log("dev-up"), m.Path(), m.Guest(), m.TLS(),
		m.EngineKey(), m.EngineHostKey(), m.KnownHosts(), m.SSHConfig(),
	}
	for i := range got {
		rel, err := filepath.Rel(filepath.Join(project, ".fbdock"), got[i])
		if err != nil {
			t.Fatal(err)
		}
		got[i] = filepath.ToSlash(rel)
	}
	want := []string{
		"Vagrantfile", ".vagrant", "log/dev-up.log", "dev", "dev/guest", "dev/tls",
		"dev/ssh/engine_key", "dev/ssh/engine_host_key", "dev/ssh/known_hosts", "dev/ssh/config",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !state.Reserved("log") || state.Reserved("dev") {
		t.Error("the reserved names are wrong")
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
		t.Errorf("the empty folder stayed: %v", err)
	}
	if _, err := d.WriteTree(guest, []state.File{{Name: "../out"}}); err == nil {
		t.Error("a file outside the folder was accepted")
	}
}

func TestLinksAreNotFollowed(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege on Windows")
	}
	outside := t.TempDir()
	project := t.TempDir()
	link(t, outside, filepath.Join(project, ".fbdock"))
	var linked *state.LinkError
	if _, err := state.Open(project); !errors.As(err, &linked) || linked.Hint() == "" {
		t.Errorf("a linked folder: %v", err)
	}
	d, _ := open(t)
	link(t, outside, d.Machine("dev").Path())
	for what, err := range map[string]error{
		"make":   d.Machine("dev").Make(),
		"write":  d.Write(d.Machine("dev").SSHConfig(), nil),
		"record": d.Machine("dev").SetApplied(state.Applied{}),
		"remove": d.Machine("dev").Remove(),
	} {
		if !errors.As(err, &linked) {
			t.Errorf("%s through a linked folder: %v", what, err)
		}
	}
	link(t, filepath.Join(outside, "x"), d.Vagrantfile())
	if err := d.Write(d.Vagrantfile(), []byte("x")); !errors.As(err, &linked) {
		t.Errorf("write to a linked file: %v", err)
	}
	if err := d.Write(filepath.Join(outside, "y"), nil); err == nil {
		t.Error("write outside the folder was accepted")
	}
	if left, _ := os.ReadDir(outside); len(left) != 0 {
		t.Errorf("outside there is now %v", left)
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
		t.Errorf("before the first: %v, %v", a, err)
	}
	want := state.Applied{
		Payload: "abc", Provisions: map[string]string{"tools": "def"},
		Time: time.Date(2026, 11, 23, 1, 2, 3, 0, time.UTC),
	}
	if err := m.SetApplied(want); err != nil {
		t.Fatal(err)
	}
	if a, err := m.Applied(); err != nil || !cmp.Equal(a, want) {
		t.Errorf("read back: %v, %v", a, err)
	}
	if err := d.Write(filepath.Join(m.Path(), "applied.json"), []byte("{half")); err != nil {
		t.Fatal(err)
	}
	if a, err := m.Applied(); err != nil || !cmp.Equal(a, state.Applied{}) {
		t.Errorf("a broken record: %v, %v", a, err)
	}
	if err := m.Make(); err != nil {
		t.Fatal(err)
	}
	if err := m.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(m.Path()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the machine's folder stayed: %v", err)
	}
}

// TestMain lets the test binary stand in for another fbdock that holds the lock.
func TestMain(m *testing.M) {
	if project := os.Getenv("STATE_TEST_HOLD"); project != "" {
		d, err := state.Open(project)
		if err == nil {
			_, err = d.Lock(context.Background(), 0)
		}
		if err != nil {
			os.Exit(1)
		}
		_, _ = os.Stdout.WriteString("held\n")
		_, _ = io.Copy(io.Discard, os.Stdin)
	}
	os.Exit(m.Run())
}

func TestLockBetweenProcesses(t *testing.T) {
	t.Parallel()
	d, project := open(t)
	other := exec.CommandContext(t.Context(), os.Args[0])
	other.Env = append(os.Environ(), "STATE_TEST_HOLD="+project)
	in, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	for _, wait := range []time.Duration{0, 120 * time.Millisecond} {
		_, err = d.Lock(t.Context(), wait)
		var busy *state.BusyError
		if !errors.As(err, &busy) || busy.PID != other.Process.Pid || busy.Hint() == "" {
			t.Errorf("while another holds it: %v", err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := d.Lock(ctx, time.Minute); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with an ended context: %v", err)
	}
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = other.Wait()
	lock, err := d.Lock(t.Context(), 0)
	if err != nil {
		t.Fatalf("after the other was killed: %v", err)
	}
	if err := lock.Unlock(); err != nil {
		t.Error(err)
	}
	if (&state.BusyError{}).Error() != "another fbdock works on this project" {
		t.Error("a pid that is not known is told")
	}
	if lock, err = d.Lock(t.Context(), 0); err != nil {
		t.Fatalf("after an unlock: %v", err)
	}
	_ = lock.Unlock()
}
