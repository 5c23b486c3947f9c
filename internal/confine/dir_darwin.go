package confine

import (
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// lookUp opens a folder for reading: O_SEARCH is young on macOS.
const lookUp = unix.O_RDONLY

// openTop does not go word by word, because some of the folders on the way may
// be searched and not read. O_NOFOLLOW_ANY is of macOS 11; before it the path
// is only looked at.
func openTop(path string) (*dir, error) {
	real, err := filepath.EvalSymlinks(path)
	if err == nil && real != filepath.Clean(path) {
		err = &fs.PathError{Op: "open", Path: path, Err: ErrLink}
	}
	if err != nil {
		return nil, err
	}
	d := &dir{}
	err = retry(func() (err error) {
		d.fd, err = unix.Open(path, lookUp|unix.O_DIRECTORY|unix.O_NOFOLLOW_ANY|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return d, nil
}
