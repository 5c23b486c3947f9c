package sftpserver

import (
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

func (s *Server) lstat(id uint32, f *fields) (packet, error) { return s.info(id, f, s.root.Lstat) }

func (s *Server) stat(id uint32, f *fields) (packet, error) { return s.info(id, f, s.root.Stat) }

func (s *Server) info(id uint32, f *fields, look func(string) (fs.FileInfo, error)) (packet, error) {
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
func (s *Server) setstat(_ uint32, f *fields) (packet, error) {
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

func (s *Server) truncate(name string, size int64) (err error) {
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

func (s *Server) mkdir(_ uint32, f *fields) (packet, error) {
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

func (s *Server) remove(_ uint32, f *fields) (packet, error) {
	return s.unlink(f, func(info fs.FileInfo) bool { return !info.IsDir() })
}

func (s *Server) rmdir(_ uint32, f *fields) (packet, error) {
	return s.unlink(f, fs.FileInfo.IsDir)
}

// unlink removes a file or folder, whichever fits.
func (s *Server) unlink(f *fields, fits func(fs.FileInfo) bool) (packet, error) {
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
func (s *Server) two(f *fields) (from, to string, err error) {
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
func (s *Server) rename(_ uint32, f *fields) (packet, error) {
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
func (s *Server) replace(f *fields) (packet, error) {
	from, to, err := s.two(f)
	if err != nil {
		return nil, err
	}
	return nil, s.root.Rename(from, to)
}

func (s *Server) link(f *fields) (packet, error) {
	from, to, err := s.two(f)
	if err != nil {
		return nil, err
	}
	return nil, s.root.Link(from, to)
}

// symlink makes a link. Its text may lead anywhere, as in any folder that
// is shared with a container: venv/bin/python leads to /usr/bin. The server
// itself never follows one out of the folder.
func (s *Server) symlink(_ uint32, f *fields) (packet, error) {
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
	return nil, s.root.Symlink(filepath.FromSlash(s.hostLink(text)), name)
}

func (s *Server) readlink(id uint32, f *fields) (packet, error) {
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

// guestLink is a link's text as the guests have it.
func (s *Server) guestLink(text string) string {
	if s.o.GuestLink == nil {
		return filepath.ToSlash(text)
	}
	return s.o.GuestLink(text)
}

func (s *Server) hostLink(text string) string {
	if s.o.HostLink == nil {
		return text
	}
	return s.o.HostLink(text)
}
