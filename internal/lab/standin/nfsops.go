//go:build linux

package main

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// nfsProcedure is one procedure of RFC 1813.
type nfsProcedure struct {
	run    func(*nfsServer, *rpcCall, nfsNode) error
	writes bool
	// absent is how many words say "no attributes" behind an error.
	absent int
}

var nfsProcedures = map[uint32]nfsProcedure{
	1: {run: (*nfsServer).getattr}, 2: {(*nfsServer).setattr, true, 2}, 3: {(*nfsServer).lookup, false, 1}, 4: {(*nfsServer).access, false, 1},
	5: {(*nfsServer).readlink, false, 1}, 6: {(*nfsServer).read, false, 1}, 7: {(*nfsServer).write, true, 2}, 8: {(*nfsServer).create, true, 2},
	9: {(*nfsServer).mkdir, true, 2}, 10: {(*nfsServer).symlink, true, 2}, 11: {(*nfsServer).mknod, true, 2}, 12: {(*nfsServer).remove, true, 2},
	13: {(*nfsServer).rmdir, true, 2}, 14: {(*nfsServer).rename, true, 4}, 15: {(*nfsServer).link, true, 3}, 16: {(*nfsServer).readdir, false, 1},
	17: {(*nfsServer).readdir, false, 1}, 18: {(*nfsServer).fsstat, false, 1}, 19: {(*nfsServer).fsinfo, false, 1},
	20: {(*nfsServer).pathconf, false, 1}, 21: {(*nfsServer).commit, false, 2},
}

// serve answers one call of NFS version 3.
func (s *nfsServer) serve(c *rpcCall) bool {
	procedure, ok := nfsProcedures[c.proc]
	if !ok {
		return false
	}
	n, err := s.resolve(c, c.args.bytes())
	if err == nil && procedure.writes && n.readOnly {
		err = syscall.EROFS
	}
	head := len(c.reply.data)
	c.reply.put(0)
	if err == nil {
		err = procedure.run(s, c, n)
	}
	if err != nil {
		c.reply.data = c.reply.data[:head]
		c.reply.put(nfsStatus(err))
		for range procedure.absent {
			c.reply.put(0)
		}
	}
	return true
}

func (s *nfsServer) getattr(c *rpcCall, n nfsNode) error { return attributes(c.reply, n, n.path) }

func (s *nfsServer) setattr(c *rpcCall, n nfsNode) error {
	if err := readSattr(c.args).apply(n.path); err != nil {
		return err
	}
	wcc(c.reply, n, n.path)
	return nil
}

func (s *nfsServer) lookup(c *rpcCall, n nfsNode) error {
	path, err := child(n, string(c.args.bytes()))
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); err != nil {
		return err
	}
	c.reply.putBytes(s.handle(n, path))
	after(c.reply, n, path)
	after(c.reply, n, n.path)
	return nil
}

// access grants all: every client is root.
func (s *nfsServer) access(c *rpcCall, n nfsNode) error {
	after(c.reply, n, n.path)
	c.reply.put(c.args.u32())
	return nil
}

func (s *nfsServer) readlink(c *rpcCall, n nfsNode) error {
	target, err := os.Readlink(n.path)
	if err != nil {
		return err
	}
	after(c.reply, n, n.path)
	c.reply.putBytes([]byte(target))
	return nil
}

func (s *nfsServer) read(c *rpcCall, n nfsNode) error {
	at, count := c.args.u64(), c.args.u32()
	file, err := os.OpenFile(n.path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	data := make([]byte, min(count, 1<<20))
	got, err := file.ReadAt(data, int64(at))
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	end := uint32(0)
	if err != nil {
		end = 1
	}
	after(c.reply, n, n.path)
	c.reply.put(uint32(got), end)
	c.reply.putBytes(data[:got])
	return nil
}

func (s *nfsServer) write(c *rpcCall, n nfsNode) error {
	at, _, _ := c.args.u64(), c.args.u32(), c.args.u32()
	data := c.args.bytes()
	file, err := os.OpenFile(n.path, os.O_WRONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(data, int64(at))
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	wcc(c.reply, n, n.path)
	c.reply.put(uint32(len(data)), 2) // FILE_SYNC: no client need send it again
	c.reply.put64(1)
	return nil
}

func (s *nfsServer) commit(c *rpcCall, n nfsNode) error {
	wcc(c.reply, n, n.path)
	c.reply.put64(1)
	return nil
}

func (s *nfsServer) link(c *rpcCall, n nfsNode) error {
	dir, err := s.resolve(c, c.args.bytes())
	if err != nil {
		return err
	}
	path, err := child(dir, string(c.args.bytes()))
	if err != nil {
		return err
	}
	if dir.export != n.export {
		return syscall.EXDEV
	}
	if err := os.Link(n.path, path); err != nil {
		return err
	}
	after(c.reply, n, n.path)
	wcc(c.reply, dir, dir.path)
	return nil
}

func (s *nfsServer) fsstat(c *rpcCall, n nfsNode) error {
	var st syscall.Statfs_t
	if err := syscall.Statfs(n.path, &st); err != nil {
		return err
	}
	after(c.reply, n, n.path)
	block := uint64(st.Bsize)
	for _, number := range []uint64{st.Blocks * block, st.Bfree * block, st.Bavail * block, st.Files, st.Ffree, st.Ffree} {
		c.reply.put64(number)
	}
	c.reply.put(0)
	return nil
}

func (s *nfsServer) fsinfo(c *rpcCall, n nfsNode) error {
	const most, preferred, multiple = 1 << 20, 262144, 4096
	after(c.reply, n, n.path)
	c.reply.put(most, preferred, multiple, most, preferred, multiple, 65536)
	c.reply.put64(1 << 62)
	c.reply.put(0, 1) // times are kept to the nanosecond
	c.reply.put(0x1b) // links, symbolic links, the same for all files, times can be set
	return nil
}

func (s *nfsServer) pathconf(c *rpcCall, n nfsNode) error {
	after(c.reply, n, n.path)
	c.reply.put(32000, 255, 1, 1, 0, 1)
	return nil
}
