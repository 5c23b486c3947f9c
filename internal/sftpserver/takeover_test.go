package sftpserver_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/pkg/sftp"
)

// grab tries whatever reads or changes a name, and fails the test when the
// sentinel comes out or something is told to have been done.
func grab(t *testing.T, c *sftp.Client, name string) {
	t.Helper()
	if text, err := content(t, c.Open, name); err == nil {
		t.Errorf("Open(%q) of a private file read %.40q, want an error", name, text)
	}
	if info, err := c.Stat(name); err == nil {
		t.Errorf("Stat(%q) of a private file = %d bytes, want an error", name, info.Size())
	}
	if infos, err := c.ReadDir(name); err == nil {
		t.Errorf("ReadDir(%q) of a private folder = %d names, want an error", name, len(infos))
	}
	for what, do := range map[string]func() error{
		"write": func() error {
			file, err := c.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
			if err == nil {
				_, err = file.Write([]byte("attack"))
				_ = file.Close()
			}
			return err
		},
		"link": func() error { return c.Link(name, "/stolen") }, "move": func() error { return c.PosixRename(name, "/stolen") },
		"rename": func() error { return c.Rename(name, "/stolen") }, "replace": func() error { return c.PosixRename("/src/f", name) },
		"truncate": func() error { return c.Truncate(name, 0) }, "remove": func() error { return c.Remove(name) },
		"chmod": func() error { return c.Chmod(name, 0o777) }, "chtimes": func() error { return c.Chtimes(name, time.Now(), time.Unix(1, 0)) },
	} {
		if err := do(); err == nil {
			t.Errorf("%s %q of a private file: no error, want one", what, name)
		}
	}
}

func TestSymlinkToPrivate(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	c := serving(t, v.project, false, v.private...)
	for link, text := range map[string]string{"/x": ".fbdock", "/y": ".", "/src/z": "../deep", "/w": filepath.Join(v.base, "state"), "/o": "../outside"} {
		if err := c.Symlink(text, link); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
	}
	for _, name := range []string{
		"/x/dev/key", "/x/Vagrantfile", "/y/.fbdock/dev/key", "/src/z/state/key", "/w/key", "/o/secret", "/y/y/src/f", "/y/src/f",
	} {
		grab(t, c, name)
	}
	v.unharmed(t)
}

// TestLinkOfTheProject is what the project has itself, such as
// node_modules/self -> .. of npm, and what read_only is of no help against.
func TestLinkOfTheProject(t *testing.T) {
	t.Parallel()
	for _, readOnly := range []bool{false, true} {
		v := newVictim(t)
		must(t, os.Mkdir(filepath.Join(v.project, "node_modules"), 0o755))
		symlink(t, "..", filepath.Join(v.project, "node_modules", "self"))
		symlink(t, ".fbdock", filepath.Join(v.project, "state"))
		symlink(t, filepath.Join(".fbdock", "dev", "key"), filepath.Join(v.project, "key"))
		c := serving(t, v.project, readOnly, v.private...)
		for _, name := range []string{
			"/node_modules/self/.fbdock/dev/key", "/node_modules/self/.fbdock", "/state/dev/key", "/node_modules/self/src/f", "/node_modules/self/node_modules/self/.fbdock/Vagrantfile",
		} {
			grab(t, c, name)
		}
		if text, err := content(t, c.Open, "/key"); err == nil {
			t.Errorf("Open(/key), a link to a private key, read %q, want an error", text)
		}
		v.unharmed(t)
	}
}

func TestPrivateByItsName(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	c := serving(t, v.project, false, v.private...)
	for _, name := range []string{
		"/.fbdock/dev/key", "/.fbdock/Vagrantfile", "/deep/state/key", "/nested/.fbdock/Vagrantfile", "/.fbdock/new", "/deep/state/new", "/nested/.fbdock",
	} {
		grab(t, c, name)
	}
	for what, do := range map[string]func() error{
		"rename the private folder":        func() error { return c.PosixRename("/deep/state", "/stolen") },
		"rename the folder that holds it":  func() error { return c.PosixRename("/deep", "/stolen") },
		"move another folder in its place": func() error { return c.PosixRename("/src", "/deep/state") },
		"replace the folder that holds it": func() error { return c.PosixRename("/src", "/deep") },
		"move a folder into it":            func() error { return c.PosixRename("/src", "/deep/state/src") },
		"mkdir in it":                      func() error { return c.Mkdir("/deep/state/new") },
		"mkdir a state folder":             func() error { return c.Mkdir("/src/.fbdock") },
		"rename to a state folder":         func() error { return c.PosixRename("/src", "/nested2/.fbdock") },
		"symlink to a state folder's name": func() error { return c.Symlink("/src", "/src/.fbdock") },
		"symlink in it":                    func() error { return c.Symlink("x", "/deep/state/link") },
		"rmdir it":                         func() error { return c.RemoveDirectory("/deep/state") },
		"chmod the folder that holds it":   func() error { return c.Chmod("/deep", 0o777) },
	} {
		if err := do(); !errors.Is(err, fs.ErrPermission) && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s of a private folder: error = %v, want ErrPermission or ErrNotExist", what, err)
		}
	}
	for dir, want := range map[string][]string{"/": {"deep", "nested", "src"}, "/deep": nil, "/nested": nil} {
		infos, err := c.ReadDir(dir)
		var names []string
		for _, i := range infos {
			names = append(names, i.Name())
		}
		slices.Sort(names)
		if err != nil || !slices.Equal(names, want) {
			t.Errorf("ReadDir(%s) = %q, %v, want %q", dir, names, err, want)
		}
	}
	v.unharmed(t)
}

