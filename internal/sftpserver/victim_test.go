package sftpserver_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// victim is a project with private files in it and around it. Each of them
// holds the sentinel.
type victim struct {
	base, project string
	private       []string
	files         map[string]string // all that must stay as it is, with content
}

const (
	sentinel = "SENTINEL-of-the-host"
	// nested is the content of a file of another project. Its folder may move,
	// and it with the folder.
	nested = sentinel + " of another project"
)

func newVictim(t testing.TB) *victim {
	t.Helper()
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	v := &victim{base: base, project: filepath.Join(base, "project"), files: map[string]string{}}
	v.private = []string{filepath.Join(v.project, ".fbdock"), filepath.Join(v.project, "deep", "state"), filepath.Join(base, "state")}
	for _, name := range []string{
		"project/.fbdock/dev/key", "project/.fbdock/Vagrantfile", "project/deep/state/key", "state/key", "outside/secret",
	} {
		file := filepath.Join(base, filepath.FromSlash(name))
		v.files[file] = sentinel + " " + name
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(v.files[file]), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"src/f": "mine", "nested/.fbdock/Vagrantfile": nested} {
		file := filepath.Join(v.project, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

// beginning is what a file begins with: the guest makes files as long as it
// likes, most of them holes.
func beginning(name string) (text []byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, 1<<16))
}

// unharmed fails the test when a private file is another one, or moved.
func (v *victim) unharmed(t testing.TB) {
	t.Helper()
	for name, want := range v.files {
		info, err := os.Lstat(name)
		if err != nil || !info.Mode().IsRegular() {
			t.Errorf("Lstat(%s) = %v, %v, want a regular file", name, info, err)
			continue
		}
		if text, err := beginning(name); err != nil || string(text) != want {
			t.Errorf("ReadFile(%s) = %q, %v, want %q", name, text, err, want)
		}
		if runtime.GOOS != "windows" && info.Mode().Perm() != 0o644 {
			t.Errorf("mode of %s = %v, want -rw-r--r--", name, info.Mode())
		}
	}
	entries, err := os.ReadDir(v.base)
	if err != nil || len(entries) != 3 {
		t.Errorf("ReadDir(%s) = %v, %v, want outside, project, state", v.base, entries, err)
	}
	// What came out under another name has the sentinel too.
	others := 0
	_ = filepath.WalkDir(v.project, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || v.files[name] != "" {
			return err
		}
		switch text, err := beginning(name); {
		case err != nil || !strings.Contains(string(text), sentinel):
		case string(text) == nested && strings.HasSuffix(name, filepath.Join(".fbdock", "Vagrantfile")):
			others++
		default:
			t.Errorf("%s holds the private text %q, want none", name, text)
		}
		return nil
	})
	if others != 1 {
		t.Errorf("%d files of the other project, want 1", others)
	}
}
