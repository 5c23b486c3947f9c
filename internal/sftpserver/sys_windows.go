package sftpserver

import (
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/windows"
)

const openFlags = 0

// owner: Windows has no numbers that mean anything to a guest.
func owner(fs.FileInfo) (uid, gid uint32) { return 0, 0 }

// ShownMode is a mode as the guests see it. It lets programs of the folder run in the guests: Windows has no
// such bit, and a ./gradlew without it would not start.
func ShownMode(m fs.FileMode) fs.FileMode {
	if m.IsRegular() {
		return m | 0o111
	}
	return m
}

// nameOK refuses what Windows would read as something else, such as a
// stream of another file or a folder and a name.
func nameOK(name string) bool { return !strings.ContainsAny(name, `\:*?"<>|`) }

func accessTime(info fs.FileInfo) time.Time {
	if s, ok := info.Sys().(*syscall.Win32FileAttributeData); ok {
		return time.Unix(0, s.LastAccessTime.Nanoseconds())
	}
	return info.ModTime()
}

func setFileTimes(f *os.File, atime, mtime time.Time) error {
	a, m := windows.NsecToFiletime(atime.UnixNano()), windows.NsecToFiletime(mtime.UnixNano())
	return windows.SetFileTime(windows.Handle(f.Fd()), nil, &a, &m)
}

func statvfs(dir *os.File) ([11]uint64, error) {
	const unit, maxName = 4096, 255
	name, err := windows.UTF16PtrFromString(dir.Name())
	if err != nil {
		return [11]uint64{}, err
	}
	var available, total, free uint64
	if err := windows.GetDiskFreeSpaceEx(name, &available, &total, &free); err != nil {
		return [11]uint64{}, &os.PathError{Op: "statvfs", Path: dir.Name(), Err: err}
	}
	return [11]uint64{unit, unit, total / unit, free / unit, available / unit, 0, 0, 0, 0, 0, maxName}, nil
}
