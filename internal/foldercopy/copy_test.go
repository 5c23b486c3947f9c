//go:build linux

package foldercopy_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/foldercopy"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/mount"
	"github.com/fbdock/fbdock/internal/mount/mounttest"
	"github.com/fbdock/fbdock/internal/waittest"
)

// copying is a folder that is kept copied to another one of this computer,
// through a real sshd.
type copying struct {
	mount.Folder
	stop  func() error
	done  chan error
	flush chan chan<- struct{}

	mu    sync.Mutex
	words map[string]string // what Warn was told
}

func startCopy(t *testing.T, client *link.Client, f mount.Folder, root ...string) *copying {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root has a guest's rights here")
	}
	c := &copying{Folder: f, words: map[string]string{}, done: make(chan error, 1), flush: make(chan chan<- struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	ready := make(chan struct{})
	go func() {
		c.done <- foldercopy.Copy(ctx, client, f, mount.Options{Root: root, Flush: c.flush, Ready: func() { close(ready) }, Warn: func(name string, err error) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.words[name] = err.Error()
		}})
	}()
	c.stop = sync.OnceValue(func() error {
		cancel()
		return <-c.done
	})
	t.Cleanup(func() {
		_ = c.stop()
		_ = exec.Command("sh", "-c", `id=$(printf %s "$1" | cksum | tr ' ' -); rm -f "/var/db/fbdock/copies/$id" "/var/run/fbdock-mounts/$id.live"`, "sh", f.Target).Run()
	})
	select {
	case <-ready:
	case err := <-c.done:
		c.done <- err
		cancel()
		t.Fatalf("Copy(): error = %v before it was ready, want none", err)
	case <-time.After(time.Minute):
		t.Fatal("Copy(): not ready in a minute, want ready")
	}
	return c
}

// tree is what a folder holds, a line each; the times of folders and links
// are their own.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		line := fmt.Sprintf("%q %s", strings.TrimPrefix(name, dir), info.Mode())
		if info.Mode().IsRegular() {
			data, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			line += fmt.Sprintf(" %d %.20q", info.ModTime().Unix(), data)
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			text, _ := os.Readlink(name)
			line += " " + text
		}
		lines = append(lines, line)
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return "it changes: " + err.Error()
	}
	mounttest.Must(t, err)
	return strings.Join(lines, "\n")
}

// follows waits until the copy is what the folder is.
func (c *copying) follows(t *testing.T) {
	t.Helper()
	var here, there string
	if !waittest.Poll(func() bool {
		here, there = tree(t, c.Source), tree(t, c.Target)
		return here == there
	}) {
		t.Fatalf("%v after the change the guest has\n%s\nwant what the host has:\n%s", waittest.Limit, there, here)
	}
}

func pair(t *testing.T) mount.Folder {
	t.Helper()
	base := mounttest.Folder(t)
	f := mount.Folder{Source: filepath.Join(base, "host"), Target: filepath.Join(base, "guest", "src"), Copied: true}
	mounttest.Must(t, os.Mkdir(f.Source, 0o700))
	return f
}

// guestTools are the programs of the guests: the engine has BusyBox, FreeBSD
// its own tar.
func guestTools(t *testing.T, name string) (root []string) {
	t.Helper()
	if name == "this computer" {
		return nil
	}
	program, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("no %s here (apt-get install busybox libarchive-tools)", name)
	}
	dir := t.TempDir()
	tools := []string{"tar"}
	if name == "busybox" {
		tools = []string{"tar", "sh", "xargs", "rm", "rmdir", "cat", "mv", "mkdir", "chown", "ls", "touch", "tr", "dirname", "basename", "grep", "sed"}
	}
	for _, tool := range tools {
		mounttest.Must(t, os.Symlink(program, filepath.Join(dir, tool)))
	}
	return []string{"env", "PATH=" + dir + ":" + os.Getenv("PATH")}
}

// TestCopyFollows: a copy is what the folder is, whatever is done to it.
func TestCopyFollows(t *testing.T) {
	for _, tools := range []string{"this computer", "busybox", "bsdtar"} {
		t.Run(tools, func(t *testing.T) { copyFollows(t, guestTools(t, tools)) })
	}
}

