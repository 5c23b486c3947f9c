package sftpserver

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/fbdock/fbdock/internal/confine"
)

func (s *Server) lstat(id uint32, f *fields) (packet, error) {
	info, err := s.root.Lstat(f.path())
	if err != nil {
		return nil, err
	}
	return begin(fxAttrs, id).attrs(info), nil
}

// stat follows no link either: sshfs asks for one with lstat.
func (s *Server) stat(id uint32, f *fields) (packet, error) {
	info, err := s.root.Lstat(f.path())
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		err = confine.ErrLink
	}
	if err != nil {
		return nil, err
	}
	return begin(fxAttrs, id).attrs(info), nil
}

// setstat changes a file by its name. An owner is accepted and not set:
// the files are the host user's, and to refuse would end every `tar x` and
// `npm install` that runs as root.
func (s *Server) setstat(_ uint32, f *fields) (packet, error) {
	name, a := f.path(), f.attrs()
	if f.err != nil {
		return nil, f.err
	}
	err := s.root.Set(name, a.changes())
	if errors.Is(err, confine.ErrLink) {
		// The guest's kernel has followed the links that are to be followed.
		// This is about the link itself, whose time and mode nobody needs,
		// and tar fails without.
		return nil, nil
	}
	return nil, err
}

func (s *Server) mkdir(_ uint32, f *fields) (packet, error) {
	name, a := f.path(), f.attrs()
	if f.err != nil {
		return nil, f.err
	}
	return nil, s.root.Mkdir(name, a.perm(0o777)&fs.ModePerm)
}

func (s *Server) remove(_ uint32, f *fields) (packet, error) { return one(f, s.root.Remove) }

func (s *Server) rmdir(_ uint32, f *fields) (packet, error) { return one(f, s.root.Rmdir) }

func one(f *fields, do func(string) error) (packet, error) {
	name := f.path()
	if f.err != nil {
		return nil, f.err
	}
	return nil, do(name)
}

// rename is SFTP's own, which replaces nothing.
func (s *Server) rename(_ uint32, f *fields) (packet, error) {
	return two(f, func(from, to string) error { return s.root.Rename(from, to, false) })
}

// replace is rename(2), the one that sshfs uses.
func (s *Server) replace(f *fields) (packet, error) {
	return two(f, func(from, to string) error { return s.root.Rename(from, to, true) })
}

func (s *Server) link(f *fields) (packet, error) { return two(f, s.root.Link) }

func two(f *fields, do func(from, to string) error) (packet, error) {
	from, to := f.path(), f.path()
	if f.err != nil {
		return nil, f.err
	}
	return nil, do(from, to)
}

// symlink makes a link. Its text may lead anywhere, as in any folder that
// is shared with a container: venv/bin/python leads to /usr/bin. The server
// itself follows none.
func (s *Server) symlink(_ uint32, f *fields) (packet, error) {
	// OpenSSH has the arguments in this order, against the draft, and sshfs
	// with it.
	text, name := f.text(), f.path()
	if f.err != nil {
		return nil, f.err
	}
	return nil, s.root.Symlink(filepath.FromSlash(s.hostLink(text)), name)
}

func (s *Server) readlink(id uint32, f *fields) (packet, error) {
	text, err := s.root.Readlink(f.path())
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
