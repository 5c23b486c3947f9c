//go:build linux

package main

import (
	"encoding/binary"
	"hash/fnv"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// nfsServer is a small NFS server of version 3 in user space: a container cannot have the kernel's. Every client is root,
// as -mapall=root says. A handle is the export, the inode and the moment of its birth; a path is found for it again.
type nfsServer struct {
	l     *lab
	mutex sync.Mutex
	paths map[nfsID]string
}

// nfsID tells a file from all others, from one that has its inode later as well.
type nfsID struct{ inode, birth uint64 }

func nfsd(l *lab) int {
	opts, _, bad := getopt(l.args, "adeh:n:rutN:p:V:")
	if bad != "" {
		l.errorf("usage: nfsd [-ardute] [-n num_servers] [-h bindip]\n")
		return 1
	}
	in, status := l.background(nfsdPID)
	if !in {
		return status
	}
	// Without either it serves UDP alone.
	tcp, udp := has(opts, 't'), has(opts, 'u') || !has(opts, 't')
	ports := map[string]int{}
	for name, on := range map[string]bool{"tcp": tcp, "udp": udp} {
		if on {
			ports[name] = nfsPort
		}
	}
	server := newNFSServer(l)
	if !l.listen(nfsPort, tcp, udp, map[uint32]rpcProgram{nfsProgram: {low: 3, high: 3, serve: server.serve}}) || !l.register(nfsProgram, ports) {
		return 1
	}
	defer l.register(nfsProgram, nil)
	return l.attend(nfsdPID, nil)
}

func newNFSServer(l *lab) *nfsServer { return &nfsServer{l: l, paths: map[nfsID]string{}} }

// nfsNode is what a handle stands for. Its paths are the bench's own.
type nfsNode struct {
	path     string
	root     string
	export   string
	readOnly bool
}

// fsid is the number of the export, which a client tells file systems apart by.
func (n nfsNode) fsid() uint64 { return binary.BigEndian.Uint64(rootHandle(n.export)) }

const handleSize = 24

// rootHandle names an exported directory; nfsd knows it again by its path's hash.
func rootHandle(path string) []byte {
	h := fnv.New64a()
	h.Write([]byte(path))
	return append(binary.BigEndian.AppendUint64(nil, h.Sum64()), make([]byte, handleSize-8)...)
}

func identify(path string) (nfsID, error) {
	var st unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_INO|unix.STATX_BTIME, &st); err != nil {
		return nfsID{}, err
	}
	return nfsID{st.Ino, uint64(st.Btime.Sec)<<30 ^ uint64(st.Btime.Nsec)}, nil
}

// resolve finds what a handle stands for, for a client that may have it.
func (s *nfsServer) resolve(c *rpcCall, handle []byte) (nfsNode, error) {
	if len(handle) != handleSize {
		return nfsNode{}, nfsBadHandle
	}
	for _, one := range exports(s.l) {
		if string(rootHandle(one.Path)[:8]) != string(handle[:8]) || !one.allows(c.ip) {
			continue
		}
		root, err := filepath.EvalSymlinks(s.l.path(one.Path))
		if err != nil {
			return nfsNode{}, syscall.ESTALE
		}
		n := nfsNode{root: root, readOnly: one.ReadOnly, path: root, export: one.Path}
		id := nfsID{binary.BigEndian.Uint64(handle[8:]), binary.BigEndian.Uint64(handle[16:])}
		if id == (nfsID{}) {
			return n, nil
		}
		n.path, err = s.find(root, id)
		return n, err
	}
	return nfsNode{}, syscall.ESTALE
}

// find gives the path of a file: the one that was seen last, else by a walk.
func (s *nfsServer) find(root string, id nfsID) (string, error) {
	s.mutex.Lock()
	path := s.paths[id]
	s.mutex.Unlock()
	if path != "" {
		if now, err := identify(path); err == nil && now == id {
			return path, nil
		}
	}
	found := ""
	_ = filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if now, lerr := identify(path); err == nil && lerr == nil && now == id {
			found = path
			return filepath.SkipAll
		}
		return nil
	})
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if found == "" {
		delete(s.paths, id)
		return "", syscall.ESTALE
	}
	s.paths[id] = found
	return found, nil
}

// handle is the handle of a path below n's export.
func (s *nfsServer) handle(n nfsNode, path string) []byte {
	handle := rootHandle(n.export)
	id, err := identify(path)
	if err != nil || path == n.root {
		return handle
	}
	s.mutex.Lock()
	s.paths[id] = path
	s.mutex.Unlock()
	binary.BigEndian.PutUint64(handle[8:], id.inode)
	binary.BigEndian.PutUint64(handle[16:], id.birth)
	return handle
}

// child joins a name to a directory; what would leave it is refused.
func child(n nfsNode, name string) (string, error) {
	switch {
	case name == ".":
		return n.path, nil
	case name == "..":
		if n.path == n.root {
			return n.root, nil
		}
		return filepath.Dir(n.path), nil
	case name == "", strings.ContainsAny(name, "/\x00"):
		return "", syscall.EINVAL
	case len(name) > 255:
		return "", syscall.ENAMETOOLONG
	}
	return filepath.Join(n.path, name), nil
}