func copyFollows(t *testing.T, root []string) {
	f := pair(t)
	in := func(name string) string { return filepath.Join(f.Source, name) }
	mounttest.Write(t, in("a file"), "one")
	mounttest.Must(t, os.MkdirAll(in("deep/er/still"), 0o750))
	mounttest.Write(t, in("deep/er/still/x"), "deep")
	mounttest.Must(t, os.Chtimes(in("deep/er/still/x"), time.Time{}, time.Unix(1e9, 5)))
	mounttest.Write(t, in("-rf *"), "dashes")
	mounttest.Write(t, in("line\nbreak"), "lines")
	mounttest.Write(t, in("not \xff UTF-8"), "bytes")
	mounttest.Write(t, in("grüße 你好 "+strings.Repeat("lang", 40)), "long")
	mounttest.Must(t, os.Symlink("er/still/x", in("deep/link")))
	mounttest.Must(t, os.Symlink("nowhere", in("dangling")))
	c := startCopy(t, mounttest.StartSSHD(t).Dial(t), f, root...)
	c.follows(t)
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"create", func() error { return os.WriteFile(in("new"), []byte("new"), 0o640) }},
		{"change", func() error { return os.WriteFile(in("a file"), []byte("two"), 0o600) }},
		{"same size and age", func() error {
			return errors.Join(os.WriteFile(in("new"), []byte("nEw"), 0o640), os.Chtimes(in("new"), time.Time{}, time.Unix(2e9, 0)))
		}},
		{"executable", func() error { return os.Chmod(in("new"), 0o755) }},
		{"rename", func() error { return os.Rename(in("new"), in("deep/newer")) }},
		{"rename over", func() error { return os.Rename(in("deep/newer"), in("a file")) }},
		{"delete", func() error { return os.Remove(in("-rf *")) }},
		{"a folder moves", func() error { return os.Rename(in("deep"), in("moved")) }},
		{"and is written to", func() error { return os.WriteFile(in("moved/er/y"), []byte("y"), 0o600) }},
		{"a file becomes a folder", func() error { return errors.Join(os.Remove(in("a file")), os.Mkdir(in("a file"), 0o700)) }},
		{"and a link again", func() error { return errors.Join(os.Remove(in("a file")), os.Symlink("moved", in("a file"))) }},
		{"all goes", func() error { return os.RemoveAll(in("moved")) }},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: error = %v, want none", step.name, err)
		}
		t.Log(step.name)
		c.follows(t)
	}
	if err := c.stop(); err != nil {
		t.Errorf("Copy() after its context ended: error = %v, want none", err)
	}
}

// TestCopyLeavesOut: what is excluded, private, special, or leads out of the
// folder is not there, and what is told of it.
func TestCopyLeavesOut(t *testing.T) {
	f := pair(t)
	f.Private, f.Exclude = []string{filepath.Join(f.Source, "deep", "private")}, []string{"node_modules", "*.o", "deep/no"}
	for _, name := range []string{"yes", "x.o", ".fbdock/key", "sub/.FBDOCK/Vagrantfile", "deep/private/key", "node_modules/m", "deep/node_modules/m", "deep/no", "no"} {
		mounttest.Must(t, os.MkdirAll(filepath.Dir(filepath.Join(f.Source, name)), 0o700))
		mounttest.Write(t, filepath.Join(f.Source, name), name)
	}
	mounttest.Must(t, os.Link(filepath.Join(f.Source, "deep", "private", "key"), filepath.Join(f.Source, "second name of a key")))
	mounttest.Must(t, os.Symlink("/etc/passwd", filepath.Join(f.Source, "out")))
	mounttest.Must(t, os.Symlink("../../out", filepath.Join(f.Source, "deep", "up")))
	mounttest.Must(t, os.Symlink(filepath.Join(f.Source, "yes"), filepath.Join(f.Source, "within")))
	mounttest.Must(t, exec.Command("mkfifo", filepath.Join(f.Source, "fifo")).Run())
	c := startCopy(t, mounttest.StartSSHD(t).Dial(t), f)
	var got []string
	mounttest.Must(t, filepath.WalkDir(f.Target, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			got = append(got, strings.TrimPrefix(name, f.Target))
		}
		return err
	}))
	if want := []string{"/no", "/within", "/yes"}; !slices.Equal(got, want) {
		t.Errorf("the guest has %q, want %q", got, want)
	}
	if text, err := os.Readlink(filepath.Join(f.Target, "within")); text != filepath.Join(f.Target, "yes") {
		t.Errorf("Readlink(within) = %s, %v, want %s", text, err, filepath.Join(f.Target, "yes"))
	}
	mounttest.Must(t, c.stop())
	for name, words := range map[string]string{"out": "leads out", "deep/up": "leads out", "fifo": "no file"} {
		if !strings.Contains(c.words[name], words) {
			t.Errorf("Copy(): told of %s %q, want %q", name, c.words[name], words)
		}
	}
}

