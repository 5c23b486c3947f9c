package state

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/internal/privatefile"
)

// File is one file of a tree to be written.
type File struct {
	Name string // slash-separated, relative
	Data []byte
	Mode fs.FileMode // 0 is 0600
}

// Write writes a file of the folder, all of it or nothing, private, making
// the folders above it. What is the same is left alone: a command that changes
// nothing works on a full disk. path is one that Dir or Machine gave.
func (d Dir) Write(path string, data []byte) error {
	return d.write(path, data, fileMode)
}

func (d Dir) write(path string, data []byte, mode fs.FileMode) error {
	if err := d.put(path, data, mode); err != nil {
		return err
	}
	return d.sync(filepath.Dir(path))
}

// put writes a file whose name sync brings to the disk.
func (d Dir) put(path string, data []byte, mode fs.FileMode) error {
	if err := d.mkdir(filepath.Dir(path)); err != nil {
		return err
	}
	if err := d.inside(path); err != nil {
		return err
	}
	if same(path, data, mode) {
		return nil
	}
	return d.store.writer.Put(path, data, mode)
}

func (d Dir) sync(folder string) error {
	if err := d.store.writer.SyncDir(folder); err != nil {
		return fmt.Errorf("write %s: %w", folder, err)
	}
	return nil
}

// WriteTree makes folder hold exactly files: what is the same is left
// alone, what is not named is removed. It tells whether anything changed.
func (d Dir) WriteTree(folder string, files []File) (changed bool, err error) {
	keep := make(map[string]bool, len(files))
	written := map[string]bool{} // folders
	for _, f := range files {
		local := filepath.FromSlash(f.Name)
		if !filepath.IsLocal(local) {
			return changed, fmt.Errorf("write %s: %q leaves the folder", folder, f.Name)
		}
		path := filepath.Join(folder, local)
		keep[path] = true
		mode := f.Mode
		if mode == 0 {
			mode = fileMode
		}
		if same(path, f.Data, mode) {
			continue
		}
		changed = true
		if err := d.put(path, f.Data, mode); err != nil {
			return changed, err
		}
		written[filepath.Dir(path)] = true
	}
	for _, dir := range slices.Sorted(maps.Keys(written)) {
		if err := d.sync(dir); err != nil {
			return changed, err
		}
	}
	removed, err := d.prune(folder, keep)
	return changed || removed, err
}

func same(path string, data []byte, mode fs.FileMode) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() != int64(len(data)) {
		return false
	}
	// Windows knows only read-only or not; comparing the rest would
	// rewrite everything each time.
	if (info.Mode().Perm()^mode.Perm())&0o200 != 0 || (filepath.Separator == '/' && info.Mode().Perm() != mode.Perm()) {
		return false
	}
	old, err := privatefile.Read(path)
	return err == nil && bytes.Equal(old, data)
}

func (d Dir) prune(folder string, keep map[string]bool) (removed bool, err error) {
	if err := d.inside(folder); err != nil {
		return false, err
	}
	root, err := d.openRoot(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("clear %s: %w", folder, err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	var dirs []string
	err = fs.WalkDir(root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			dirs = append(dirs, name)
			return nil
		}
		if keep[filepath.Join(folder, filepath.FromSlash(name))] {
			return nil
		}
		removed = true
		return root.Remove(filepath.FromSlash(name))
	})
	if err != nil {
		return removed, fmt.Errorf("clear %s: %w", folder, err)
	}
	// Deepest first; a folder that still holds something stays.
	for i := len(dirs) - 1; i > 0; i-- {
		_ = root.Remove(filepath.FromSlash(dirs[i]))
	}
	return removed, nil
}

// openRoot opens a folder of ours without following a link on the way.
func (d Dir) openRoot(folder string) (*os.Root, error) {
	above := filepath.Dir(d.Home())
	rel, err := filepath.Rel(above, folder)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(above)
	if err != nil {
		return nil, err
	}
	below, err := root.OpenRoot(rel)
	return below, errors.Join(err, root.Close())
}

// mkdir makes a folder of ours and those above it up to the root.
func (d Dir) mkdir(path string) error {
	if err := d.inside(path); err != nil {
		return err
	}
	if err := d.store.writer.MkdirAll(path, dirMode); err != nil {
		return fmt.Errorf("make the state folder: %w", err)
	}
	return nil
}

// inside refuses a path outside the folder, and one that a symbolic link
// leads away.
func (d Dir) inside(path string) error {
	if filepath.Base(d.root) == noProject {
		return errNoProject
	}
	rel, err := filepath.Rel(d.root, path)
	if err != nil || !filepath.IsLocal(rel) {
		return fmt.Errorf("%s is not in %s", path, d.root)
	}
	at := d.root
	for _, part := range append([]string{""}, strings.Split(rel, string(filepath.Separator))...) {
		at = filepath.Join(at, part)
		info, err := os.Lstat(at)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("look at %s: %w", at, err)
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return &LinkError{Path: at}
		}
	}
	return nil
}

var errNoProject = errors.New("nothing is kept of this project yet")

// LinkError is a symbolic link where fbdock keeps its own files.
type LinkError struct{ Path string }

func (e *LinkError) Error() string {
	return fmt.Sprintf("%s is a symbolic link; fbdock writes only to folders of its own", e.Path)
}

// Hint is the next step for the user.
func (e *LinkError) Hint() string { return "remove the link and run the command again" }
