package sftpserver

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"syscall"

	"github.com/fbdock/fbdock/internal/confine"
	"github.com/fbdock/fbdock/internal/descriptors"
)

// handle is an open file or an open folder.
type handle struct {
	file *confine.File
	dir  *listing
}

func (h *handle) info() (confine.Info, error) {
	if h.dir != nil {
		return h.dir.Info()
	}
	return h.file.Info()
}

func (h *handle) close() error {
	if h.dir != nil {
		return h.dir.Close()
	}
	return h.file.Close()
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

// add numbers a handle. A guest may not take the descriptors that the agent
// needs for itself.
func (s *Server) add(h *handle) (uint32, error) {
	opened := syscall.Conn(h.file)
	if h.dir != nil {
		opened = h.dir
	}
	if len(s.handles) >= maxHandles || descriptors.Low(opened) {
		return 0, errors.Join(syscall.EMFILE, h.close())
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

// file reads the field that names an open file.
func (s *Server) file(f *fields) (*confine.File, error) {
	h, err := s.handle(f)
	if err != nil {
		return nil, err
	}
	if h.dir != nil {
		return nil, syscall.EINVAL
	}
	return h.file, nil
}

func (s *Server) open(id uint32, f *fields) (packet, error) {
	name, flags, a := f.path(), f.u32(), f.attrs()
	if f.err != nil {
		return nil, f.err
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
	file, err := s.root.Open(name, mode, a.perm(0o666))
	if err != nil {
		return nil, err
	}
	n, err := s.add(&handle{file: file})
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
	return nil, h.close()
}

func (s *Server) read(id uint32, f *fields) (packet, error) {
	file, err := s.file(f)
	offset, size := int64(f.u64()), int(min(f.u32(), maxData))
	if err != nil {
		return nil, err
	}
	if offset < 0 {
		return nil, syscall.EINVAL
	}
	const head = 4 + 1 + 4 + 4
	p := make(packet, head+size)
	n, err := file.ReadAt(p[head:], offset)
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
	file, err := s.file(f)
	offset, data := int64(f.u64()), f.bytes()
	if err == nil {
		err = f.err // a short packet writes nothing
	}
	if err != nil {
		return nil, err
	}
	if offset < 0 {
		return nil, syscall.EINVAL
	}
	_, err = file.WriteAt(data, offset)
	return nil, err
}

func (s *Server) fstat(id uint32, f *fields) (packet, error) {
	h, err := s.handle(f)
	if err != nil {
		return nil, err
	}
	info, err := h.info()
	if err != nil {
		return nil, err
	}
	return begin(fxAttrs, id).attrs(info), nil
}

func (s *Server) fsetstat(_ uint32, f *fields) (packet, error) {
	file, err := s.file(f)
	a := f.attrs()
	switch {
	case err != nil:
		return nil, err
	case f.err != nil:
		return nil, f.err
	case s.o.ReadOnly:
		return nil, confine.ErrReadOnly
	}
	return nil, file.Set(a.changes())
}
