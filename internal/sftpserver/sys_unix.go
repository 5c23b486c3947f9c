//go:build !windows

package sftpserver

import (
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// openFlags keeps the opening of a named pipe or of a device from hanging.
const openFlags = unix.O_NONBLOCK | unix.O_NOCTTY

func owner(info fs.FileInfo) (uid, gid uint32) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Uid, s.Gid
	}
	return 0, 0
}

// ShownMode is a mode as the guests see it.
func ShownMode(m fs.FileMode) fs.FileMode { return m }

// nameOK leaves the judgement to the system.
func nameOK(string) bool { return true }

func setFileTimes(f *os.File, atime, mtime time.Time) error {
	return unix.Futimes(int(f.Fd()), []unix.Timeval{
		unix.NsecToTimeval(atime.UnixNano()), unix.NsecToTimeval(mtime.UnixNano()),
	})
}

// statvfs is the state of the file system below the folder, in the fields'
// order of statvfs@openssh.com.
func statvfs(dir *os.File) ([11]uint64, error) {
	var s unix.Statfs_t
	if err := unix.Fstatfs(int(dir.Fd()), &s); err != nil {
		return [11]uint64{}, &os.PathError{Op: "statvfs", Path: dir.Name(), Err: err}
	}
	return vfsOf(&s), nil
}
