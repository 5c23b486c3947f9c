package mount

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

func (s *server) lstat(id uint32, f *fields) (packet, error) { return s.info(id, f, s.root.Lstat) }

func (s *server) stat(id uint32, f *fields) (packet, error) { return s.info(id, f, s.root.Stat) }

func (s *server) info(id uint32, f *fields, look func(string) (fs.FileInfo, error)) (packet, error) {
	name, err := s.path(f)
	if err != nil {
		return nil, err
	}
	info, err := look(name)
	if err != nil {
		return nil, err
	}
	return begin(fxAttrs, id).attrs(info), nil
}

// setstat changes a file by its name. An owner is accepted and not set:
// the files are the laptop user's, and to refuse would end every `tar x`
// and `npm install` that runs as root.
func (s *server) setstat(_ uint32, f *fields) (packet, error) {
	name, err := s.changing(f)
	a := f.attrs()
	if err == nil {
		err = f.err
	}
	if err != nil {
		return nil, err
	}
	if info, err := s.root.Lstat(name); err != nil {
		return nil, err
	} else if info.Mode()&fs.ModeSymlink != 0 {
		// The guest's kernel has followed the links that are to be followed.
		// This is about the link itself, whose time and mode nobody needs,
		// and tar fails without.
		return nil, nil
	}
	if a.flags&attrSize != 0 {
		if err := s.truncate(name, int64(a.size)); err != nil {
			return nil, err
		}
	}
	if a.flags&attrMode != 0 {
		if err := s.root.Chmod(name, a.perm(0)); err != nil {
			return nil, err
		}
	}
	return nil, a.chtimes(func(atime, mtime time.Time) error { return s.root.Chtimes(name, atime, mtime) })
}

func (s *server) truncate(name string, size int64) (err error) {
	file, err := s.root.OpenFile(name, os.O_WRONLY|openFlags, 0)
	if err != nil {
		return err
	}
	defer func() {
		if e := file.Close(); err == nil {
			err = e
		}
	}()
	return file.Truncate(size)
}

func (s *server) mkdir(_ uint32, f *fields) (packet, error) {
	name, err := s.changing(f)
	a := f.attrs()
	if err == nil {
		err = f.err
	}
	if err != nil {
		return nil, err
	}
	return nil, s.root.Mkdir(name, a.perm(0o777)&fs.ModePerm)
}

func (s *server) remove(_ uint32, f *fields) (packet, error) {
	return s.unlink(f, func(info fs.FileInfo) bool { return !info.IsDir() })
}

func (s *server) rmdir(_ uint32, f *fields) (packet, error) {
	return s.unlink(f, fs.FileInfo.IsDir)
}

// unlink removes a file or folder, whichever fits.
func (s *server) unlink(f *fields, fits func(fs.FileInfo) bool) (packet, error) {
	name, err := s.changing(f)
	if err != nil {
		return nil, err
	}
	info, err := s.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !fits(info) || name == "." {
		return nil, fs.ErrInvalid
	}
	return nil, s.root.Remove(name)
}

// two reads the names of a rename or link.
func (s *server) two(f *fields) (from, to string, err error) {
	if from, err = s.changing(f); err != nil {
		return "", "", err
	}
	to, err = s.changing(f)
	if err == nil && (s.holdsPrivate(from) || s.holdsPrivate(to)) {
		err = errPrivate
	}
	if err == nil {
		err = f.err
	}
	return from, to, err
}

// rename is SFTP's own, which replaces nothing.
func (s *server) rename(_ uint32, f *fields) (packet, error) {
	from, to, err := s.two(f)
	if err != nil {
		return nil, err
	}
	if _, err := s.root.Lstat(to); err == nil {
		return nil, fs.ErrExist
	}
	return nil, s.root.Rename(from, to)
}

// replace is rename(2), the one that sshfs uses.
func (s *server) replace(f *fields) (packet, error) {
	from, to, err := s.two(f)
	if err != nil {
		return nil, err
	}
	return nil, s.root.Rename(from, to)
}

func (s *server) link(f *fields) (packet, error) {
	from, to, err := s.two(f)
	if err != nil {
		return nil, err
	}
	return nil, s.root.Link(from, to)
}

// symlink makes a link. Its text may lead anywhere, as in any folder that
// is shared with a container: venv/bin/python leads to /usr/bin. The server
// itself never follows one out of the folder.
func (s *server) symlink(_ uint32, f *fields) (packet, error) {
	// OpenSSH has the arguments in this order, against the draft, and sshfs
	// with it.
	text := f.text()
	name, err := s.changing(f)
	if err == nil {
		err = f.err
	}
	if err != nil {
		return nil, err
	}
	return nil, s.root.Symlink(filepath.FromSlash(s.laptopLink(text)), name)
}

func (s *server) readlink(id uint32, f *fields) (packet, error) {
	name, err := s.path(f)
	if err != nil {
		return nil, err
	}
	text, err := s.root.Readlink(name)
	if err != nil {
		return nil, err
	}
	text = s.guestLink(text)
	return begin(fxName, id).u32(1).text(text).text(text).u32(0), nil
}

// guestLink is a link's text for the guests: one that leads by its full
// name into the folder leads to where they have it.
func (s *server) guestLink(text string) string {
	if s.folder.Target == "" || s.folder.Source == s.folder.Target {
		return text
	}
	if rest, ok := within(runtime.GOOS, s.folder.Source, text); ok {
		return path.Join(s.folder.Target, rest)
	}
	return filepath.ToSlash(text)
}

func (s *server) laptopLink(text string) string {
	if s.folder.Target == "" || s.folder.Source == s.folder.Target {
		return text
	}
	if rest, ok := within("linux", s.folder.Target, text); ok {
		return filepath.Join(s.folder.Source, filepath.FromSlash(rest))
	}
	return text
}

// within gives the slash-separated path of name below dir, "" for dir
// itself, for absolute paths of the system goos.
func within(goos, dir, name string) (rest string, ok bool) {
	dir, name = slashed(goos, dir), slashed(goos, name)
	if dir != "/" {
		dir = strings.TrimSuffix(dir, "/")
	}
	fold := goos == "windows"
	if len(name) < len(dir) || (name[:len(dir)] != dir && (!fold || !strings.EqualFold(name[:len(dir)], dir))) {
		return "", false
	}
	rest = name[len(dir):]
	if rest != "" && rest[0] != '/' && dir != "/" {
		return "", false
	}
	return strings.TrimPrefix(rest, "/"), true
}

func slashed(goos, p string) string {
	if goos == "windows" {
		p = strings.ReplaceAll(p, `\`, "/")
	}
	return path.Clean(p)
}
