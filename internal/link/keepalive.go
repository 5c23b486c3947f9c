package link

import (
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

// liveConn remembers when the peer last said anything.
type liveConn struct {
	net.Conn
	heard atomic.Int64 // nanoseconds since start, on the monotonic clock
	start time.Time
}

func newLiveConn(conn net.Conn) *liveConn { return &liveConn{Conn: conn, start: time.Now()} }

func (l *liveConn) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if n > 0 {
		l.heard.Store(int64(time.Since(l.start)))
	}
	return n, err
}

func (l *liveConn) silence() time.Duration {
	return time.Since(l.start) - time.Duration(l.heard.Load())
}

// keepAlive asks the server for a sign of life and gives the link up when
// none comes. Any byte counts as one: in a big upload the answer itself may
// wait behind data.
func (c *Client) keepAlive(every, limit time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-c.done:
			return
		case <-ticker.C:
		}
		answer := make(chan struct{})
		go func() {
			defer close(answer)
			_, _, _ = c.ssh.SendRequest("keepalive@openssh.com", true, nil)
		}()
		if !c.answered(answer, limit) {
			c.fail(fmt.Errorf("no sign of life for %v", limit))
			// Not c.ssh.Close, which would want to write.
			_ = c.conn.Close()
			<-c.done
			return
		}
	}
}

func (c *Client) answered(answer <-chan struct{}, limit time.Duration) bool {
	asked := time.Now()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		select {
		case <-answer:
			return true
		case <-c.done:
			return true
		case <-timer.C:
		}
		quiet := min(c.conn.silence(), time.Since(asked))
		if quiet >= limit {
			return false
		}
		timer.Reset(limit - quiet)
	}
}