// TestHardLinkOfTheHost: a private file has a second name in the project,
// which the host's user made.
func TestHardLinkOfTheHost(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	for name, private := range map[string]string{"second": "project/deep/state/key", "third": "state/key"} {
		file := filepath.Join(v.project, name)
		if err := os.Link(filepath.Join(v.base, filepath.FromSlash(private)), file); err != nil {
			t.Skipf("no hard links here: %v", err)
		}
		v.files[file] = v.files[filepath.Join(v.base, filepath.FromSlash(private))]
	}
	// Other files with two names are open.
	must(t, os.Link(filepath.Join(v.project, "src", "f"), filepath.Join(v.project, "src", "g")))
	c := serving(t, v.project, false, v.private...)
	grab(t, c, "/second")
	grab(t, c, "/third")
	if infos, err := c.ReadDir("/"); runtime.GOOS != "windows" && (err != nil || len(infos) != 3) {
		t.Errorf("ReadDir(/) = %v, %v, want deep, nested, src", infos, err)
	}
	if text, err := content(t, c.Open, "/src/g"); err != nil || text != "mine" {
		t.Errorf("Open(/src/g) read %q, %v, want mine", text, err)
	}
	v.unharmed(t)
}

// TestPrivateMadeLater: a private path that is not there cannot be made by the
// guest, nor what would lead to it, and is refused as soon as fbdock makes it.
func TestPrivateMadeLater(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	later := filepath.Join(v.project, "src", "a", "b", "state")
	direct := filepath.Join(v.project, "run")
	c := serving(t, v.project, false, append(v.private, later, direct)...)
	for what, do := range map[string]func() error{
		"mkdir":            func() error { return c.Mkdir("/run") },
		"mkdir on the way": func() error { return c.Mkdir("/src/a") },
		"link on the way":  func() error { return c.Symlink("/nested", "/src/a") },
		"rename":           func() error { return c.PosixRename("/src/f", "/run") },
		"create":           func() error { _, err := c.Create("/run"); return err },
		"rename the root of the way": func() error {
			return c.PosixRename("/src", "/moved")
		},
	} {
		if err := do(); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s: error = %v, want ErrPermission", what, err)
		}
	}
	// Folders that the session knows by then.
	for range 3 {
		if _, err := c.Stat("/src/f"); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{later, direct} {
		write(t, filepath.Join(dir, "key"), sentinel)
		v.files[filepath.Join(dir, "key")] = sentinel
	}
	grab(t, c, "/src/a/b/state/key")
	grab(t, c, "/run/key")
	if err := c.PosixRename("/src/a", "/moved"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("rename of a folder with a private one: %v, want ErrPermission", err)
	}
	v.unharmed(t)
}

// TestPrivateElsewhere: the home folder is mounted, the private folder lies
// deep in it behind a link of the host's user.
func TestPrivateElsewhere(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	symlink(t, filepath.Join("project", "deep"), filepath.Join(v.base, "short"))
	must(t, os.Rename(filepath.Join(v.base, "outside"), filepath.Join(v.project, "outside")))
	private := filepath.Join(v.base, "short", "state")
	c := serving(t, v.base, false, private)
	for _, name := range []string{"/project/deep/state/key", "/short/state/key", "/short/state"} {
		if text, err := content(t, c.Open, name); err == nil {
			t.Errorf("Open(%q) read the private text %q, want an error", name, text)
		}
		if _, err := c.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Stat(%q): %v, want ErrNotExist", name, err)
		}
	}
	for _, name := range []string{"/short", "/project/deep/state", "/project/deep", "/project"} {
		if err := c.PosixRename(name, "/moved"); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("PosixRename(%q): %v, want ErrPermission", name, err)
		}
	}
	if err := c.Remove("/short"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Remove(/short), the link on the way: %v, want ErrPermission", err)
	}
}
