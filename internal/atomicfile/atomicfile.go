// Package atomicfile writes files so that a reader, and who comes after a
// crash or with a full disk, finds all of the old content or all of the new:
// a file of another name is written, brought to the disk and renamed. What a
// writer leaves that was killed is removed by the next one. It never follows
// a symbolic link in the place of the file, and does not know what the files
// say.
package atomicfile

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/fbdock/fbdock/internal/privatefile"
)

// Step is one thing that a write does to the disk.
type Step string

// The steps of a write, in their order. Remove comes instead of what follows
// a step that failed.
const (
	Mkdir   Step = "mkdir"
	Create  Step = "create"
	Fill    Step = "write"
	Chmod   Step = "chmod"
	Sync    Step = "sync"
	Rename  Step = "rename"
	SyncDir Step = "sync folder"
	Remove  Step = "remove"
)

// Writer writes files. The zero value is ready.
type Writer struct {
	// Fault, for tests, is asked before each step. Its error is the step's,
	// which is not done then.
	Fault func(step Step, path string) error
}

func (w Writer) do(step Step, path string, f func() error) error {
	if w.Fault != nil {
		if err := w.Fault(step, path); err != nil {
			return err
		}
	}
	return f()
}

// prefix begins the names of files that are being written. Who writes one
// holds a lock on it, where the system has such locks, so that it can be told
// from one that nobody writes any more.
const prefix = ".fbdock-tmp-"

// attempts bounds how often a write begins anew because its temporary file was
// taken for one that nobody writes: between its making and its lock, before
// anything is written.
const attempts = 1000

// WriteFile writes a file with the zero Writer.
func WriteFile(path string, data []byte, mode fs.FileMode) error {
	return Writer{}.WriteFile(path, data, mode)
}

// WriteFile writes a file with this mode, whatever the umask is. The folder
// must exist. A file that exists must be a regular one.
func (w Writer) WriteFile(path string, data []byte, mode fs.FileMode) error {
	if err := w.Put(path, data, mode); err != nil {
		return err
	}
	return w.SyncDir(filepath.Dir(path))
}

// Put is WriteFile without the last step, for who writes several files into
// one folder: SyncDir brings their names to the disk.
func (w Writer) Put(path string, data []byte, mode fs.FileMode) error {
	info, err := os.Lstat(path)
	if err == nil && !info.Mode().IsRegular() {
		return &fs.PathError{Op: "write", Path: path, Err: errors.New("it is not a regular file")}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	dir, base := filepath.Split(path)
	sweepFolder(dir, prefix+short(base)+"-")
	for range attempts {
		if err = w.replace(path, data, mode); !errors.Is(err, errSwept) {
			return named(path, err)
		}
	}
	return err
}

// named is err as one of the file, of whose temporary file nobody knows. That
// of a rename names the file itself, and stays with what comes after it.
func named(path string, err error) error {
	if _, ok := errors.AsType[*os.LinkError](err); ok {
		return err
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok && strings.HasPrefix(filepath.Base(e.Path), prefix) {
		return &fs.PathError{Op: e.Op, Path: path, Err: e.Err}
	}
	return err
}

// errSwept is a temporary file that another has taken away.
var errSwept = errors.New("the temporary file was removed")

// closeFirst tells that a file that is open cannot be renamed.
const closeFirst = runtime.GOOS == "windows"

func (w Writer) replace(path string, data []byte, mode fs.FileMode) error {
	f, err := w.create(path)
	if err != nil {
		return err
	}
	err = w.fill(f, data, mode)
	if closeFirst {
		err = errors.Join(err, f.Close())
	}
	if err == nil {
		err = w.do(Rename, path, func() error { return rename(f.Name(), path) })
		if errors.Is(err, fs.ErrNotExist) {
			err = errors.Join(errSwept, err)
		}
	}
	if err != nil {
		// Also without this the next writer removes it.
		_ = w.do(Remove, f.Name(), func() error { return os.Remove(f.Name()) })
	}
	if !closeFirst {
		err = errors.Join(err, f.Close())
	}
	return err
}

func (w Writer) create(path string) (f *os.File, err error) {
	dir, base := filepath.Split(path)
	var random [6]byte
	_, _ = rand.Read(random[:]) // it never fails
	name := filepath.Join(dir, prefix+short(base)+"-"+hex.EncodeToString(random[:]))
	err = w.do(Create, name, func() error {
		f, err = os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !hold(f) {
		return nil, errors.Join(errSwept, f.Close())
	}
	return f, nil
}

func (w Writer) fill(f *os.File, data []byte, mode fs.FileMode) error {
	err := w.do(Fill, f.Name(), func() error {
		_, err := f.Write(data)
		return err
	})
	if err != nil {
		return err
	}
	// The file's mode is what the umask has left of 0600.
	if err := w.do(Chmod, f.Name(), func() error { return f.Chmod(mode) }); err != nil {
		return err
	}
	return w.do(Sync, f.Name(), f.Sync)
}

// SyncDir brings the names of a folder to the disk.
func (w Writer) SyncDir(dir string) error {
	return w.do(SyncDir, dir, func() error { return syncDir(dir) })
}

// MkdirAll makes a folder and those above it that do not exist, with this
// mode whatever the umask is.
func (w Writer) MkdirAll(dir string, mode fs.FileMode) error {
	info, err := os.Stat(dir)
	if err == nil {
		if !info.IsDir() {
			return &fs.PathError{Op: "mkdir", Path: dir, Err: errors.New("it is not a folder")}
		}
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	above := filepath.Dir(dir)
	if above != dir {
		if err := w.MkdirAll(above, mode); err != nil {
			return err
		}
	}
	err = w.do(Mkdir, dir, func() error { return os.Mkdir(dir, mode) })
	if errors.Is(err, fs.ErrExist) {
		return nil // another was quicker
	}
	if err != nil {
		return err
	}
	if err := w.do(Chmod, dir, func() error { return os.Chmod(dir, mode) }); err != nil {
		return err
	}
	return w.SyncDir(above)
}

// short keeps the name of a temporary file within what file systems take.
func short(base string) string { return base[:min(len(base), 100)] }

// Sweep removes the temporary files of writers that have ended, in a folder
// and those below it. What cannot be looked at stays.
func Sweep(root string) {
	entries, err := privatefile.ReadDir(root)
	if err != nil {
		return
	}
	for _, e := range entries {
		path := filepath.Join(root, e.Name())
		if e.IsDir() {
			Sweep(path)
		} else {
			sweepFile(path, e, prefix)
		}
	}
}

// sweepFolder is Sweep for the files of one folder whose names begin so.
func sweepFolder(dir, with string) {
	entries, err := privatefile.ReadDir(filepath.Clean(dir))
	if err != nil {
		return
	}
	for _, e := range entries {
		sweepFile(filepath.Join(dir, e.Name()), e, with)
	}
}

func sweepFile(path string, e fs.DirEntry, with string) {
	if strings.HasPrefix(e.Name(), with) && e.Type().IsRegular() {
		removeDead(path)
	}
}

func (s Step) String() string { return fmt.Sprintf("step %q", string(s)) }
