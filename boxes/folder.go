package boxes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Modes of what is kept here: one user's alone.
const (
	dirMode  fs.FileMode = 0o700
	fileMode fs.FileMode = 0o600
)

// maxNote bounds a note beside a file.
const maxNote = 16 << 10

// folder is a private folder of this user, opened once: names are looked up
// in it and nowhere else, and no link in it is followed.
type folder struct{ root *os.Root }

// openFolder makes a folder where it is missing. It must be this user's and
// is made private. The path to it may have links, which are the user's own:
// one of another user could lead anywhere, and the fallback of the cache is
// below a folder that everybody can write to.
func openFolder(path string) (*folder, error) {
	if err := os.MkdirAll(path, dirMode); err != nil {
		return nil, fmt.Errorf("make the cache: %w", err)
	}
	for _, at := range []string{filepath.Dir(path), path} {
		info, err := os.Lstat(at)
		if err != nil {
			return nil, fmt.Errorf("open the cache: %w", err)
		}
		if !owned(info) && !system(info) {
			return nil, &UnsafeError{Path: at, Reason: "belongs to another user"}
		}
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("open the cache: %w", err)
	}
	return private(root)
}

// LockFolder makes a private folder where it is missing, as openFolder does,
// and keeps other processes out of what goes by this name in it. busy, which may
// be nil, is told once that another has it, and since when.
func LockFolder(ctx context.Context, path, name string, busy func(since time.Time)) (unlock func() error, err error) {
	d, err := openFolder(path)
	if err != nil {
		return nil, err
	}
	defer d.close()
	return d.lock(ctx, name, waiting{busy: busy})
}

// private is root as a folder once it is this user's alone.
func private(root *os.Root) (*folder, error) {
	info, err := root.Stat(".")
	switch {
	case err != nil:
	case !owned(info):
		err = &UnsafeError{Path: root.Name(), Reason: "belongs to another user"}
	case shared(info):
		err = root.Chmod(".", dirMode)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the cache: %w", err), root.Close())
	}
	return &folder{root: root}, nil
}

// sub opens a folder in the folder.
func (d *folder) sub(name string) (*folder, error) {
	if err := d.root.Mkdir(name, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("make the cache: %w", err)
	}
	before, err := d.root.Lstat(name)
	if err != nil {
		return nil, fmt.Errorf("open the cache: %w", err)
	}
	if !before.IsDir() {
		return nil, &UnsafeError{Path: d.path(name), Reason: "is not a folder"}
	}
	root, err := d.root.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("open the cache: %w", err)
	}
	if after, err := root.Stat("."); err != nil || !os.SameFile(before, after) {
		return nil, errors.Join(&UnsafeError{Path: d.path(name), Reason: "changed while it was opened"}, root.Close())
	}
	return private(root)
}

func (d *folder) path(name string) string { return filepath.Join(d.root.Name(), name) }

// close only gives the descriptor back: nothing is written through it.
func (d *folder) close() { _ = d.root.Close() }

// look is a regular file of this user's by its name; a link is refused.
func (d *folder) look(name string) (fs.FileInfo, error) {
	info, err := d.root.Lstat(name)
	switch {
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, &UnsafeError{Path: d.path(name), Reason: "is a symbolic link"}
	case !info.Mode().IsRegular():
		return nil, &UnsafeError{Path: d.path(name), Reason: "is no regular file"}
	case !owned(info):
		return nil, &UnsafeError{Path: d.path(name), Reason: "belongs to another user"}
	}
	return info, nil
}

// open opens a file that look accepts. What was looked at and what was opened
// are the same file, or it is an error: os.Root follows links in the folder.
func (d *folder) open(name string, flag int) (*os.File, error) {
	before, err := d.look(name)
	if err == nil && flag != os.O_RDONLY && linked(before) {
		err = &UnsafeError{Path: d.path(name), Reason: "has a second name: what is written to it would change another file"}
	}
	if err != nil {
		return nil, err
	}
	f, err := d.root.OpenFile(name, flag, 0)
	if err != nil {
		return nil, err
	}
	after, err := f.Stat()
	if err == nil && !os.SameFile(before, after) {
		err = &UnsafeError{Path: d.path(name), Reason: "changed while it was opened"}
	}
	if err == nil && shared(after) {
		err = f.Chmod(fileMode)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// create makes a file that is not there.
func (d *folder) create(name string) (*os.File, error) {
	return d.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode)
}

// remove deletes files, links themselves; ones that are not there are fine.
func (d *folder) remove(names ...string) error {
	for _, name := range names {
		if err := d.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove from the cache: %w", err)
		}
	}
	return nil
}

// read is the content of a small file.
func (d *folder) read(name string) ([]byte, error) {
	f, err := d.open(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxNote))
}

// write replaces a small file. One that is cut short by a crash is no JSON,
// which readers take for none.
func (d *folder) write(name string, data []byte) error {
	if err := d.remove(name); err != nil {
		return err
	}
	f, err := d.create(name)
	if err != nil {
		return fmt.Errorf("write to the cache: %w", err)
	}
	if _, err := f.Write(data); err != nil {
		return errors.Join(fmt.Errorf("write to the cache: %w", err), f.Close())
	}
	return f.Close()
}
