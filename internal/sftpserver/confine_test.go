package sftpserver_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/fbdock/fbdock/internal/sftpserver"
)

func symlink(t *testing.T, text, name string) {
	t.Helper()
	if err := os.Symlink(text, name); err != nil {
		t.Skipf("no symlinks here: %v", err)
	}
}

// TestNothingOutsideIsReached is what the folder's borders are for.
func TestNothingOutsideIsReached(t *testing.T) {
	t.Parallel()
	base := folder(t)
	dir, secret := filepath.Join(base, "served"), filepath.Join(base, "secret")
	write(t, filepath.Join(dir, "in"), "inside")
	write(t, secret, "secret")
	must(t, os.Mkdir(filepath.Join(base, "outside"), 0o755))
	symlink(t, "../secret", filepath.Join(dir, "relative"))
	symlink(t, secret, filepath.Join(dir, "absolute"))
	symlink(t, base, filepath.Join(dir, "parent"))
	symlink(t, "loop", filepath.Join(dir, "loop"))
	symlink(t, "in", filepath.Join(dir, "fine"))
	c := client(t, sftpserver.Options{Dir: dir})
	for _, name := range []string{
		"/../secret", "../secret", "/relative", "/absolute", "/parent/secret", "/loop", "/in/../../secret",
		"/parent/served/in", "/x\x00y",
	} {
		// ".." ends at the folder, so that some of the names are made there.
		if text, _ := content(t, c.Open, name); text == "secret" {
			t.Errorf("Open(%q) read %q, want no text from outside of the folder", name, text)
		}
		if file, err := c.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC); err == nil {
			_, _ = file.Write([]byte("x"))
			_ = file.Close()
		}
		_ = c.Chmod(name, 0o777)
		_ = c.Truncate(name, 0)
	}
	for _, name := range []string{"/relative", "/absolute", "/parent/secret"} {
		if _, err := c.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Stat(%s), a link that leads out: %v, want ErrNotExist", name, err)
		}
	}
	if _, err := c.ReadDir("/parent"); err == nil {
		t.Error("ReadDir(/parent), a link that leads out: no error, want one")
	}
	for what, do := range map[string]func() error{
		"rename out": func() error { return c.PosixRename("/in", "/parent/stolen") },
		"rename in":  func() error { return c.PosixRename("/parent/secret", "/mine") },
		"link":       func() error { return c.Link("/parent/secret", "/mine") },
		"mkdir":      func() error { return c.Mkdir("/parent/new") },
		"remove":     func() error { return c.Remove("/parent/secret") },
		"rmdir":      func() error { return c.RemoveDirectory("/parent/outside") },
		"root":       func() error { return c.RemoveDirectory("/") },
	} {
		if err := do(); err == nil {
			t.Errorf("%s through a link that leads out: no error, want one", what)
		}
	}
	info, err := os.Stat(secret)
	must(t, err)
	if text, _ := os.ReadFile(secret); string(text) != "secret" || (runtime.GOOS != "windows" && info.Mode().Perm() != 0o644) {
		t.Errorf("the file outside of the folder: text %q, mode %v, want \"secret\", -rw-r--r--", text, info.Mode())
	}
	if entries, _ := os.ReadDir(base); len(entries) != 3 {
		t.Errorf("ReadDir of the folder's parent = %v, want 3 entries", entries)
	}
	// The guest's kernel follows links, the server none.
	if _, err := c.Open("/fine"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open(/fine), a link that stays: %v, want ErrNotExist", err)
	}
	// What a link says is no secret, and the guest resolves it by itself.
	if text, err := c.ReadLink("/absolute"); err != nil || text != secret {
		t.Errorf("ReadLink(/absolute) = %q, %v, want %q", text, err, secret)
	}
}

