package provision_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// programs are the folders whose files no guest changes: copies share them by
// hard links.
var programs = []string{"lib", "lib64", "sbin", "usr/bin", "usr/sbin", "usr/lib", "usr/lab", "lab"}

// copyGuest copies a guest's file system as `cp -a` does, with the holes of its
// disks. Programs are not copied: a test that has another one in their place
// removes the name first. Thousands of guests are made so; a shell with cp took
// a third of the time of all faults.
func copyGuest(t *testing.T, from, to string) {
	t.Helper()
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := copyTree(from, to, ""); err != nil {
		t.Fatalf("copy the lab to %s: error = %v, want none", to, err)
	}
}

// copyTree copies what is in the folder name of one root to the same of another.
func copyTree(from, to, name string) error {
	entries, err := os.ReadDir(filepath.Join(from, name))
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil {
			err = copyEntry(from, to, filepath.Join(name, e.Name()), info)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func copyEntry(from, to, name string, info fs.FileInfo) error {
	source, target := filepath.Join(from, name), filepath.Join(to, name)
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return errors.New(name + " has no owner")
	}
	if info.Mode().IsRegular() && slices.ContainsFunc(programs, func(dir string) bool { return strings.HasPrefix(name, dir+"/") }) {
		return os.Link(source, target)
	}
	var err error
	switch mode := info.Mode(); {
	case mode.IsDir():
		if err = os.Mkdir(target, 0o700); err == nil {
			err = copyTree(from, to, name)
		}
	case mode.IsRegular():
		err = copyFile(source, target, info.Size())
	case mode&fs.ModeSymlink != 0:
		var link string
		if link, err = os.Readlink(source); err == nil {
			err = os.Symlink(link, target)
		}
	default:
		err = unix.Mknod(target, stat.Mode, int(stat.Rdev)) //nolint:gosec // a device's number is what the kernel gave
	}
	if err != nil {
		return err
	}
	if err := os.Lchown(target, int(stat.Uid), int(stat.Gid)); err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return nil
	}
	if err := unix.Chmod(target, stat.Mode&0o7777); err != nil {
		return err
	}
	return os.Chtimes(target, info.ModTime(), info.ModTime())
}

// copyFile copies what is in a file, and no holes.
func copyFile(from, to string, size int64) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	for at := int64(0); at < size; {
		start, err := unix.Seek(int(source.Fd()), at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			break // a hole to the end
		} else if err != nil {
			return errors.Join(err, target.Close())
		}
		end, err := unix.Seek(int(source.Fd()), start, unix.SEEK_HOLE)
		if err == nil {
			_, err = io.Copy(io.NewOffsetWriter(target, start), io.NewSectionReader(source, start, end-start))
		}
		if err != nil {
			return errors.Join(err, target.Close())
		}
		at = end
	}
	return errors.Join(target.Truncate(size), target.Close())
}
