package confine_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/confine"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tree makes folders, files whose content is their name, and links.
func tree(t *testing.T, files []string, links map[string]string) string {
	t.Helper()
	base, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	for _, name := range files {
		file := filepath.Join(base, filepath.FromSlash(name))
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		must(t, os.WriteFile(file, []byte(name), 0o600))
	}
	for name, text := range links {
		link(t, text, filepath.Join(base, filepath.FromSlash(name)))
	}
	return base
}

// link makes a symbolic link. Wine says that it has, and has not.
func link(t *testing.T, text, name string) {
	t.Helper()
	err := os.Symlink(text, name)
	if info, missing := os.Lstat(name); err == nil && (missing != nil || info.Mode()&fs.ModeSymlink == 0) {
		err = errors.New("what was made is no symbolic link")
	}
	if err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
}

func open(t *testing.T, dir string, private ...string) *confine.Root {
	t.Helper()
	root, err := confine.Open(dir, confine.Options{Private: private})
	must(t, err)
	t.Cleanup(func() { must(t, root.Close()) })
	return root
}

func read(root *confine.Root, name string) (string, error) {
	file, err := root.Open(name, os.O_RDONLY, 0)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	return string(text), err
}

func TestPrivate(t *testing.T) {
	t.Parallel()
	base := tree(t, []string{"state/a/key", "other/.fbdock/key", "project/f"}, map[string]string{"link": "state/a", "project/up": "..", "alias": "state"})
	private := []string{filepath.Join(base, "alias"), filepath.Join(base, "later")}
	for path, want := range map[string]string{
		"state": "state", "state/a": "state", "state/a/key": "state", "state/none": "state", "link": "state", "link/key": "state", "project/up/link": "state",
		"later": "later", "later/x": "later", "other/.fbdock": "other/.fbdock", "other/.fbdock/x": "other/.fbdock", "other/.FBDOCK": "other/.FBDOCK",
		"project": "", "project/f": "", "project/up": "", "other": "", ".": "",
	} {
		if want != "" {
			want = filepath.Join(base, filepath.FromSlash(want))
		}
		if got := confine.Private(filepath.Join(base, filepath.FromSlash(path)), private); !strings.EqualFold(got, want) {
			t.Errorf("Private(%s) = %q, want %q", path, got, want)
		}
	}
}

func TestOpenOverALink(t *testing.T) {
	t.Parallel()
	base := tree(t, []string{"real/deep/f", "state/f"}, map[string]string{"link": "real", "real/again": "deep"})
	for _, name := range []string{"link", "link/deep", "real/again"} {
		if _, err := confine.Open(filepath.Join(base, filepath.FromSlash(name)), confine.Options{}); !errors.Is(err, confine.ErrLink) {
			t.Errorf("Open(%s): %v, want ErrLink", name, err)
		}
	}
	for _, name := range []string{"none", "real/deep/f"} {
		if _, err := confine.Open(filepath.Join(base, filepath.FromSlash(name)), confine.Options{}); err == nil || errors.Is(err, confine.ErrLink) {
			t.Errorf("Open(%s): %v, want an error that is not ErrLink", name, err)
		}
	}
	_, err := confine.Open(filepath.Join(base, "state"), confine.Options{Private: []string{filepath.Join(base, "state")}})
	if _, ok := errors.AsType[*confine.PrivateError](err); !ok {
		t.Errorf("Open of a private folder: %v, want a PrivateError", err)
	}
}

