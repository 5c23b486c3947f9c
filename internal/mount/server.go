package mount

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// Folder is a laptop folder to be served.
type Folder struct {
	// Source is absolute, in the laptop's own form; Target is where the
	// guests see it.
	Source, Target string
	ReadOnly       bool
	// Private are slash-separated paths below Source that the guests do
	// not see: what they hold is for the laptop alone.
	Private []string
	// Copied tells that the guests have a copy, made by Copy, which Exclude
	// leaves names out of: patterns of path.Match for the last word of a name
	// below Source, or for all of it.
	Copied  bool
	Exclude []string
}

// server is one SFTP session. It does one request after the other, as
// OpenSSH's server does: sshfs sends writes ahead and counts on a truncate
// or stat behind them to find them done.
type server struct {
	folder  Folder
	root    *os.Root
	handles map[uint32]*handle
	next    uint32
	started func() // told at the guest's first packet; may be nil
}

// maxHandles keeps a guest from using up the laptop's descriptors.
const maxHandles = 4096

func newServer(f Folder) (*server, error) {
	root, err := os.OpenRoot(f.Source)
	if err != nil {
		return nil, &FolderError{Folder: f.Source, Err: err}
	}
	return &server{folder: f, root: root, handles: map[uint32]*handle{}}, nil
}

func (s *server) close() {
	for _, h := range s.handles {
		_ = h.file.Close() // what the guest wants to know it asks for by fsync and close
	}
	_ = s.root.Close() // a folder held open has nothing to lose
}

// serve answers requests until r ends.
func (s *server) serve(r io.Reader, w io.Writer) error {
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

func (s *server) answer(b []byte) packet {
	f := &fields{b: b[1:]}
	if b[0] == fxInit {
		if s.started != nil {
			s.started()
		}
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
type request func(*server, uint32, *fields) (packet, error)

// requests is never written to.
var requests = map[byte]request{
	fxOpen: (*server).open, fxClose: (*server).closeHandle, fxRead: (*server).read, fxWrite: (*server).write,
	fxFstat: (*server).fstat, fxFsetstat: (*server).fsetstat,
	fxOpendir: (*server).opendir, fxReaddir: (*server).readdir,
	fxLstat: (*server).lstat, fxStat: (*server).stat, fxSetstat: (*server).setstat,
	fxRemove: (*server).remove, fxMkdir: (*server).mkdir, fxRmdir: (*server).rmdir,
	fxRename: (*server).rename, fxReadlink: (*server).readlink, fxSymlink: (*server).symlink,
	fxRealpath: (*server).realpath, fxExtended: (*server).extended,
}

// name is the path of a request below the root. What it holds of ".." ends
// at the root; links in it are os.Root's to judge.
func (s *server) name(p string) (string, error) {
	name := strings.TrimPrefix(path.Clean("/"+p), "/")
	if name == "" {
		return ".", nil
	}
	if strings.IndexByte(name, 0) >= 0 || !nameOK(name) {
		return "", errName
	}
	for _, private := range s.folder.Private {
		// Folders of macOS and Windows do not tell cases apart.
		if rest, ok := cutPrefixFold(name, private); ok && (rest == "" || rest[0] == '/') {
			return "", errPrivate
		}
	}
	return filepath.FromSlash(name), nil
}

func cutPrefixFold(s, prefix string) (rest string, ok bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
}

// holdsPrivate tells whether a name is private, or holds what is.
func (s *server) holdsPrivate(name string) bool {
	for _, private := range s.folder.Private {
		if rest, ok := cutPrefixFold(private, filepath.ToSlash(name)); ok && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}

// path reads the field that names a file for reading, changing one for
// writing.
func (s *server) path(f *fields) (string, error) {
	name, err := s.name(f.text())
	if err == errPrivate { //nolint:errorlint // it comes from here
		// To the guests it is not there.
		return "", os.ErrNotExist
	}
	return name, err
}

func (s *server) changing(f *fields) (string, error) {
	p := f.text()
	if s.folder.ReadOnly {
		return "", errReadOnly
	}
	return s.name(p)
}

func (s *server) realpath(id uint32, f *fields) (packet, error) {
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

func (s *server) extended(id uint32, f *fields) (packet, error) {
	switch f.text() {
	case extPosixRename:
		return s.replace(f)
	case extHardlink:
		return s.link(f)
	case extFsync:
		h, err := s.handle(f)
		if err != nil {
			return nil, err
		}
		return nil, h.file.Sync()
	case extStatvfs, extFstatvfs:
		// One folder is one file system; a mount within it is not asked for.
		return s.statvfs(id)
	}
	return nil, errUnsupported
}

func (s *server) statvfs(id uint32) (packet, error) {
	dir, err := s.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	values, err := statvfs(dir)
	if err != nil {
		return nil, err
	}
	if s.folder.ReadOnly {
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

// chtimes sets times where there are any to be set.
func (a attrs) chtimes(set func(atime, mtime time.Time) error) error {
	if a.flags&attrTimes == 0 {
		return nil
	}
	return set(a.times())
}
