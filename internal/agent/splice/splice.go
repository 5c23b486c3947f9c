// Package splice joins two streams. It knows nothing of what they carry.
package splice

import (
	"errors"
	"io"
	"net"
	"sync"
)

// Conn is a connection whose two directions end apart.
type Conn interface {
	net.Conn
	CloseWrite() error
}

// copySize is SSH's own packet: a bigger buffer would be cut up again.
const copySize = 32 << 10

// buffers are shared, or two hundred idle connections would hold a buffer
// for each direction.
var buffers = sync.Pool{New: func() any { b := make([]byte, copySize); return &b }}

// Join carries both directions; each ends by itself. A direction that
// breaks ends both.
func Join(a, b Conn) {
	var wg sync.WaitGroup
	one := func(to, from Conn) {
		if err := stream(to, from); err != nil {
			_ = a.Close()
			_ = b.Close()
			return
		}
		_ = to.CloseWrite()
	}
	wg.Go(func() { one(b, a) })
	wg.Go(func() { one(a, b) })
	wg.Wait()
}

// stream copies until from ends, which is nil, or one of the two fails.
func stream(to, from net.Conn) error {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	for {
		n, err := from.Read(*buf)
		if n > 0 {
			if _, werr := to.Write((*buf)[:n]); werr != nil {
				return werr
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Carry copies until the source ends or the sink is closed. What cannot be
// delivered is read all the same: an SSH channel whose window is full would
// never tell that it was closed.
func Carry(to io.Writer, from io.Reader) {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	var broken bool
	for {
		n, err := from.Read(*buf)
		if n > 0 && !broken {
			_, werr := to.Write((*buf)[:n])
			broken = werr != nil
		}
		if err != nil {
			return
		}
	}
}
