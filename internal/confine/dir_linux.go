package confine

import (
	"io/fs"
	"strconv"

	"golang.org/x/sys/unix"
)

// lookUp opens a folder without the right to list it.
const lookUp = unix.O_PATH

func openTop(path string) (*dir, error) { return openByWords(path) }

// chmod follows no link: fchmodat2(2) of Linux 6.6 does not, and before it the
// object is opened first.
func (d *dir) chmod(word string, mode fs.FileMode) error {
	err := unix.Fchmodat(d.fd, word, unixMode(mode), unix.AT_SYMLINK_NOFOLLOW)
	if err != unix.EOPNOTSUPP {
		return err
	}
	fd, err := unix.Openat(d.fd, word, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd) //nolint:errcheck // it was only looked at
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFLNK {
		return ErrLink
	}
	return unix.Chmod("/proc/self/fd/"+strconv.Itoa(fd), unixMode(mode))
}
