//go:build linux

package agent_test

import (
	"net"
	"sync"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/link/sshdtest"
)

// wire stands between the agent and a guest, to be cut and stalled.
type wire struct {
	listener net.Listener
	to       string

	mu    sync.Mutex
	still *sync.Cond
	stall bool
	conns map[net.Conn]bool
}

func newWire(t testing.TB, to string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: l, to: to, conns: map[net.Conn]bool{}}
	w.still = sync.NewCond(&w.mu)
	t.Cleanup(func() {
		w.freeze(false)
		w.cut()
	})
	sshdtest.Serve(t, l, w.join) // and closed first
	return w
}

func (w *wire) address() string { return w.listener.Addr().String() }

func (w *wire) join(conn net.Conn) {
	far, err := net.Dial("tcp", w.to)
	if err != nil {
		_ = conn.Close()
		return
	}
	w.mu.Lock()
	w.conns[conn], w.conns[far] = true, true
	w.mu.Unlock()
	go w.copy(conn, far)
	w.copy(far, conn)
}

func (w *wire) copy(to, from net.Conn) {
	defer func() {
		_ = to.Close()
		_ = from.Close()
		w.mu.Lock()
		delete(w.conns, from)
		w.mu.Unlock()
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		w.mu.Lock()
		for w.stall {
			w.still.Wait()
		}
		w.mu.Unlock()
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// cut ends all connections, as a network that changes does.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		_ = c.Close()
	}
}

// freeze lets nothing through, and nobody know.
func (w *wire) freeze(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stall = on
	w.still.Broadcast()
}

// pause has the guest not answer for a while.
func (w *wire) pause(d time.Duration) {
	w.freeze(true)
	time.Sleep(d)
	w.freeze(false)
}
