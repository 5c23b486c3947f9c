package vagrantvm

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/fbdock/fbdock/boxes/disk"
	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/atomicfile"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/progress"
	"github.com/fbdock/fbdock/internal/state"
	"github.com/fbdock/fbdock/internal/vagrant"
)

// besideQEMU is the VM of a machine whose engine has its disk in store.
func besideQEMU(t *testing.T, store state.Store, folder string) *VM {
	t.Helper()
	found, err := store.Look(folder)
	if err == nil && !found.Exists() {
		if _, err = found.Open("0.1.0"); err == nil {
			found, err = store.Look(folder)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	m := plan.Machine{Name: "dev", Provider: "qemu", Engine: plan.Engine{Placement: plan.PlacementSibling, Data: plan.DataDisk, Disk: hcl.GiB}}
	return New(machine.New(host.Env{Progress: progress.Silent()}, found.Dir, m), vagrant.Vagrant{}, nil)
}

// realDir is a new folder, named without links.
func realDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// A disk that could not be written whole is none: whatever fails, a disk that is
// there is blank and whole, and the next start makes it.
func TestDataDiskFaults(t *testing.T) {
	t.Parallel()
	errFull := errors.New("no space left on device")
	for n := 0; ; n++ {
		home, folder := t.TempDir(), realDir(t)
		store, err := state.At(func(name string) (string, bool) { return home, name == "XDG_STATE_HOME" }, runtime.GOOS)
		if err != nil {
			t.Fatal(err)
		}
		works := besideQEMU(t, store, folder)
		done, failed := -1, false
		fails := besideQEMU(t, store.With(atomicfile.Writer{Fault: func(atomicfile.Step, string) error {
			if done++; done == n {
				failed = true
				return errFull
			}
			return nil
		}}), folder)
		err = fails.ensureDataDisk(t.Context())
		if !failed {
			if n < 5 || err != nil {
				t.Errorf("ensureDataDisk() = %v after %d steps, want more steps and no error", err, n)
			}
			return
		}
		if !errors.Is(err, errFull) {
			t.Errorf("ensureDataDisk() with step %d failing = %v, want %v", n, err, errFull)
		}
		path := works.Files.DataDisk()
		if data, err := os.ReadFile(path); err == nil && !bytes.Equal(data, disk.BlankQCOW2(int64(hcl.GiB))) {
			t.Errorf("after step %d failed the disk has %d bytes, want none or all", n, len(data))
		}
		if err := works.ensureDataDisk(t.Context()); err != nil {
			t.Errorf("ensureDataDisk() after step %d failed: %v, want no error", n, err)
		}
		if data, err := os.ReadFile(path); err != nil || !bytes.Equal(data, disk.BlankQCOW2(int64(hcl.GiB))) {
			t.Errorf("the disk after step %d failed: %d bytes, %v, want a blank one", n, len(data), err)
		}
	}
}

// What is there is never written anew, nor opened through a link.
func TestDataDiskStays(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	store, err := state.At(func(name string) (string, bool) { return home, name == "XDG_STATE_HOME" }, runtime.GOOS)
	if err != nil {
		t.Fatal(err)
	}
	v := besideQEMU(t, store, realDir(t))
	if err := v.ensureDataDisk(t.Context()); err != nil {
		t.Fatal(err)
	}
	path := v.Files.DataDisk()
	if info, err := os.Lstat(path); err != nil || info.Mode().Perm()&0o077 != 0 && filepath.Separator == '/' {
		t.Errorf("the disk: %v, %v, want it private", info, err)
	}
	qemu, err := exec.LookPath("qemu-io")
	if err != nil {
		t.Skip("qemu-io is not here to write to the disk")
	}
	if out, err := exec.CommandContext(t.Context(), qemu, "-f", "qcow2", "-c", "write -P 7 0 1M", path).CombinedOutput(); err != nil {
		t.Fatalf("qemu-io: %v\n%s", err, out)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.ensureDataDisk(t.Context()); err != nil {
		t.Errorf("ensureDataDisk() of one that is there = %v, want no error", err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("ensureDataDisk() of one that is there has written to it")
	}
	other := filepath.Join(t.TempDir(), "other.qcow2")
	if err := errors.Join(os.Rename(path, other), os.Symlink(other, path)); err != nil {
		t.Skipf("no links: %v", err)
	}
	v.Plan.Engine.Disk = 2 * hcl.GiB
	if err := v.CheckData(t.Context()); err == nil {
		t.Error("CheckData() of a link = nil, want an error")
	}
	if err := v.ensureDataDisk(t.Context()); err == nil {
		t.Error("ensureDataDisk() of a link = nil, want an error")
	}
	if after, _ := os.ReadFile(other); !bytes.Equal(before, after) {
		t.Error("ensureDataDisk() has followed a link")
	}
}
