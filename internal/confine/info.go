package confine

import (
	"io/fs"
	"time"
)

// identity tells one file system object from every other: device and inode,
// or volume and file identifier. The zero value is none.
type identity struct{ volume, file uint64 }

// Info describes an object; it is an fs.FileInfo.
type Info struct {
	name     string
	mode     fs.FileMode
	size     int64
	modified time.Time

	// Accessed is the time of the last access.
	Accessed time.Time
	// UID and GID are the owner's, 0 on Windows.
	UID, GID uint32

	id    identity
	links uint64 // hard links
}

// Name is the last part of the name.
func (i Info) Name() string { return i.name }

// Size in bytes.
func (i Info) Size() int64 { return i.size }

// Mode is the type and the permissions.
func (i Info) Mode() fs.FileMode { return i.mode }

// ModTime is the time of the last change.
func (i Info) ModTime() time.Time { return i.modified }

// IsDir tells a folder.
func (i Info) IsDir() bool { return i.mode.IsDir() }

// Sys is nil.
func (i Info) Sys() any { return nil }

// Named is the same object by another name.
func (i Info) Named(name string) Info {
	i.name = name
	return i
}
