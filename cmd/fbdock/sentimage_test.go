package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/fbdock/fbdock/internal/waittest"
)

// sentImage fails unless the guest has one stream, whose digest stands beside
// it, and that is the raw disk FILE, filled up to whole MiB: sentimage FILE GUEST.
func sentImage(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: sentimage FILE GUEST")
	}
	files, err := filepath.Glob(ts.MkAbs("guest/" + args[1] + "/var/db/fbdock/images/*.zst"))
	if err != nil || len(files) != 1 {
		ts.Fatalf("streams of images: %v, %v", files, err)
	}
	packed, err := os.ReadFile(files[0])
	ts.Check(err)
	z, err := zstd.NewReader(nil)
	ts.Check(err)
	defer z.Close()
	got, err := z.DecodeAll(packed, nil)
	ts.Check(err)
	want := []byte(ts.ReadFile(args[0]))
	want = append(want, make([]byte, (1<<20-len(want)%(1<<20))%(1<<20))...)
	if !bytes.Equal(got, want) {
		ts.Fatalf("%d bytes have arrived, and not the %d of the disk", len(got), len(want))
	}
	sum, err := os.ReadFile(files[0] + ".sum")
	ts.Check(err)
	if told := fmt.Sprintf("%x %d\n", sha256.Sum256(packed), len(want)); string(sum) != told {
		ts.Fatalf("beside the stream stands %q, not %q", sum, told)
	}
}

// dropAfter ends the next connection that has brought so many bytes, and of
// which the guest has written some to its image.
func (s *sshd) dropAfter(guest, bytes string) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.part = filepath.Join(guest, "var/db/fbdock/images/*.part")
	s.limit, err = strconv.ParseInt(bytes, 10, 64)
	return err
}

// limitedConn ends when it has brought as many bytes as its server allows one
// connection.
type limitedConn struct {
	net.Conn
	of   *sshd
	read int64
}

func (c *limitedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.read += int64(n)
	c.of.mu.Lock()
	ends := c.of.limit > 0 && c.read >= c.of.limit
	if ends {
		c.of.limit = 0
	}
	part := c.of.part
	c.of.mu.Unlock()
	if ends {
		waittest.Poll(func() bool { return written(part) > 0 })
		_ = c.Close()
	}
	return n, err
}

// written is the size of the file of a pattern, 0 where there is none.
func written(pattern string) int64 {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) != 1 {
		return 0
	}
	info, err := os.Stat(files[0])
	if err != nil {
		return 0
	}
	return info.Size()
}
