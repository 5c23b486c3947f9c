//go:build linux

package sftpserver_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/waittest"
)

// TestSpecialFiles: a named pipe, a device or a socket is refused, and never
// waited for.
func TestSpecialFiles(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	must(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o666))
	names := []string{"/pipe", "/socket"}
	socket, err := net.Listen("unix", filepath.Join(dir, "socket"))
	must(t, err)
	defer socket.Close()
	if syscall.Mknod(filepath.Join(dir, "zero"), syscall.S_IFCHR|0o666, 1<<8|5) == nil {
		names = append(names, "/zero")
	}
	c := serving(t, dir, false)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, name := range names {
			for _, flags := range []int{os.O_RDONLY, os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_CREATE | os.O_TRUNC} {
				if _, err := c.OpenFile(name, flags); !errors.Is(err, fs.ErrPermission) {
					t.Errorf("OpenFile(%s, %#x): %v, want ErrPermission", name, flags, err)
				}
			}
			if err := c.Truncate(name, 0); !errors.Is(err, fs.ErrPermission) {
				t.Errorf("Truncate(%s): %v, want ErrPermission", name, err)
			}
			if err := c.Link(name, "/second"); err == nil {
				t.Errorf("Link(%s, /second): no error, want one", name)
			}
			if _, err := c.Lstat(name); err != nil {
				t.Errorf("Lstat(%s): error = %v, want none", name, err)
			}
		}
	}()
	select {
	case <-done:
	case <-time.After(waittest.Limit):
		t.Fatalf("requests for a pipe, a socket and a device: no answer in %v, want one without a wait", waittest.Limit)
	}
	// A program of the host that waits for a reader of the pipe goes on waiting.
	if fd, err := syscall.Open(filepath.Join(dir, "pipe"), syscall.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
		_ = syscall.Close(fd)
		t.Error("open of the pipe for writing: no error, want ENXIO, as it has no reader")
	}
}

// mountAt runs a command that mounts something at dir until the test ends.
func mountAt(t *testing.T, dir, program string, args ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root mounts")
	}
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("no %s here", program)
	}
	must(t, os.MkdirAll(dir, 0o755))
	if out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
		t.Skipf("nothing can be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
}

// TestPrivateByAnotherWay: a private folder is mounted a second time within
// the served one. No name tells that it is the same.
func TestPrivateByAnotherWay(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	for _, from := range []string{filepath.Join(v.base, "state"), filepath.Join(v.project, "deep")} {
		mountAt(t, filepath.Join(v.project, "again-"+filepath.Base(from)), "mount", "--bind", from, filepath.Join(v.project, "again-"+filepath.Base(from)))
	}
	c := serving(t, v.project, false, v.private...)
	for _, name := range []string{"/again-state/key", "/again-deep/state/key", "/again-deep/state", "/again-state"} {
		if text, err := content(t, c.Open, name); err == nil {
			t.Errorf("Open(%s) read the private text %q, want an error", name, text)
		}
		if _, err := c.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Lstat(%s): %v, want ErrNotExist", name, err)
		}
	}
	for _, name := range []string{"/again-state/new", "/again-deep/state/new"} {
		if _, err := c.OpenFile(name, os.O_WRONLY|os.O_CREATE); err == nil {
			t.Errorf("OpenFile(%s, O_WRONLY|O_CREATE) in a private folder: no error, want one", name)
		}
	}
	if infos, err := c.ReadDir("/again-deep"); err != nil || len(infos) != 0 {
		t.Errorf("ReadDir(/again-deep) = %v, %v, want nothing", infos, err)
	}
}

// TestPrivateMountedLater: the session knows a folder by the name that leads
// into a private one by now.
func TestPrivateMountedLater(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	inner := filepath.Join(v.base, "state", "sub", "key")
	write(t, inner, sentinel)
	v.files[inner] = sentinel
	write(t, filepath.Join(v.project, "a", "sub", "key"), "mine")
	c := serving(t, v.project, false, v.private...)
	for range 3 {
		if text, err := content(t, c.Open, "/a/sub/key"); err != nil || text != "mine" {
			t.Fatalf("Open(/a/sub/key) read %q, %v, want \"mine\"", text, err)
		}
	}
	mountAt(t, filepath.Join(v.project, "a"), "mount", "--bind", filepath.Join(v.base, "state"), filepath.Join(v.project, "a"))
	if text, err := content(t, c.Open, "/a/sub/key"); err == nil {
		t.Errorf("Open(/a/sub/key) after the mount read %q, want an error", text)
	}
}

// TestCaseInsensitive serves a folder whose file system does not tell cases
// apart: exFAT, which FUSE needs no driver of the kernel for.
func TestCaseInsensitive(t *testing.T) {
	t.Parallel()
	maker, err := exec.LookPath("mkfs.exfat")
	if err != nil {
		t.Skip("no mkfs.exfat here (apt-get install exfatprogs exfat-fuse)")
	}
	base := folder(t)
	image, dir := filepath.Join(base, "image"), filepath.Join(base, "mounted")
	must(t, os.WriteFile(image, nil, 0o600))
	must(t, os.Truncate(image, 16<<20))
	if out, err := exec.CommandContext(t.Context(), maker, image).CombinedOutput(); err != nil {
		t.Skipf("mkfs.exfat: %v: %s", err, out)
	}
	device, err := exec.CommandContext(t.Context(), "losetup", "--find", "--show", image).Output()
	if err != nil {
		t.Skipf("losetup: %v", err)
	}
	loop := strings.TrimSpace(string(device))
	t.Cleanup(func() { _ = exec.Command("losetup", "--detach", loop).Run() })
	mountAt(t, dir, "mount.exfat-fuse", loop, dir)
	for _, name := range []string{".fbdock/key", "home/State/Keys/key", "open"} {
		write(t, filepath.Join(dir, filepath.FromSlash(name)), sentinel)
	}
	if _, err := os.Stat(filepath.Join(dir, ".FBDOCK", "KEY")); err != nil {
		t.Skipf("this file system tells cases apart: %v", err)
	}
	c := serving(t, dir, false, filepath.Join(dir, "home", "State"))
	for _, name := range []string{
		"/.fbdock/key", "/.FBDOCK/key", "/.Fbdock/KEY", "/home/state/Keys/key", "/HOME/STATE/KEYS/KEY", "/home/State/keys/key", "/HOME/state",
	} {
		if text, err := content(t, c.Open, name); err == nil {
			t.Errorf("Open(%s) read the private text %q, want an error", name, text)
		}
		if _, err := c.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Lstat(%s): %v, want ErrNotExist", name, err)
		}
		if err := c.PosixRename(name, "/stolen"); err == nil {
			t.Errorf("PosixRename(%s, /stolen): no error, want one", name)
		}
	}
	if err := c.PosixRename("/HOME", "/stolen"); err == nil {
		t.Error("PosixRename(/HOME, /stolen) of a folder that holds a private one: no error, want one")
	}
	if text, err := content(t, c.Open, "/OPEN"); err != nil || text != sentinel {
		t.Errorf("Open(/OPEN) read %q, %v, want %q", text, err, sentinel)
	}
}
