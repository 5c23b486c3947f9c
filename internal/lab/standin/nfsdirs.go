//go:build linux

package main

import (
	"cmp"
	"hash/fnv"
	"os"
	"slices"
	"syscall"
)

// What changes and lists directories.

// made answers with what was made: its handle, its attributes, and those of its directory.
func (s *nfsServer) made(c *rpcCall, n nfsNode, path string) error {
	c.reply.put(1)
	c.reply.putBytes(s.handle(n, path))
	after(c.reply, n, path)
	wcc(c.reply, n, n.path)
	return nil
}

func (s *nfsServer) create(c *rpcCall, n nfsNode) error {
	const unchecked, exclusive = 0, 2
	path, err := child(n, string(c.args.bytes()))
	if err != nil {
		return err
	}
	how := c.args.u32()
	flags := os.O_CREATE | os.O_WRONLY | syscall.O_NOFOLLOW
	if how != unchecked {
		flags |= os.O_EXCL
	}
	want := sattr{uid: -1, gid: -1}
	if how == exclusive {
		c.args.u64()
	} else {
		want = readSattr(c.args)
	}
	_, there := os.Lstat(path)
	file, err := os.OpenFile(path, flags, 0o644)
	if err != nil {
		return err
	}
	file.Close()
	if there == nil {
		want = sattr{uid: -1, gid: -1, size: want.size, atime: omitted, mtime: omitted}
	}
	if how == exclusive {
		return s.made(c, n, path)
	}
	if err := want.apply(path); err != nil {
		return err
	}
	return s.made(c, n, path)
}

func (s *nfsServer) mkdir(c *rpcCall, n nfsNode) error {
	path, err := child(n, string(c.args.bytes()))
	if err != nil {
		return err
	}
	want := readSattr(c.args)
	if err := os.Mkdir(path, 0o755); err != nil {
		return err
	}
	if err := want.apply(path); err != nil {
		return err
	}
	return s.made(c, n, path)
}

func (s *nfsServer) symlink(c *rpcCall, n nfsNode) error {
	path, err := child(n, string(c.args.bytes()))
	if err != nil {
		return err
	}
	readSattr(c.args)
	if err := os.Symlink(string(c.args.bytes()), path); err != nil {
		return err
	}
	return s.made(c, n, path)
}

// mknod makes pipes; sockets and devices do not go through the lab.
func (s *nfsServer) mknod(c *rpcCall, n nfsNode) error {
	const fifo = 7
	path, err := child(n, string(c.args.bytes()))
	if err != nil {
		return err
	}
	if kind := c.args.u32(); kind != fifo {
		return nfsNotSupp
	}
	if err := syscall.Mkfifo(path, 0o644); err != nil {
		return err
	}
	return s.made(c, n, path)
}

func (s *nfsServer) drop(c *rpcCall, n nfsNode, remove func(string) error) error {
	path, err := child(n, string(c.args.bytes()))
	if err == nil {
		err = remove(path)
	}
	if err != nil {
		return err
	}
	wcc(c.reply, n, n.path)
	return nil
}

func (s *nfsServer) remove(c *rpcCall, n nfsNode) error { return s.drop(c, n, syscall.Unlink) }
func (s *nfsServer) rmdir(c *rpcCall, n nfsNode) error  { return s.drop(c, n, syscall.Rmdir) }

func (s *nfsServer) rename(c *rpcCall, n nfsNode) error {
	from, err := child(n, string(c.args.bytes()))
	if err != nil {
		return err
	}
	other, err := s.resolve(c, c.args.bytes())
	if err != nil {
		return err
	}
	to, err := child(other, string(c.args.bytes()))
	if err != nil {
		return err
	}
	if other.export != n.export {
		return syscall.EXDEV
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	s.handle(other, to)
	wcc(c.reply, n, n.path)
	wcc(c.reply, other, other.path)
	return nil
}

// cookieOf is the place of a name in a listing: it stays when other names go, which a client that empties a
// directory while it reads it counts on.
func cookieOf(name string) uint64 {
	switch name {
	case ".":
		return 1
	case "..":
		return 2
	}
	h := fnv.New64a()
	h.Write([]byte(name))
	return h.Sum64()>>1 | 4
}

// readdir serves READDIR and READDIRPLUS.
func (s *nfsServer) readdir(c *rpcCall, n nfsNode) error {
	plus := c.proc == 17
	cookie, _ := c.args.u64(), c.args.u64()
	limit := int(c.args.u32())
	if plus {
		limit = int(c.args.u32())
	}
	entries, err := os.ReadDir(n.path)
	if err != nil {
		return err
	}
	names := []string{".", ".."}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(cookieOf(a), cookieOf(b)) })
	names = slices.DeleteFunc(names, func(name string) bool { return cookieOf(name) <= cookie })
	after(c.reply, n, n.path)
	c.reply.put64(0)
	const most = 200 // an entry's size without its name
	for i, name := range names {
		if len(c.reply.data)+len(name)+most > limit {
			if i == 0 {
				return nfsTooSmall
			}
			c.reply.put(0, 0)
			return nil
		}
		s.entry(c.reply, n, name, plus)
	}
	c.reply.put(0, 1)
	return nil
}

func (s *nfsServer) entry(x *xdr, n nfsNode, name string, plus bool) {
	path, _ := child(n, name)
	id, err := identify(path)
	if err != nil {
		return // gone meanwhile
	}
	x.put(1)
	x.put64(id.inode)
	x.putBytes([]byte(name))
	x.put64(cookieOf(name))
	if plus {
		after(x, n, path)
		x.put(1)
		x.putBytes(s.handle(n, path))
	}
}
