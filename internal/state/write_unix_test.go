//go:build unix

package state_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/fbdock/fbdock/internal/atomicfile"
	"github.com/fbdock/fbdock/internal/run/runtest"
	"github.com/fbdock/fbdock/internal/state"
)

// TestLockSweeps: what a process that was killed has left is gone when the
// next one has the lock; issue 12, line 5. Not beside other tests: a program
// that one of them starts holds the lock of a temporary file from fork to exec,
// and such a file stays for the next sweep.
func TestLockSweeps(t *testing.T) {
	s, project := store(t), folder(t)
	killed := errors.New("killed")
	dead := s.With(atomicfile.Writer{Fault: func(step atomicfile.Step, _ string) error {
		if step == atomicfile.Rename || step == atomicfile.Remove {
			return killed
		}
		return nil
	}})
	made(t, s, project)
	f, err := dead.Look(project)
	must(t, err)
	m := f.Machine("dev")
	for _, err := range []error{
		f.Write(f.Vagrantfile(), nil), f.Write(m.SSHConfig(), nil), m.SetApplied(state.Applied{}),
	} {
		if !errors.Is(err, killed) {
			t.Fatal(err)
		}
	}
	if _, err := f.WriteTree(m.Guest(), []state.File{{Name: "steps/10-base.sh"}}); !errors.Is(err, killed) {
		t.Fatal(err)
	}
	if left := temporary(t, f.Path()); len(left) != 4 {
		t.Fatalf("left are %q, want 4", left)
	}
	lock, err := made(t, s, project).Lock(t.Context(), 0)
	must(t, err)
	if left := temporary(t, f.Path()); len(left) != 0 {
		t.Errorf("temporary files under the lock = %q, want none", left)
	}
	must(t, lock.Unlock())
}

func temporary(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	must(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasPrefix(filepath.Base(path), ".fbdock-tmp-") {
			all = append(all, path)
		}
		return err
	}))
	return all
}

// TestWritesArePrivate: whatever the umask is, as root and not, all that is
// written is of the user and private; issue 12, line 13.
func TestWritesArePrivate(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("/tmp", "fb") //nolint:usetesting // another user has to reach it
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755)) //nolint:gosec // another user has to reach it
	program := filepath.Join(dir, "test")
	self, err := os.ReadFile(os.Args[0])
	must(t, err)
	must(t, runtest.WriteProgram(program, self, 0o755))
	users := []int{os.Geteuid()}
	if os.Geteuid() == 0 {
		users = append(users, 54321)
	} else {
		t.Log("not run as root: only this user is tried")
	}
	for _, uid := range users {
		for _, mask := range []string{"0", "022", "077"} {
			home := filepath.Join(dir, fmt.Sprint(uid, "-", mask))
			must(t, errors.Join(os.Mkdir(home, 0o700), os.Mkdir(filepath.Join(home, "project"), 0o700)))
			must(t, errors.Join(os.Lchown(home, uid, uid), os.Lchown(filepath.Join(home, "project"), uid, uid)))
			child := exec.CommandContext(t.Context(), program, "-test.run=^TestChildWrites$", "-test.v")
			child.Dir, child.Env = home, []string{"STATE_TEST_UMASK=" + mask, "XDG_STATE_HOME=" + home, "TMPDIR=" + home}
			child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid), NoSetGroups: os.Geteuid() != 0}}
			if out, err := child.CombinedOutput(); err != nil {
				t.Fatalf("child process as user %d with umask %s: %v, want no error\n%s", uid, mask, err, out)
			}
			checkPrivate(t, filepath.Join(home, "fbdock"), uid, mask)
		}
	}
}

func checkPrivate(t *testing.T, dir string, uid int, mask string) {
	t.Helper()
	files := 0
	must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		want := os.FileMode(0o600)
		switch {
		case e.IsDir():
			want = 0o700 | os.ModeDir
		case e.Name() == "install.sh":
			want = 0o700
		}
		files++
		if owner := int(info.Sys().(*syscall.Stat_t).Uid); info.Mode() != want || owner != uid {
			t.Errorf("user %d, umask %s: %s has mode %v and user %d, want %v", uid, mask, path, info.Mode(), owner, want)
		}
		return nil
	}))
	if files < 10 {
		t.Errorf("files that user %d made with umask %s = %d, want 10 or more", uid, mask, files)
	}
}

// TestChildWrites is run by TestWritesArePrivate in a process of its own.
func TestChildWrites(t *testing.T) { //nolint:paralleltest // the umask is the process's
	mask, err := strconv.ParseInt(os.Getenv("STATE_TEST_UMASK"), 8, 32)
	if err != nil {
		t.Skip("TestWritesArePrivate runs it")
	}
	syscall.Umask(int(mask))
	s, err := state.At(os.LookupEnv, runtime.GOOS)
	must(t, err)
	f, err := s.Look("project")
	must(t, err)
	d, err := f.Open("test")
	must(t, err)
	lock, err := d.Lock(t.Context(), 0)
	must(t, err)
	m := d.Machine("dev")
	must(t, errors.Join(m.Make(), d.Write(d.Vagrantfile(), []byte("x")), d.Write(m.SSHConfig(), []byte("x")), m.SetApplied(state.Applied{})))
	_, err = d.WriteTree(m.Guest(), []state.File{
		{Name: "install.sh", Mode: 0o700, Data: []byte("x")}, {Name: "deep/er/file", Data: []byte("x")},
	})
	must(t, err)
	must(t, lock.Unlock())
}
