//go:build unix

package atomicfile_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/fbdock/fbdock/internal/atomicfile"
)

// TestMain lets the test binary stand in for a process that is killed before a
// certain step of a write.
func TestMain(m *testing.M) {
	if file := os.Getenv("ATOMICFILE_TEST_WRITE"); file != "" {
		last, _ := strconv.Atoi(os.Getenv("ATOMICFILE_TEST_LAST"))
		w := atomicfile.Writer{Fault: func(atomicfile.Step, string) error {
			if last--; last < 0 {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {} // it comes
			}
			return nil
		}}
		syscall.Umask(0o027)
		if errors.Join(w.MkdirAll(filepath.Dir(file), 0o700), w.WriteFile(file, []byte("new"), 0o600)) != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestKilled kills a process at each step of making folders and a file in
// them; the next one finds nothing or the whole file, and leaves nothing else.
func TestKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "a", "b", "file")
	run := func(last int) (killed bool) {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), "ATOMICFILE_TEST_WRITE="+file, "ATOMICFILE_TEST_LAST="+strconv.Itoa(last))
		err := cmd.Run()
		exit, ok := errors.AsType[*exec.ExitError](err)
		if err != nil && (!ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL) {
			t.Fatal(err)
		}
		return err != nil
	}
	leftovers := 0
	for last := 0; ; last++ {
		killed := run(last)
		if got := read(t, file); got != "" && got != "new" {
			t.Errorf("the file of a process killed at step %d holds %q, want nothing or \"new\"", last, got)
		}
		if killed && len(glob(t, dir)) > 0 {
			leftovers++
		}
		if run(99) {
			t.Fatal("the second process was killed, want it to end")
		}
		if left := glob(t, dir); len(left) > 0 || read(t, file) != "new" {
			t.Errorf("after a kill at step %d and another run: temporary files %q, the file holds %q, want none, \"new\"", last, left, read(t, file))
		}
		if err := os.RemoveAll(filepath.Join(dir, "a")); err != nil {
			t.Fatal(err)
		}
		if !killed {
			break
		}
	}
	if leftovers == 0 {
		t.Error("temporary files after all kills = 0, want some, or the test shows nothing")
	}
}

func glob(t *testing.T, dir string) []string {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(dir, "*", "*", ".fbdock-tmp-*"))
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// TestModes: the mode is the one that was asked for, whatever the umask is.
func TestModes(t *testing.T) { //nolint:paralleltest // the umask is the process's
	for _, mask := range []int{0, 0o022, 0o077, 0o777} {
		for _, mode := range []os.FileMode{0o600, 0o700, 0o644} {
			dir := t.TempDir()
			file := filepath.Join(dir, "a", "b", "file")
			old := syscall.Umask(mask)
			err := errors.Join(atomicfile.Writer{}.MkdirAll(filepath.Dir(file), 0o700), atomicfile.WriteFile(file, []byte("x"), mode))
			syscall.Umask(old)
			if err != nil {
				t.Fatalf("WriteFile() with umask %o: %v, want no error", mask, err)
			}
			for path, want := range map[string]os.FileMode{file: mode, filepath.Dir(file): 0o700, filepath.Join(dir, "a"): 0o700} {
				if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
					t.Errorf("mode of %[2]s with umask %[1]o = %[3]v, %[4]v, want %[5]v", mask, path, info.Mode(), err, want)
				}
			}
		}
	}
}
