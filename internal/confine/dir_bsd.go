//go:build darwin || freebsd

package confine

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// chmod follows no link.
func (d *dir) chmod(word string, mode fs.FileMode) error {
	return unix.Fchmodat(d.fd, word, unixMode(mode), unix.AT_SYMLINK_NOFOLLOW)
}
