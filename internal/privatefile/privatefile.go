// Package privatefile opens the files that fbdock keeps for itself: keys,
// pins, records, logs and locks. They lie in folders that only this user may
// write to, so a link, a pipe or a device in the place of one is an attack or
// a mistake: nothing is ever opened through a link, nothing but a regular file
// is read or written, and no opening waits. What a file means, and where it
// lies, is decided elsewhere. Files that others may have put on the host are
// read by package hostfile.
package privatefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/gofrs/flock"
)

// Mode of every file that is made here, whatever the umask.
const Mode fs.FileMode = 0o600

// Max bounds what Read reads: the largest file of fbdock's own, its index of
// projects, has some hundred bytes for each project.
const Max = 64 << 20

// Read reads a whole file.
func Read(path string) ([]byte, error) { return ReadMax(path, Max) }

// ReadMax reads a whole file of at most limit bytes.
func ReadMax(path string, limit int64) ([]byte, error) {
	f, err := Open(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close() // only read
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("it is larger than %d bytes", limit)}
	}
	return data, nil
}

// Open opens a file with the flags of os.OpenFile, making it with Mode where
// they say so.
func Open(path string, flag int) (*os.File, error) {
	before, err := os.Lstat(path)
	switch {
	case err == nil && !before.Mode().IsRegular():
		return nil, notRegular(path)
	case err != nil && (!errors.Is(err, fs.ErrNotExist) || flag&os.O_CREATE == 0):
		return nil, err
	}
	// Truncation waits until it is known which file this is.
	f, err := os.OpenFile(path, flag&^os.O_TRUNC|noFollow, Mode)
	if err != nil {
		return nil, err
	}
	if err := check(f, before, path); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if flag&os.O_TRUNC != 0 {
		if err := f.Truncate(0); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	return f, nil
}

// check tells whether f is the regular file that was there before. Windows
// has no flag that keeps an opening from following a link.
func check(f *os.File, before fs.FileInfo, path string) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return notRegular(path)
	}
	if before != nil && !os.SameFile(before, info) {
		return &fs.PathError{Op: "open", Path: path, Err: errors.New("another file has taken its place")}
	}
	return nil
}

func notRegular(path string) error {
	return &fs.PathError{Op: "open", Path: path, Err: errors.New("it is not a regular file")}
}

// Lock is a lock on a file, which is made where it is missing.
func Lock(path string) *flock.Flock {
	return flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR|noFollow), flock.SetPermissions(Mode))
}

// LockExisting is a lock on a file that is there.
func LockExisting(path string) *flock.Flock {
	return flock.New(path, flock.SetFlag(os.O_RDWR|noFollow))
}

// ReadDir lists a folder that is not a link itself.
func ReadDir(path string) ([]fs.DirEntry, error) {
	before, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !before.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("it is not a folder")}
	}
	f, err := os.OpenFile(path, os.O_RDONLY|noFollow, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close() // only read
	info, err := f.Stat()
	if err == nil && !os.SameFile(before, info) {
		err = &fs.PathError{Op: "open", Path: path, Err: errors.New("another folder has taken its place")}
	}
	if err != nil {
		return nil, err
	}
	return f.ReadDir(-1)
}
