//go:build darwin || freebsd

package sftpserver

import "golang.org/x/sys/unix"

func vfsOf(s *unix.Statfs_t) [11]uint64 {
	const maxName = 255
	return [11]uint64{
		uint64(s.Bsize), uint64(s.Bsize), uint64(s.Blocks), uint64(s.Bfree), uint64(s.Bavail),
		uint64(s.Files), uint64(s.Ffree), uint64(s.Ffree), 0, 0, maxName,
	}
}
