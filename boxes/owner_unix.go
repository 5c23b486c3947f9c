//go:build !windows

package boxes

import (
	"io/fs"
	"os"
	"syscall"
)

// owned tells whether a file is this user's.
func owned(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// system tells whether a file is root's, who can do everything anyway.
func system(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Uid == 0
}

// linked tells whether a file has another name, by which it could be
// something else than a file of the cache.
func linked(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return !ok || stat.Nlink > 1
}

// shared tells whether others have rights to a file.
func shared(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }
