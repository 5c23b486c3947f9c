//go:build linux

package main

import (
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// nfsError is a status of RFC 1813 that no errno stands for.
type nfsError uint32

const (
	nfsBadHandle nfsError = 10001
	nfsNotSupp   nfsError = 10004
	nfsTooSmall  nfsError = 10005
)

func (nfsError) Error() string { return "nfs status" }

// nfsNumbers are the errors that the protocol has a number for; all others are an I/O error.
var nfsNumbers = map[syscall.Errno]uint32{
	syscall.EPERM: 1, syscall.ENOENT: 2, syscall.EIO: 5, syscall.ENXIO: 6, syscall.EACCES: 13, syscall.EEXIST: 17, syscall.EXDEV: 18,
	syscall.ENODEV: 19, syscall.ENOTDIR: 20, syscall.EISDIR: 21, syscall.EINVAL: 22, syscall.EFBIG: 27, syscall.ENOSPC: 28,
	syscall.EROFS: 30, syscall.EMLINK: 31, syscall.ENAMETOOLONG: 63, syscall.ENOTEMPTY: 66, syscall.EDQUOT: 69, syscall.ESTALE: 70,
}

func nfsStatus(err error) uint32 {
	if own, ok := errors.AsType[nfsError](err); ok {
		return uint32(own)
	}
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		if status, ok := nfsNumbers[number]; ok {
			return status
		}
	}
	return 5
}

var nfsKinds = map[uint32]uint32{
	syscall.S_IFREG: 1, syscall.S_IFDIR: 2, syscall.S_IFBLK: 3, syscall.S_IFCHR: 4, syscall.S_IFLNK: 5, syscall.S_IFSOCK: 6, syscall.S_IFIFO: 7,
}

// attributes writes a file's attributes as fattr3.
func attributes(x *xdr, n nfsNode, path string) error {
	var st syscall.Stat_t
	if err := syscall.Lstat(path, &st); err != nil {
		return err
	}
	x.put(nfsKinds[st.Mode&syscall.S_IFMT], st.Mode&0o7777, uint32(st.Nlink), st.Uid, st.Gid)
	x.put64(uint64(st.Size))
	x.put64(uint64(st.Blocks) * 512)
	x.put(unix.Major(st.Rdev), unix.Minor(st.Rdev))
	x.put64(n.fsid())
	x.put64(st.Ino)
	for _, at := range []syscall.Timespec{st.Atim, st.Mtim, st.Ctim} {
		x.put(uint32(at.Sec), uint32(at.Nsec))
	}
	return nil
}

// after writes post_op_attr: a file's attributes, or that there are none.
func after(x *xdr, n nfsNode, path string) {
	head := len(x.data)
	x.put(1)
	if attributes(x, n, path) != nil {
		x.data = x.data[:head]
		x.put(0)
	}
}

// wcc writes wcc_data: no attributes before, these after.
func wcc(x *xdr, n nfsNode, path string) {
	x.put(0)
	after(x, n, path)
}

// omitted leaves a time as it is.
var omitted = unix.Timespec{Nsec: unix.UTIME_OMIT}

// sattr is what a client wants a file's attributes to be.
type sattr struct {
	mode         *uint32
	uid, gid     int
	size         *uint64
	atime, mtime unix.Timespec
}

func readSattr(x *xdr) sattr {
	a := sattr{uid: -1, gid: -1}
	if x.u32() == 1 {
		mode := x.u32()
		a.mode = &mode
	}
	if x.u32() == 1 {
		a.uid = int(x.u32())
	}
	if x.u32() == 1 {
		a.gid = int(x.u32())
	}
	if x.u32() == 1 {
		size := x.u64()
		a.size = &size
	}
	for _, at := range []*unix.Timespec{&a.atime, &a.mtime} {
		at.Nsec = unix.UTIME_OMIT
		switch x.u32() {
		case 1:
			at.Nsec = unix.UTIME_NOW
		case 2:
			given := time.Unix(int64(x.u32()), 0).Add(time.Duration(x.u32()))
			*at, _ = unix.TimeToTimespec(given)
		}
	}
	return a
}

func (a sattr) apply(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	link := info.Mode()&os.ModeSymlink != 0
	if a.size != nil && !link {
		if err := os.Truncate(path, int64(*a.size)); err != nil {
			return err
		}
	}
	if a.uid >= 0 || a.gid >= 0 {
		if err := os.Lchown(path, a.uid, a.gid); err != nil {
			return err
		}
	}
	if a.mode != nil && !link {
		if err := syscall.Chmod(path, *a.mode&0o7777); err != nil {
			return err
		}
	}
	if a.atime.Nsec == unix.UTIME_OMIT && a.mtime.Nsec == unix.UTIME_OMIT {
		return nil
	}
	return unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{a.atime, a.mtime}, unix.AT_SYMLINK_NOFOLLOW)
}
