package confine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/windows"
)

const (
	errFolder   = syscall.EISDIR
	errNoFolder = syscall.ENOTDIR
)

// wordOK refuses what Windows would read as something else: a stream of
// another file, a folder and a name, a device, or a name less its end.
func wordOK(word string) bool {
	return !strings.ContainsAny(word, `\:*?"<>|`) && strings.TrimRight(word, ". ") == word && filepath.IsLocal(word)
}

// dir is an open folder. All of its methods take a single word, and follow no
// link: what os.Root would follow within the folder is opened by a handle of
// the reparse point itself.
type dir struct {
	root *os.Root
	file *os.File
}

func openTop(path string) (*dir, error) {
	root, err := os.OpenRoot(filepath.VolumeName(path) + string(filepath.Separator))
	if err != nil {
		return nil, err
	}
	d, err := newDir(root)
	for _, word := range split(path) {
		if err != nil {
			break
		}
		above := d
		d, err = above.open(word)
		_ = above.close() // it was only looked at
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return d, nil
}

func newDir(root *os.Root) (*dir, error) {
	file, err := root.Open(".")
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return &dir{root: root, file: file}, nil
}

func (d *dir) close() error { return errors.Join(d.file.Close(), d.root.Close()) }

func (d *dir) open(word string) (*dir, error) {
	info, err := d.lstat(word)
	switch {
	case err != nil:
		return nil, err
	case info.mode&(fs.ModeSymlink|fs.ModeIrregular) != 0:
		return nil, ErrLink
	case !info.IsDir():
		return nil, errNoFolder
	}
	root, err := d.root.OpenRoot(word)
	if err != nil {
		return nil, err
	}
	sub, err := newDir(root)
	if err != nil {
		return nil, err
	}
	// A link may have taken its place in between, and been followed.
	if id, err := sub.identity(); err != nil || id != info.id {
		return nil, errors.Join(ErrLink, err, sub.close())
	}
	return sub, nil
}

func (d *dir) identity() (identity, error) {
	id, _, _, err := lookAt(windows.Handle(d.file.Fd()))
	return id, err
}

func (d *dir) reach(words []string) (identity, error) {
	return identityOf(filepath.Join(d.root.Name(), filepath.Join(words...)))
}

func (d *dir) list() (*os.File, error) { return d.root.Open(".") }

// share needs both handles.
func (d *dir) share(*os.File) *dir { return d }

func (d *dir) unshare() error { return d.close() }

// entries have no identities: to open each of them would take too long.
func (d *dir) entries(file *os.File, n int) ([]Info, error) {
	list, err := file.ReadDir(n)
	infos := make([]Info, 0, len(list))
	for _, e := range list {
		// One that went in between is not there.
		if info, err := e.Info(); err == nil {
			infos = append(infos, infoOf(e.Name(), info))
		}
	}
	return infos, err
}

func (d *dir) lstat(word string) (Info, error) {
	h, err := d.handle(word, windows.FILE_READ_ATTRIBUTES, windows.FILE_OPEN_REPARSE_POINT)
	if err != nil {
		return Info{}, err
	}
	file := os.NewFile(uintptr(h), word)
	defer file.Close()
	if strings.Contains(word, "~") && reserved(longName(h)) {
		return Info{}, ErrPrivate
	}
	return describe(file)
}

func (d *dir) openFile(word string, flag int, perm fs.FileMode) (*File, error) {
	access := uint32(windows.FILE_GENERIC_READ)
	switch {
	case flag&os.O_RDWR != 0:
		access |= windows.FILE_GENERIC_WRITE
	case flag&os.O_WRONLY != 0:
		access = windows.FILE_GENERIC_WRITE | windows.FILE_READ_ATTRIBUTES
	}
	disposition := uint32(windows.FILE_OPEN)
	switch {
	case flag&os.O_CREATE != 0 && flag&os.O_EXCL != 0:
		disposition = windows.FILE_CREATE
	case flag&os.O_CREATE != 0:
		disposition = windows.FILE_OPEN_IF
	}
	attributes := uint32(windows.FILE_ATTRIBUTE_NORMAL)
	if perm&0o200 == 0 {
		attributes = windows.FILE_ATTRIBUTE_READONLY
	}
	h, err := d.create(word, access, disposition, windows.FILE_OPEN_REPARSE_POINT|windows.FILE_NON_DIRECTORY_FILE, attributes)
	if err != nil {
		return nil, err
	}
	file := &File{os.NewFile(uintptr(h), word)}
	// A file that the system keeps deduplicated is a reparse point as well,
	// which leads nowhere else and has to be opened as the file.
	id, tagged, _, err := lookAt(h)
	info, statErr := file.Stat()
	if err != nil || statErr != nil || !tagged || !info.Mode().IsRegular() {
		return file, nil
	}
	again, err := d.handle(word, access, windows.FILE_NON_DIRECTORY_FILE)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	file = &File{os.NewFile(uintptr(again), word)}
	if now, _, _, err := lookAt(again); err != nil || now != id {
		return nil, errors.Join(ErrLink, err, file.Close())
	}
	return file, nil
}

func (d *dir) mkdir(word string, perm fs.FileMode) error { return d.root.Mkdir(word, perm) }

func (d *dir) symlink(text, word string) error { return d.root.Symlink(text, word) }

func (d *dir) readlink(word string) (string, error) { return d.root.Readlink(word) }

func (d *dir) chmod(word string, mode fs.FileMode) error {
	return d.attributes(word, func(file *File) error { return file.Chmod(mode) })
}

func (d *dir) chtimes(word string, t Times) error {
	return d.attributes(word, func(file *File) error { return file.chtimes(t) })
}

func (d *dir) attributes(word string, set func(*File) error) error {
	h, err := d.handle(word, windows.FILE_READ_ATTRIBUTES|windows.FILE_WRITE_ATTRIBUTES, windows.FILE_OPEN_REPARSE_POINT)
	if err != nil {
		return err
	}
	file := &File{os.NewFile(uintptr(h), word)}
	return errors.Join(set(file), file.Close())
}

func (f *File) chtimes(t Times) error {
	a, m := windows.NsecToFiletime(t.Accessed.UnixNano()), windows.NsecToFiletime(t.Modified.UnixNano())
	return windows.SetFileTime(windows.Handle(f.Fd()), nil, &a, &m)
}

// Info describes the file as it is now.
func (f *File) Info() (Info, error) { return describe(f.File) }

func describe(file *os.File) (Info, error) {
	stat, err := file.Stat()
	if err != nil {
		return Info{}, err
	}
	info := infoOf(filepath.Base(file.Name()), stat)
	info.id, _, info.links, err = lookAt(windows.Handle(file.Fd()))
	return info, err
}

func infoOf(name string, stat fs.FileInfo) Info {
	info := Info{name: name, mode: stat.Mode(), size: stat.Size(), modified: stat.ModTime(), Accessed: stat.ModTime()}
	if s, ok := stat.Sys().(*syscall.Win32FileAttributeData); ok {
		info.Accessed = time.Unix(0, s.LastAccessTime.Nanoseconds())
	}
	return info
}
