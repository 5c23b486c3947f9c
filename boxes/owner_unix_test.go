//go:build !windows

package boxes_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/fbdock/fbdock/boxes"
)

// modes walks the cache and looks at what others may do there.
func modes(t *testing.T, c boxes.Cache) {
	t.Helper()
	if err := filepath.WalkDir(c.Dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		want := fs.FileMode(0o600)
		if e.IsDir() {
			want = 0o700
		}
		if err == nil && info.Mode().Perm() != want {
			t.Errorf("mode of %s = %v, want %v", path, info.Mode().Perm(), want)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

func TestCacheIsPrivate(t *testing.T) {
	t.Run("modes under any umask", func(t *testing.T) { // not parallel: the mask is the process's
		for _, mask := range []int{0o000, 0o077} {
			old := syscall.Umask(mask)
			m := serve(t, whole)
			c := cache(t, m)
			err := os.MkdirAll(c.Dir, 0o777) // as somebody else would have made it
			if err == nil {
				mustFetch(t, c, image(m))
			}
			syscall.Umask(old)
			if err != nil {
				t.Fatal(err)
			}
			modes(t, c)
		}
	})
	t.Run("another user's", func(t *testing.T) {
		if os.Geteuid() != 0 {
			t.Skip("only root can give a folder to another user")
		}
		m := serve(t, whole)
		c := cache(t, m)
		if err := os.MkdirAll(c.Dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(c.Dir, 12345, 12345); err != nil {
			t.Fatal(err)
		}
		refused(t, c, image(m), "belongs to another user")
		// One in it is another user's.
		stored := filepath.Join(c.Dir, "sha512")
		if err := errors.Join(os.Chown(c.Dir, os.Geteuid(), -1), os.Mkdir(stored, 0o700), os.Chown(stored, 12345, 12345)); err != nil {
			t.Fatal(err)
		}
		refused(t, c, image(m), "belongs to another user")
		if err := os.Remove(stored); err != nil {
			t.Fatal(err)
		}
		// The folder is ours; the link to it is not.
		if err := os.Mkdir(c.Dir+".real", 0o700); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Remove(c.Dir), os.Symlink(c.Dir+".real", c.Dir), os.Lchown(c.Dir, 12345, 12345)); err != nil {
			t.Fatal(err)
		}
		refused(t, c, image(m), "belongs to another user")
	})
}