// TestCopyAgain: after an end the copy is completed, and no more is sent than
// what changed; what the guest made stays.
func TestCopyAgain(t *testing.T) {
	f := pair(t)
	for i := range 2000 {
		dir := filepath.Join(f.Source, fmt.Sprint(i%20))
		mounttest.Must(t, os.MkdirAll(dir, 0o700))
		mounttest.Write(t, filepath.Join(dir, fmt.Sprint(i)), fmt.Sprint(i))
	}
	client := mounttest.StartSSHD(t).Dial(t)
	c := startCopy(t, client, f)
	c.follows(t)
	mounttest.Must(t, c.stop())
	inode := func(name string) fs.FileInfo {
		info, err := os.Lstat(filepath.Join(f.Target, name))
		mounttest.Must(t, err)
		return info
	}
	other := inode("2/2")
	mounttest.Write(t, filepath.Join(f.Target, "1", "made here"), "by the guest")
	mounttest.Write(t, filepath.Join(f.Source, "2", "2"), "changed while nobody looked")
	mounttest.Must(t, os.RemoveAll(filepath.Join(f.Source, "1")))
	mounttest.Must(t, os.Remove(filepath.Join(f.Source, "3", "3")))
	mounttest.Must(t, os.Chtimes(filepath.Join(f.Target, "4", "4"), time.Time{}, time.Unix(1e9, 0)))
	c = startCopy(t, client, f)
	mounttest.Must(t, c.stop())
	if now := inode("2/2"); now.Size() == other.Size() {
		t.Error("Copy() again: 2/2 has its old size, want the changed file sent")
	}
	if now := inode("4/4"); now.ModTime().Unix() != 1e9 {
		t.Error("Copy() again: 4/4 has a new time, want the unchanged file not sent")
	}
	if entries, err := os.ReadDir(filepath.Join(f.Target, "1")); err != nil || len(entries) != 1 {
		t.Errorf("Copy() again: the guest's 1 has %v, %v, want only the file made in the guest", entries, err)
	}
	if _, err := os.Lstat(filepath.Join(f.Target, "3", "3")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Lstat(3/3) after its deletion on the host: error = %v, want ErrNotExist", err)
	}
}

// TestCopyFlush: who asks finds in the guest what was written before.
func TestCopyFlush(t *testing.T) {
	f := pair(t)
	c := startCopy(t, mounttest.StartSSHD(t).Dial(t), f)
	for i := range 20 {
		mounttest.Write(t, filepath.Join(f.Source, "file"), fmt.Sprint("text ", i))
		if i%4 == 0 {
			mounttest.Must(t, os.Mkdir(filepath.Join(f.Source, fmt.Sprint("dir", i)), 0o700))
		}
		for range 1 + i%2 { // the second has nothing to wait for
			done := make(chan struct{})
			select {
			case c.flush <- done:
			case err := <-c.done:
				t.Fatal(err)
			}
			<-done
			if here, there := tree(t, f.Source), tree(t, f.Target); here != there {
				t.Fatalf("flush %d: the guest has\n%s\nwant what the host has:\n%s", i, there, here)
			}
		}
	}
}

// TestCopyWhileWritten: a file that gets shorter and longer all the time does
// not end the copy, and is at last what it is.
func TestCopyWhileWritten(t *testing.T) {
	f := pair(t)
	name := filepath.Join(f.Source, "busy")
	mounttest.Write(t, name, strings.Repeat("x", 8<<20))
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				_ = os.WriteFile(name, []byte(strings.Repeat(strconv.Itoa(i%10), (i%3)<<20)), 0o600)
			}
		}
	}()
	c := startCopy(t, mounttest.StartSSHD(t).Dial(t), f)
	for i := range 5 {
		mounttest.Write(t, filepath.Join(f.Source, "beside"), strconv.Itoa(i))
		for text := ""; text != strconv.Itoa(i); {
			data, err := os.ReadFile(filepath.Join(f.Target, "beside"))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
			select {
			case err := <-c.done:
				c.done <- err
				t.Fatalf("Copy() ended early: error = %v, want it to go on", err)
			default:
				text = string(data)
			}
		}
	}
	close(stop)
	<-stopped
	mounttest.Write(t, name, "the end")
	c.follows(t)
}

// TestCopyForeign: a target with content that is not fbdock's is left alone.
func TestCopyForeign(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root has a guest's rights here")
	}
	f := pair(t)
	mounttest.Write(t, filepath.Join(f.Source, "a"), "host")
	mounttest.Must(t, os.MkdirAll(f.Target, 0o700))
	mounttest.Write(t, filepath.Join(f.Target, "a"), "guest")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := foldercopy.Copy(ctx, mounttest.StartSSHD(t).Dial(t), f, mount.Options{})
	guest, ok := errors.AsType[*mount.GuestError](err)
	if !ok || guest.Kind != mount.Foreign || !strings.Contains(guest.Hint(), "another target") {
		t.Errorf("Copy() into a folder of others: error = %v, want a GuestError of kind Foreign with a hint", err)
	}
	if data, err := os.ReadFile(filepath.Join(f.Target, "a")); string(data) != "guest" {
		t.Errorf("ReadFile(a) in the guest = %q, %v, want %q", data, err, "guest")
	}
}

// TestCopyLost: a copy ends with its link.
func TestCopyLost(t *testing.T) {
	f := pair(t)
	client := mounttest.StartSSHD(t).Dial(t)
	c := startCopy(t, client, f)
	mounttest.Must(t, client.Close())
	select {
	case err := <-c.done:
		c.done <- err
		if _, lost := errors.AsType[*link.LostError](err); !lost {
			t.Errorf("Copy() over a closed connection: error = %v, want a LostError", err)
		}
	case <-time.After(waittest.Limit):
		t.Fatalf("Copy() over a closed connection runs after %v, want it to return", waittest.Limit)
	}
}
