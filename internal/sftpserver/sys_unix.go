//go:build !windows

package sftpserver

import (
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// ShownMode is a mode as the guests see it.
func ShownMode(m fs.FileMode) fs.FileMode { return m }

// statvfs is the state of the file system below the folder, in the fields'
// order of statvfs@openssh.com.
func statvfs(dir *os.File, _ string) ([11]uint64, error) {
	var s unix.Statfs_t
	if err := unix.Fstatfs(int(dir.Fd()), &s); err != nil {
		return [11]uint64{}, &os.PathError{Op: "statvfs", Path: dir.Name(), Err: err}
	}
	return vfsOf(&s), nil
}