// TestRacingLink: a folder is swapped for a link that leaves while names
// below it are opened.
func TestRacingLink(t *testing.T) {
	t.Parallel()
	base := folder(t)
	dir := filepath.Join(base, "served")
	write(t, filepath.Join(dir, "d", "f"), "inside")
	write(t, filepath.Join(base, "out", "f"), "secret")
	symlink(t, "../out", filepath.Join(dir, "evil"))
	c := client(t, sftpserver.Options{Dir: dir})
	stop := make(chan struct{})
	var racing sync.WaitGroup
	racing.Go(func() {
		at := func(name string) string { return filepath.Join(dir, name) }
		for {
			select {
			case <-stop:
				return
			default:
				_ = os.Rename(at("d"), at("aside"))
				_ = os.Rename(at("evil"), at("d"))
				_ = os.Rename(at("d"), at("evil"))
				_ = os.Rename(at("aside"), at("d"))
			}
		}
	})
	seen := 0
	for range 3000 {
		text, err := content(t, c.Open, "/d/f")
		if text == "secret" {
			t.Fatalf("Open(/d/f) read %q from outside of the folder, want nothing from there", text)
		}
		if err == nil && text == "inside" {
			seen++
		}
		infos, _ := c.ReadDir("/d")
		for _, i := range infos {
			if i.Name() != "f" {
				t.Fatalf("ReadDir(/d) lists %s, want only f", i.Name())
			}
		}
	}
	close(stop)
	racing.Wait()
	t.Logf("%d of 3000 were read", seen)
}

func TestPrivateIsNotThere(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	write(t, filepath.Join(dir, "p", ".fbdock", "key"), "key")
	write(t, filepath.Join(dir, "p", ".fbdockrc"), "mine")
	c := client(t, sftpserver.Options{Dir: dir, Private: []string{filepath.Join(dir, "p", ".fbdock")}})
	for _, name := range []string{"/p/.fbdock", "/p/.fbdock/key", "/p/.FBDOCK/key", "/p/x/../.fbdock/key"} {
		if _, err := c.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Lstat(%s) of a private file: error = %v, want ErrNotExist", name, err)
		}
		if _, err := c.Open(name); err == nil {
			t.Errorf("Open(%s) of a private file: no error, want one", name)
		}
		if _, err := c.OpenFile(name, os.O_WRONLY|os.O_CREATE); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("OpenFile(%s, O_WRONLY|O_CREATE) of a private file: error = %v, want ErrPermission", name, err)
		}
		if err := c.Remove(name); err == nil {
			t.Errorf("Remove(%s) of a private file: no error, want one", name)
		}
	}
	infos, err := c.ReadDir("/p")
	if err != nil || len(infos) != 1 || infos[0].Name() != ".fbdockrc" {
		t.Errorf("ReadDir(/p) = %v, %v, want only .fbdockrc", infos, err)
	}
	// Under another name it would be seen.
	if err := c.PosixRename("/p", "/q"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("PosixRename(/p, /q) of the folder that holds a private one: error = %v, want ErrPermission", err)
	}
	if text, err := content(t, c.Open, "/p/.fbdockrc"); err != nil || text != "mine" {
		t.Errorf("Open(/p/.fbdockrc) read %q, %v, want \"mine\"", text, err)
	}
}

// TestLinkTexts: the texts of links are translated both ways.
func TestLinkTexts(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	symlink(t, "host", filepath.Join(dir, "l"))
	c := client(t, sftpserver.Options{
		Dir:       dir,
		GuestLink: func(text string) string { return "guest-of-" + text }, HostLink: func(text string) string { return "host-of-" + text },
	})
	if text, err := c.ReadLink("/l"); err != nil || text != "guest-of-host" {
		t.Errorf("ReadLink(/l) = %q, %v, want guest-of-host", text, err)
	}
	must(t, c.Symlink("x", "/made"))
	if text, err := os.Readlink(filepath.Join(dir, "made")); err != nil || text != "host-of-x" {
		t.Errorf("Symlink(x) made a link to %q, %v, want host-of-x", text, err)
	}
}
