package sftpserver

import (
	"fmt"
	"io/fs"
	"math"
	"strings"
	"time"

	"github.com/fbdock/fbdock/internal/confine"
)

// Flags of the attributes that a packet holds.
const (
	attrSize     = 0x1
	attrOwner    = 0x2
	attrMode     = 0x4
	attrTimes    = 0x8
	attrExtended = 0x80000000
)

// attrs are a file's attributes as the guest sends them.
type attrs struct {
	flags        uint32
	size         uint64
	mode         uint32
	atime, mtime uint32
}

func (f *fields) attrs() attrs {
	a := attrs{flags: f.u32()}
	if a.flags&attrSize != 0 {
		a.size = f.u64()
	}
	if a.flags&attrOwner != 0 {
		f.take(8) // see setAttrs
	}
	if a.flags&attrMode != 0 {
		a.mode = f.u32()
	}
	if a.flags&attrTimes != 0 {
		a.atime, a.mtime = f.u32(), f.u32()
	}
	if a.flags&attrExtended != 0 {
		for n := f.u32(); n > 0 && f.err == nil; n-- {
			f.bytes()
			f.bytes()
		}
	}
	return a
}

// perm are the permissions, or what a file gets that names none. Set-user-id
// and set-group-id are left out: what runs in a guest is not to plant a
// program that is the host's user for whoever runs it.
func (a attrs) perm(otherwise fs.FileMode) fs.FileMode {
	if a.flags&attrMode == 0 {
		return otherwise
	}
	perm := fs.FileMode(a.mode & 0o777)
	if a.mode&unixSticky != 0 {
		perm |= fs.ModeSticky
	}
	return perm
}

// changes are what of the attributes can be set. An owner cannot.
func (a attrs) changes() (c confine.Changes) {
	if a.flags&attrSize != 0 {
		size := int64(a.size)
		c.Size = &size
	}
	if a.flags&attrMode != 0 {
		mode := a.perm(0)
		c.Mode = &mode
	}
	if a.flags&attrTimes != 0 {
		c.Times = &confine.Times{Accessed: time.Unix(int64(a.atime), 0), Modified: time.Unix(int64(a.mtime), 0)}
	}
	return c
}

// Types and bits of a mode on the wire, which are Unix's.
const (
	unixSocket  = 0o140000
	unixSymlink = 0o120000
	unixFile    = 0o100000
	unixBlock   = 0o060000
	unixDir     = 0o040000
	unixChar    = 0o020000
	unixFIFO    = 0o010000
	unixSetuid  = 0o4000
	unixSetgid  = 0o2000
	unixSticky  = 0o1000
)

func unixMode(m fs.FileMode) uint32 {
	mode := uint32(m.Perm())
	switch {
	case m.IsDir():
		mode |= unixDir
	case m&fs.ModeSymlink != 0:
		mode |= unixSymlink
	case m&fs.ModeNamedPipe != 0:
		mode |= unixFIFO
	case m&fs.ModeSocket != 0:
		mode |= unixSocket
	case m&fs.ModeCharDevice != 0:
		mode |= unixChar
	case m&fs.ModeDevice != 0:
		mode |= unixBlock
	default:
		mode |= unixFile
	}
	for bit, unix := range map[fs.FileMode]uint32{fs.ModeSetuid: unixSetuid, fs.ModeSetgid: unixSetgid, fs.ModeSticky: unixSticky} {
		if m&bit != 0 {
			mode |= unix
		}
	}
	return mode
}

func (p packet) attrs(info confine.Info) packet {
	return p.u32(attrSize | attrOwner | attrMode | attrTimes).
		u64(uint64(info.Size())).u32(info.UID).u32(info.GID).
		u32(unixMode(ShownMode(info.Mode()))).u32(seconds(info.Accessed)).u32(seconds(info.ModTime()))
}

// seconds keeps to what 32 bits hold; a file from before 1970 is from 1970.
func seconds(t time.Time) uint32 {
	return uint32(min(max(t.Unix(), 0), math.MaxUint32))
}

// longname is the line of `ls -l` that a READDIR answer also has to hold.
func longname(info confine.Info) string {
	mode := strings.Replace(ShownMode(info.Mode()).String(), "L", "l", 1)
	return fmt.Sprintf("%s 1 %-8d %-8d %12d %s %s", mode, info.UID, info.GID, info.Size(),
		info.ModTime().Format("Jan _2 15:04"), info.Name())
}
