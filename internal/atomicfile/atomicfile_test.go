package atomicfile_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/atomicfile"
	"github.com/fbdock/fbdock/internal/waittest"
)

var errFull = errors.New("no space left on device")

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(data)
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := []string{}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// steps are those of one call, of a Writer that works.
func steps(f func(atomicfile.Writer) error) (all []atomicfile.Step, err error) {
	err = f(atomicfile.Writer{Fault: func(s atomicfile.Step, _ string) error {
		all = append(all, s)
		return nil
	}})
	return all, err
}

func TestSteps(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "a", "b", "file")
	got, err := steps(func(w atomicfile.Writer) error {
		return errors.Join(w.MkdirAll(filepath.Dir(file), 0o700), w.WriteFile(file, []byte("text"), 0o600))
	})
	want := []atomicfile.Step{
		atomicfile.Mkdir, atomicfile.Chmod, atomicfile.SyncDir, atomicfile.Mkdir, atomicfile.Chmod, atomicfile.SyncDir,
		atomicfile.Create, atomicfile.Fill, atomicfile.Chmod, atomicfile.Sync, atomicfile.Rename, atomicfile.SyncDir,
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("WriteFile() = %v, want no error and these steps (-want +got):\n%s", err, diff)
	}
	if read(t, file) != "text" {
		t.Errorf("the file holds %q, want \"text\"", read(t, file))
	}
}

// TestFaults: a step that fails, as with a full disk, leaves the old content
// or the new one and nothing else, and the next write is whole.
func TestFaults(t *testing.T) {
	t.Parallel()
	all, err := steps(func(w atomicfile.Writer) error {
		return w.WriteFile(filepath.Join(t.TempDir(), "file"), []byte("new"), 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, old := range []string{"", "old"} {
		for n := range all {
			for _, killed := range []bool{false, true} {
				dir := t.TempDir()
				file := filepath.Join(dir, "file")
				if old != "" {
					if err := atomicfile.WriteFile(file, []byte(old), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				done := -1
				w := atomicfile.Writer{Fault: func(atomicfile.Step, string) error {
					if done++; done == n || killed && done > n {
						return errFull
					}
					return nil
				}}
				if err := w.WriteFile(file, []byte("new"), 0o600); !errors.Is(err, errFull) {
					t.Errorf("WriteFile() with a failure of %v, old text %q: error = %v, want %v", all[n], old, err, errFull)
				}
				if got := read(t, file); got != old && got != "new" {
					t.Errorf("after %v of %q failed the file holds %q, want the old text or \"new\"", all[n], old, got)
				}
				if left := names(t, dir); !killed && len(left) > 1 {
					t.Errorf("after %v of %q failed the folder has %q, want at most the file", all[n], old, left)
				}
				if err := atomicfile.WriteFile(file, []byte("new"), 0o600); err != nil {
					t.Errorf("WriteFile() after %v of %q failed: %v, want no error", all[n], old, err)
				}
				if left := names(t, dir); len(left) != 1 || read(t, file) != "new" {
					t.Errorf("WriteFile() after %v of %q failed: folder %q, file %q, want one file with \"new\"", all[n], old, left, read(t, file))
				}
			}
		}
	}
}

// TestSweep: what is being written stays, also when it is swept between any
// two steps, and what nobody writes any more goes.
func TestSweep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "sub", "file")
	if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	w := atomicfile.Writer{Fault: func(atomicfile.Step, string) error {
		atomicfile.Sweep(dir)
		return nil
	}}
	if err := w.WriteFile(file, []byte("text"), 0o600); err != nil || read(t, file) != "text" {
		t.Errorf("WriteFile() with Sweep at each step = %v, the file holds %q, want no error and \"text\"", err, read(t, file))
	}
	dead := atomicfile.Writer{Fault: func(s atomicfile.Step, _ string) error {
		if s == atomicfile.Rename || s == atomicfile.Remove {
			return errFull
		}
		return nil
	}}
	for range 3 {
		if err := dead.WriteFile(filepath.Join(dir, "other"), nil, 0o600); !errors.Is(err, errFull) {
			t.Fatal(err)
		}
	}
	keep := filepath.Join(dir, ".fbdock-tmp-folder")
	if err := os.Mkdir(keep, 0o700); err != nil {
		t.Fatal(err)
	}
	want := []string{".fbdock-tmp-folder", "sub"}
	// A process that another test starts has the file open and locked, too,
	// between its fork and its exec.
	var got []string
	if !waittest.Poll(func() bool {
		atomicfile.Sweep(dir)
		got = names(t, dir)
		return cmp.Equal(got, want)
	}) {
		t.Fatalf("after the sweep there are %q, want %q", got, want)
	}
	atomicfile.Sweep(filepath.Join(dir, "none"))
}

// TestManyWriters: each write is whole and none fails, whoever else writes the
// same file or sweeps.
func TestManyWriters(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			text := bytes.Repeat([]byte(strconv.Itoa(n)), 100_000)
			for range 20 {
				if err := atomicfile.WriteFile(file, text, 0o600); err != nil {
					t.Error(err)
				}
				got := read(t, file)
				if len(got) != len(text) || strings.Trim(got, got[:1]) != "" {
					t.Errorf("the file has %d bytes, want the %d of one writer", len(got), len(text))
				}
				atomicfile.Sweep(dir)
			}
		})
	}
	wg.Wait()
	if left := names(t, dir); len(left) != 1 {
		t.Errorf("files after all writers = %q, want 1", left)
	}
}

func TestOnlyRegularFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	if err := os.WriteFile(target, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	bad := []string{filepath.Join(dir, "folder")}
	if err := os.Mkdir(bad[0], 0o700); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" {
		for _, to := range []string{target, filepath.Join(dir, "nowhere")} {
			at := filepath.Join(dir, "to-"+filepath.Base(to))
			if err := os.Symlink(to, at); err != nil {
				t.Fatal(err)
			}
			bad = append(bad, at)
		}
	}
	for _, path := range bad {
		if err := atomicfile.WriteFile(path, []byte("x"), 0o600); err == nil {
			t.Errorf("WriteFile(%s) over what is no regular file: no error, want one", path)
		}
	}
	if read(t, target) != "mine" {
		t.Errorf("the target of a link holds %q, want \"mine\"", read(t, target))
	}
	if err := atomicfile.WriteFile(filepath.Join(dir, "none", "file"), nil, 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("WriteFile() in a folder that does not exist: error = %v, want ErrNotExist", err)
	}
	long := filepath.Join(dir, strings.Repeat("n", 200))
	if err := atomicfile.WriteFile(long, []byte("x"), 0o600); err != nil {
		t.Errorf("WriteFile() with a name of 200 characters: %v, want no error", err)
	}
}
