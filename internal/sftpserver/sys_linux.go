package sftpserver

import (
	"io/fs"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func accessTime(info fs.FileInfo) time.Time {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return time.Unix(s.Atim.Unix())
	}
	return info.ModTime()
}

func vfsOf(s *unix.Statfs_t) [11]uint64 {
	return [11]uint64{
		uint64(s.Bsize), uint64(max(s.Frsize, 1)), s.Blocks, s.Bfree, s.Bavail,
		s.Files, s.Ffree, s.Ffree, 0, 0, uint64(s.Namelen),
	}
}
