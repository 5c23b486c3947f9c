//go:build !windows

package confine

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	errFolder   = syscall.EISDIR
	errNoFolder = syscall.ENOTDIR
)

// wordOK leaves the judgement to the system.
func wordOK(string) bool { return true }

// dir is an open folder. All of its methods take a single word, and follow no
// link.
type dir struct{ fd int }

// retry goes on after a signal, which file systems in user space let through.
func retry(do func() error) error {
	for {
		if err := do(); err != unix.EINTR { //nolint:errorlint // system calls return it bare
			return err
		}
	}
}

// unfollowed names the refusal to follow a link, which FreeBSD tells as EMLINK
// (open(2)).
func unfollowed(err error) error {
	if errors.Is(err, unix.EMLINK) || errors.Is(err, unix.ELOOP) {
		return ErrLink
	}
	return err
}

func (d *dir) close() error { return unix.Close(d.fd) }

// openFolder opens a folder for looking names up in it.
func openFolder(at int, name string) (*dir, error) {
	d := &dir{}
	err := retry(func() (err error) {
		d.fd, err = unix.Openat(at, name, lookUp|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, unfollowed(err)
	}
	return d, nil
}

func (d *dir) open(word string) (*dir, error) { return openFolder(d.fd, word) }

// openByWords opens an absolute path word by word.
func openByWords(path string) (*dir, error) {
	d, err := openFolder(unix.AT_FDCWD, "/")
	for _, word := range split(path) {
		if err != nil {
			break
		}
		above := d
		d, err = above.open(word)
		if info, e := above.lstat(word); err != nil && e == nil && info.mode&fs.ModeSymlink != 0 {
			err = ErrLink // the system says that it is no folder
		}
		_ = above.close() // it was only looked at
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return d, nil
}

func (d *dir) identity() (identity, error) {
	var st unix.Stat_t
	if err := unix.Fstat(d.fd, &st); err != nil {
		return identity{}, err
	}
	return idOf(&st), nil
}

// reach is the identity of what words lead to, over links as well.
func (d *dir) reach(words []string) (identity, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(d.fd, strings.Join(words, "/"), &st, 0); err != nil {
		return identity{}, err
	}
	return idOf(&st), nil
}

// list is the folder as a file of its own.
func (d *dir) list() (*os.File, error) {
	fd := -1
	err := retry(func() (err error) {
		fd, err = unix.Openat(d.fd, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "."), nil
}

// share is the folder by the descriptor of its listing alone: a guest may have
// thousands of them open.
func (d *dir) share(file *os.File) *dir {
	_ = d.close() // it was only looked at
	return &dir{fd: int(file.Fd())}
}

func (d *dir) unshare() error { return nil }

func (d *dir) entries(file *os.File, n int) ([]Info, error) {
	names, err := file.Readdirnames(n)
	infos := make([]Info, 0, len(names))
	for _, name := range names {
		// One that went in between is not there.
		if info, err := d.lstat(name); err == nil {
			infos = append(infos, info)
		}
	}
	return infos, err
}

func (d *dir) lstat(word string) (Info, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(d.fd, word, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return Info{}, err
	}
	return infoOf(word, &st), nil
}

func (d *dir) openFile(word string, flag int, perm fs.FileMode) (*File, error) {
	// A named pipe that took the file's place must not keep us waiting.
	const always = unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC
	fd := -1
	err := retry(func() (err error) {
		fd, err = unix.Openat(d.fd, word, flag|always, unixMode(perm))
		return err
	})
	if err != nil {
		return nil, unfollowed(err)
	}
	// What is no regular file is refused before it is read, and for one it is
	// of no use.
	if err := unix.SetNonblock(fd, false); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	return &File{os.NewFile(uintptr(fd), word)}, nil
}

func (d *dir) mkdir(word string, perm fs.FileMode) error {
	return unix.Mkdirat(d.fd, word, unixMode(perm))
}

func (d *dir) unlink(word string, folder bool) error {
	flags := 0
	if folder {
		flags = unix.AT_REMOVEDIR
	}
	return unix.Unlinkat(d.fd, word, flags)
}

func (d *dir) rename(word string, to *dir, as string) error {
	return unix.Renameat(d.fd, word, to.fd, as)
}

func (d *dir) link(word string, to *dir, as string) error {
	return unix.Linkat(d.fd, word, to.fd, as, 0)
}

func (d *dir) symlink(text, word string) error { return unix.Symlinkat(text, d.fd, word) }

func (d *dir) readlink(word string) (string, error) {
	for size := 256; ; size *= 2 {
		text := make([]byte, size)
		n, err := unix.Readlinkat(d.fd, word, text)
		if err != nil {
			return "", err
		}
		if n < size {
			return string(text[:n]), nil
		}
	}
}

func (d *dir) chtimes(word string, t Times) error {
	a, errA := unix.TimeToTimespec(t.Accessed)
	m, errM := unix.TimeToTimespec(t.Modified)
	if err := errors.Join(errA, errM); err != nil {
		return err
	}
	return unix.UtimesNanoAt(d.fd, word, []unix.Timespec{a, m}, unix.AT_SYMLINK_NOFOLLOW)
}

// Info describes the file as it is now.
func (f *File) Info() (Info, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return Info{}, err
	}
	return infoOf(f.Name(), &st), nil
}

func (f *File) chtimes(t Times) error {
	return unix.Futimes(int(f.Fd()), []unix.Timeval{
		unix.NsecToTimeval(t.Accessed.UnixNano()), unix.NsecToTimeval(t.Modified.UnixNano()),
	})
}

// identityOf is the identity of what a path leads to.
func identityOf(path string) (identity, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return identity{}, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	return idOf(&st), nil
}

// lidentityOf follows no link at the end.
func lidentityOf(path string) (identity, fs.FileMode, error) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return identity{}, 0, &fs.PathError{Op: "lstat", Path: path, Err: err}
	}
	return idOf(&st), fileMode(uint32(st.Mode)), nil
}

func idOf(st *unix.Stat_t) identity { return identity{volume: uint64(st.Dev), file: st.Ino} }

func infoOf(name string, st *unix.Stat_t) Info {
	return Info{
		name: name, mode: fileMode(uint32(st.Mode)), size: st.Size,
		modified: time.Unix(st.Mtim.Unix()), Accessed: time.Unix(st.Atim.Unix()), UID: st.Uid, GID: st.Gid,
		id: idOf(st), links: uint64(st.Nlink),
	}
}

func fileMode(mode uint32) fs.FileMode {
	m := fs.FileMode(mode & 0o777)
	switch mode & unix.S_IFMT {
	case unix.S_IFDIR:
		m |= fs.ModeDir
	case unix.S_IFLNK:
		m |= fs.ModeSymlink
	case unix.S_IFIFO:
		m |= fs.ModeNamedPipe
	case unix.S_IFSOCK:
		m |= fs.ModeSocket
	case unix.S_IFCHR:
		m |= fs.ModeDevice | fs.ModeCharDevice
	case unix.S_IFBLK:
		m |= fs.ModeDevice
	}
	for _, bit := range bits {
		if mode&bit.unix != 0 {
			m |= bit.mode
		}
	}
	return m
}

// bits is never written to.
var bits = []struct {
	unix uint32
	mode fs.FileMode
}{{unix.S_ISUID, fs.ModeSetuid}, {unix.S_ISGID, fs.ModeSetgid}, {unix.S_ISVTX, fs.ModeSticky}}

func unixMode(m fs.FileMode) uint32 {
	mode := uint32(m.Perm())
	for _, bit := range bits {
		if m&bit.mode != 0 {
			mode |= bit.unix
		}
	}
	return mode
}
