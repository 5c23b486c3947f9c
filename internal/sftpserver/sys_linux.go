package sftpserver

import "golang.org/x/sys/unix"

func vfsOf(s *unix.Statfs_t) [11]uint64 {
	return [11]uint64{
		uint64(s.Bsize), uint64(max(s.Frsize, 1)), s.Blocks, s.Bfree, s.Bavail,
		s.Files, s.Ffree, s.Ffree, 0, 0, uint64(s.Namelen),
	}
}
