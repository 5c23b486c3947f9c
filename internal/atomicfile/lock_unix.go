//go:build unix

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// stale is the age at which a file is left over on a file system that has no
// locks: no write takes so long.
const stale = time.Hour

// hold says that the file is being written, for as long as it is open. The
// kernel takes that back when the process ends, however it ends. It is false
// when another has removed the file before it was held: who wants to remove it
// has it locked for that moment, and is waited for.
func hold(f *os.File) bool {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		break // without locks its age protects it, see removeDead
	}
	var info unix.Stat_t
	return unix.Fstat(int(f.Fd()), &info) != nil || info.Nlink > 0
}

// removeDead removes a file that nobody writes any more.
func removeDead(path string) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer f.Close() // only looked at
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return
	}
	if err != nil { // there are no locks here
		info, serr := f.Stat()
		if serr != nil || time.Since(info.ModTime()) < stale {
			return
		}
	}
	_ = os.Remove(path)
}

func rename(from, to string) error { return os.Rename(from, to) }

// syncDir: not every file system brings folders to the disk on demand. What a
// link in the place of the folder leads to is not this user's to open.
func syncDir(dir string) error {
	f, err := os.OpenFile(dir, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_DIRECTORY, 0)
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENOTDIR) {
		return nil
	}
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		at.Op = "sync"
	}
	return errors.Join(err, f.Close())
}