// TestFolderReplaced: what a name leads to is found anew, however often it was
// found before.
func TestFolderReplaced(t *testing.T) {
	t.Parallel()
	base := tree(t, []string{"served/a/b/f", "outside/b/f", "served/c/b/f"}, nil)
	served := filepath.Join(base, "served")
	root := open(t, served)
	for range 3 {
		if text, err := read(root, "a/b/f"); err != nil || text != "served/a/b/f" {
			t.Fatalf("read(a/b/f) = %q, %v, want \"served/a/b/f\"", text, err)
		}
	}
	must(t, os.Rename(filepath.Join(served, "a"), filepath.Join(served, "old")))
	if err := os.Symlink("old", filepath.Join(served, "a")); err == nil {
		if text, err := read(root, "a/b/f"); err == nil {
			t.Errorf("read(a/b/f) over a link to the same folder = %q, want an error", text)
		}
		must(t, os.Remove(filepath.Join(served, "a")))
	}
	must(t, os.Rename(filepath.Join(served, "c"), filepath.Join(served, "a")))
	if text, err := read(root, "a/b/f"); err != nil || text != "served/c/b/f" {
		t.Errorf("read(a/b/f) after a rename = %q, %v, want served/c/b/f", text, err)
	}
	must(t, os.RemoveAll(filepath.Join(served, "a")))
	link(t, "../outside", filepath.Join(served, "a"))
	if text, err := read(root, "a/b/f"); err == nil {
		t.Errorf("read(a/b/f) over a link = %q, want an error", text)
	}
	// The folder itself moves along.
	must(t, os.Rename(served, filepath.Join(base, "moved")))
	if text, err := read(root, "old/b/f"); err != nil || text != "served/a/b/f" {
		t.Errorf("read(old/b/f) after a move of the root = %q, %v, want \"served/a/b/f\"", text, err)
	}
}

// TestPrivateChanges: the private path leads elsewhere by now, to a folder that
// was open before and is known.
func TestPrivateChanges(t *testing.T) {
	t.Parallel()
	base := tree(t, []string{"served/a/b/c/key", "first/key"}, map[string]string{"state": "first"})
	root := open(t, filepath.Join(base, "served"), filepath.Join(base, "state"))
	for range 3 {
		if _, err := read(root, "a/b/c/key"); err != nil {
			t.Fatal(err)
		}
	}
	must(t, os.Remove(filepath.Join(base, "state")))
	must(t, os.Symlink("served/a/b", filepath.Join(base, "state")))
	refused := false
	for range 100 { // what the host's user changes outside of the folder is seen within a second
		if _, err := read(root, "a/b/c/key"); errors.Is(err, fs.ErrNotExist) {
			refused = true
			break
		}
		wait(t)
	}
	if !refused {
		t.Error("a folder that has become private is still read, want it refused")
	}
	if err := root.Rename("a", "x", true); !errors.Is(err, confine.ErrPrivate) {
		t.Errorf("Rename of the folder around it: %v, want ErrPrivate", err)
	}
}

// TestPrivateMadeAsALink: fbdock's user makes a link of a private path that was
// not there. What it leads to is private from then on, by whatever name.
func TestPrivateMadeAsALink(t *testing.T) {
	t.Parallel()
	base := tree(t, []string{"served/a/b/key", "served/f"}, nil)
	served := filepath.Join(base, "served")
	root := open(t, served, filepath.Join(served, "state"))
	for range 3 {
		if _, err := read(root, "a/b/key"); err != nil {
			t.Fatal(err)
		}
	}
	link(t, "a/b", filepath.Join(served, "state"))
	for name, do := range map[string]func() error{
		"read":   func() error { _, err := read(root, "a/b/key"); return err },
		"list":   func() error { _, err := root.OpenDir("a/b"); return err },
		"create": func() error { _, err := root.Open("a/b/new", os.O_WRONLY|os.O_CREATE, 0o600); return err },
		"rename": func() error { return root.Rename("a", "x", true) },
		"out":    func() error { return root.Rename("a/b/key", "x", true) },
		"in":     func() error { return root.Rename("f", "a/b/f", true) },
		"link":   func() error { return root.Link("a/b/key", "x") },
		"unlink": func() error { return root.Remove("state") },
	} {
		if err := do(); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s of a private link: error = %v, want a refusal", name, err)
		}
	}
}

// wait lets some time pass.
func wait(t *testing.T) {
	t.Helper()
	select {
	case <-t.Context().Done():
		t.Fatal("the context of the test has ended, want the condition before")
	case <-time.After(50 * time.Millisecond):
	}
}
