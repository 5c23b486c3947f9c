package sftpserver

import (
	"encoding/binary"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/fbdock/fbdock/internal/confine"
)

// Options are what is served.
type Options struct {
	// Dir is the folder, absolute and without symbolic links on the way.
	Dir      string
	ReadOnly bool
	// Private are absolute paths of the host, which need not exist, that the
	// guest neither sees nor changes, wherever they lie.
	Private []string
	// GuestLink translates the text of a symbolic link of the host for the
	// guest, HostLink the other way; nil leaves it as it is.
	GuestLink, HostLink func(string) string
}

// Server is one SFTP session. It does one request after the other, as
// OpenSSH's server does: sshfs sends writes ahead and counts on a truncate
// or stat behind them to find them done.
type Server struct {
	o       Options
	root    *confine.Root
	handles map[uint32]*handle
	next    uint32
}

// maxHandles keeps a guest from using up the host's descriptors.
const maxHandles = 4096

// Open opens the folder.
func Open(o Options) (*Server, error) {
	root, err := confine.Open(o.Dir, confine.Options{ReadOnly: o.ReadOnly, Private: o.Private})
	if err != nil {
		return nil, err
	}
	return &Server{o: o, root: root, handles: map[uint32]*handle{}}, nil
}

// Close closes what the guest left open, and the folder.
func (s *Server) Close() {
	for _, h := range s.handles {
		_ = h.close() // what the guest wants to know it asks for by fsync and close
	}
	_ = s.root.Close() // a folder held open has nothing to lose
}

// Serve answers requests until r ends.
func (s *Server) Serve(r io.Reader, w io.Writer) error {
	var buf []byte
	for {
		var err error
		if buf, err = readPacket(r, buf); err != nil {
			if err == io.EOF { //nolint:errorlint // the end between two packets, and no other
				return nil
			}
			return err
		}
		if _, err := w.Write(s.answer(buf).sent()); err != nil {
			return fmt.Errorf("answer the guest: %w", err)
		}
	}
}

func (s *Server) answer(b []byte) packet {
	f := &fields{b: b[1:]}
	if b[0] == fxInit {
		return hello()
	}
	id := f.u32()
	if do, ok := requests[b[0]]; ok {
		p, err := do(s, id, f)
		if err == nil && f.err == nil {
			if p == nil {
				p = statusPacket(id, nil)
			}
			return p
		}
		if f.err != nil {
			err = f.err
		}
		return statusPacket(id, err)
	}
	return statusPacket(id, errUnsupported)
}

// hello names the version and what is served beyond it.
func hello() packet {
	p := begin(fxVersion, 3)
	for _, name := range []string{extPosixRename, extFsync, extHardlink} {
		p = p.text(name).text("1")
	}
	for _, name := range []string{extStatvfs, extFstatvfs} {
		p = p.text(name).text("2")
	}
	return p
}

func statusPacket(id uint32, err error) packet {
	code, text := status(err)
	return begin(fxStatus, id).u32(code).text(text).text("en")
}

// request does one request. A nil packet without an error means "ok".
type request func(*Server, uint32, *fields) (packet, error)

// requests is never written to.
var requests = map[byte]request{
	fxOpen: (*Server).open, fxClose: (*Server).closeHandle, fxRead: (*Server).read, fxWrite: (*Server).write,
	fxFstat: (*Server).fstat, fxFsetstat: (*Server).fsetstat,
	fxOpendir: (*Server).opendir, fxReaddir: (*Server).readdir,
	fxLstat: (*Server).lstat, fxStat: (*Server).stat, fxSetstat: (*Server).setstat,
	fxRemove: (*Server).remove, fxMkdir: (*Server).mkdir, fxRmdir: (*Server).rmdir,
	fxRename: (*Server).rename, fxReadlink: (*Server).readlink, fxSymlink: (*Server).symlink,
	fxRealpath: (*Server).realpath, fxExtended: (*Server).extended,
}

// name is the path of a request below the root. What it holds of ".." ends
// at the root: the guest's kernel has resolved the others.
func name(p string) string {
	if name := strings.TrimPrefix(path.Clean("/"+p), "/"); name != "" {
		return name
	}
	return "."
}

// path reads the field that names a file.
func (f *fields) path() string { return name(f.text()) }

func (s *Server) realpath(id uint32, f *fields) (packet, error) {
	p := path.Clean("/" + f.text())
	return begin(fxName, id).u32(1).text(p).text(p).u32(0), nil
}

const (
	extPosixRename = "posix-rename@openssh.com"
	extStatvfs     = "statvfs@openssh.com"
	extFstatvfs    = "fstatvfs@openssh.com"
	extHardlink    = "hardlink@openssh.com"
	extFsync       = "fsync@openssh.com"
)

func (s *Server) extended(id uint32, f *fields) (packet, error) {
	switch f.text() {
	case extPosixRename:
		return s.replace(f)
	case extHardlink:
		return s.link(f)
	case extFsync:
		h, err := s.file(f)
		if err != nil {
			return nil, err
		}
		return nil, h.Sync()
	case extStatvfs, extFstatvfs:
		// One folder is one file system; a mount within it is not asked for.
		return s.statvfs(id)
	}
	return nil, errUnsupported
}

func (s *Server) statvfs(id uint32) (packet, error) {
	dir, err := s.root.Top()
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	values, err := statvfs(dir, s.o.Dir)
	if err != nil {
		return nil, err
	}
	if s.o.ReadOnly {
		values[vfsFlag] |= 1 // SSH_FXE_STATVFS_ST_RDONLY
	}
	p := begin(fxExtReply, id)
	for _, v := range values {
		p = p.u64(v)
	}
	return p, nil
}

// vfsFlag is the place of f_flag in an answer to statvfs.
const vfsFlag = 9

func handleText(n uint32) string { return string(binary.BigEndian.AppendUint32(nil, n)) }
