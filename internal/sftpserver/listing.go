package sftpserver

import (
	"errors"
	"io"

	"github.com/fbdock/fbdock/internal/confine"
)

// listing goes through a folder's entries.
type listing struct {
	*confine.Dir
	pending []confine.Info
	done    bool
}

func (s *Server) opendir(id uint32, f *fields) (packet, error) {
	name := f.path()
	if f.err != nil {
		return nil, f.err
	}
	dir, err := s.root.OpenDir(name)
	if err != nil {
		return nil, err
	}
	info, err := dir.Info()
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	n, err := s.add(&handle{dir: &listing{Dir: dir, pending: []confine.Info{info.Named("."), info.Named("..")}}})
	if err != nil {
		return nil, err
	}
	return begin(fxHandle, id).text(handleText(n)), nil
}

// batch bounds the names of one answer; 256 of them fit into a packet.
const batch = 256

func (s *Server) readdir(id uint32, f *fields) (packet, error) {
	h, err := s.handle(f)
	if err != nil {
		return nil, err
	}
	if h.dir == nil {
		return nil, errBadHandle
	}
	infos, err := h.dir.entries()
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
func (l *listing) entries() ([]confine.Info, error) {
	infos := l.pending
	l.pending = nil
	for len(infos) == 0 && !l.done {
		var err error
		infos, err = l.Next(batch)
		if errors.Is(err, io.EOF) {
			l.done = true
		} else if err != nil {
			return nil, err
		}
	}
	if len(infos) == 0 {
		return nil, io.EOF
	}
	return infos, nil
}
