package sftpserver

import (
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// ShownMode is a mode as the guests see it. It lets programs of the folder run in the guests: Windows has no
// such bit, and a ./gradlew without it would not start.
func ShownMode(m fs.FileMode) fs.FileMode {
	if m.IsRegular() {
		return m | 0o111
	}
	return m
}

func statvfs(_ *os.File, dir string) ([11]uint64, error) {
	const unit, maxName = 4096, 255
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return [11]uint64{}, err
	}
	var available, total, free uint64
	if err := windows.GetDiskFreeSpaceEx(name, &available, &total, &free); err != nil {
		return [11]uint64{}, &os.PathError{Op: "statvfs", Path: dir, Err: err}
	}
	return [11]uint64{unit, unit, total / unit, free / unit, available / unit, 0, 0, 0, 0, 0, maxName}, nil
}
