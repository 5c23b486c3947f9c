package sftpserver

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// handle is an open file or folder.
type handle struct {
	file *os.File
	// writable and appending are how a file was opened; listing is set for
	// a folder.
	writable bool
	listing  *listing
}

// Flags of an open.
const (
	openRead   = 0x1
	openWrite  = 0x2
	openAppend = 0x4
	openCreate = 0x8
	openTrunc  = 0x10
	openExcl   = 0x20
)

func (s *Server) add(h *handle) (uint32, error) {
	if len(s.handles) >= maxHandles {
		return 0, errors.Join(syscall.EMFILE, h.file.Close())
	}
	for s.next++; s.handles[s.next] != nil; s.next++ {
	}
	s.handles[s.next] = h
	return s.next, nil
}

func (s *Server) handle(f *fields) (*handle, error) {
	if b := f.bytes(); len(b) == 4 {
		if h := s.handles[binary.BigEndian.Uint32(b)]; h != nil {
			return h, nil
		}
	}
	return nil, errBadHandle
}

func (s *Server) open(id uint32, f *fields) (packet, error) {
	p := f.text()
	flags, a := f.u32(), f.attrs()
	if f.err != nil {
		return nil, f.err
	}
	name, err := s.name(p)
	if err != nil {
		if flags&openCreate == 0 && errors.Is(err, errPrivate) {
			err = fs.ErrNotExist
		}
		return nil, err
	}
	mode := os.O_RDONLY
	switch {
	case flags&openRead != 0 && flags&openWrite != 0:
		mode = os.O_RDWR
	case flags&(openWrite|openAppend) != 0:
		mode = os.O_WRONLY
	}
	// A write carries the offset at which the guest's kernel saw the end;
	// O_APPEND would refuse it, and so appending is left to the guest.
	for flag, bit := range map[uint32]int{openCreate: os.O_CREATE, openTrunc: os.O_TRUNC, openExcl: os.O_EXCL} {
		if flags&flag != 0 {
			mode |= bit
		}
	}
	if s.o.ReadOnly && mode != os.O_RDONLY {
		return nil, errReadOnly
	}
	file, err := s.root.OpenFile(name, mode|openFlags, a.perm(0o666))
	if err != nil {
		return nil, err
	}
	// Pipes and devices are the guest's own business.
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, fs.ErrPermission, file.Close())
	}
	n, err := s.add(&handle{file: file, writable: mode&(os.O_WRONLY|os.O_RDWR) != 0})
	if err != nil {
		return nil, err
	}
	return begin(fxHandle, id).text(handleText(n)), nil
}

func (s *Server) closeHandle(_ uint32, f *fields) (packet, error) {
	b := f.bytes()
	if len(b) != 4 {
		return nil, errBadHandle
	}
	n := binary.BigEndian.Uint32(b)
	h := s.handles[n]
	if h == nil {
		return nil, errBadHandle
	}
	delete(s.handles, n)
	return nil, h.file.Close()
}

func (s *Server) read(id uint32, f *fields) (packet, error) {
	h, err := s.handle(f)
	offset, size := int64(f.u64()), int(min(f.u32(), maxData))
	if err != nil {
		return nil, err
	}
	if offset < 0 || h.listing != nil {
		return nil, syscall.EINVAL
	}
	const head = 4 + 1 + 4 + 4
	p := make(packet, head+size)
	n, err := h.file.ReadAt(p[head:], offset)
	if n == 0 && err == nil && size > 0 {
		err = io.EOF
	}
	if err != nil && (n == 0 || !errors.Is(err, io.EOF)) {
		return nil, err
	}
	p[4] = fxData
	binary.BigEndian.PutUint32(p[5:], id)
	binary.BigEndian.PutUint32(p[9:], uint32(n))
	return p[:head+n], nil
}

func (s *Server) write(_ uint32, f *fields) (packet, error) {
	h, err := s.handle(f)
	offset, data := int64(f.u64()), f.bytes()
	if err == nil {
		err = f.err // a short packet writes nothing
	}
	if err != nil {
		return nil, err
	}
	if offset < 0 || h.listing != nil {
		return nil, syscall.EINVAL
	}
	_, err = h.file.WriteAt(data, offset)
	return nil, err
}

func (s *Server) fstat(id uint32, f *fields) (packet, error) {
	h, err := s.handle(f)
	if err != nil {
		return nil, err
	}
	info, err := h.file.Stat()
	if err != nil {
		return nil, err
	}
	return begin(fxAttrs, id).attrs(info), nil
}

func (s *Server) fsetstat(_ uint32, f *fields) (packet, error) {
	h, err := s.handle(f)
	a := f.attrs()
	switch {
	case err != nil:
		return nil, err
	case f.err != nil:
		return nil, f.err
	case s.o.ReadOnly:
		return nil, errReadOnly
	}
	if a.flags&attrSize != 0 {
		if err := h.file.Truncate(int64(a.size)); err != nil {
			return nil, err
		}
	}
	if a.flags&attrMode != 0 {
		if err := h.file.Chmod(a.perm(0)); err != nil {
			return nil, err
		}
	}
	return nil, a.chtimes(func(atime, mtime time.Time) error { return setFileTimes(h.file, atime, mtime) })
}

// listing goes through a folder's entries.
type listing struct {
	name    string
	pending []fs.FileInfo
	done    bool
}

func (s *Server) opendir(id uint32, f *fields) (packet, error) {
	name, err := s.path(f)
	if err != nil {
		return nil, err
	}
	dir, err := s.root.OpenFile(name, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, err
	}
	info, err := dir.Stat()
	if err == nil && !info.IsDir() {
		err = syscall.ENOTDIR
	}
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	l := &listing{name: name, pending: []fs.FileInfo{renamed{info, "."}, renamed{info, ".."}}}
	n, err := s.add(&handle{file: dir, listing: l})
	if err != nil {
		return nil, err
	}
	return begin(fxHandle, id).text(handleText(n)), nil
}

// renamed gives a file's attributes another name.
type renamed struct {
	fs.FileInfo
	name string
}

func (r renamed) Name() string { return r.name }

// batch bounds the names of one answer; 256 of them fit into a packet.
const batch = 256

func (s *Server) readdir(id uint32, f *fields) (packet, error) {
	h, err := s.handle(f)
	if err != nil {
		return nil, err
	}
	if h.listing == nil {
		return nil, errBadHandle
	}
	infos, err := s.entries(h)
	if err != nil {
		return nil, err
	}
	p := begin(fxName, id).u32(uint32(len(infos)))
	for _, info := range infos {
		p = p.text(info.Name()).text(longname(info)).attrs(info)
	}
	return p, nil
}

// entries are the next ones; io.EOF ends them.
func (s *Server) entries(h *handle) ([]fs.FileInfo, error) {
	l := h.listing
	infos := l.pending
	l.pending = nil
	for len(infos) == 0 && !l.done {
		entries, err := h.file.ReadDir(batch)
		if errors.Is(err, io.EOF) {
			l.done = true
		} else if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if _, err := s.name(filepath.ToSlash(filepath.Join(l.name, e.Name()))); err != nil {
				continue
			}
			// One that went away in between is not there.
			if info, err := e.Info(); err == nil {
				infos = append(infos, info)
			}
		}
	}
	if len(infos) == 0 {
		return nil, io.EOF
	}
	return infos, nil
}
