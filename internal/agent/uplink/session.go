package uplink

import (
	"context"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/link"
)

// Session is a connection with the queue for its sessions.
type Session struct {
	*link.Client
	limiter *limiter
}

// NewSession is a connection whose sessions are counted.
func NewSession(c *link.Client) *Session { return &Session{Client: c, limiter: newLimiter()} }

// Alive tells whether the connection stands.
func (j *Session) Alive() bool {
	select {
	case <-j.Done():
		return false
	default:
		return true
	}
}

// While is ctx for as long as the session lives: nothing waits for a lost
// connection.
func (j *Session) While(ctx context.Context) (bound context.Context, cancel func()) {
	bound, end := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-j.Done():
			end(j.Err())
		case <-bound.Done():
		}
	}()
	return bound, func() { end(nil) }
}

// Hold has a session of do's own making counted while do runs.
func (j *Session) Hold(ctx context.Context, do func() error) error { return j.limiter.hold(ctx, do) }

// Open opens a session; leave must be called when it has ended.
func (j *Session) Open(ctx context.Context, extra []byte) (ch ssh.Channel, reqs <-chan *ssh.Request, leave func(), err error) {
	return j.limiter.session(ctx, j, extra)
}

// Try opens a session without waiting for others to end; it is not counted.
func (j *Session) Try(ctx context.Context) (ssh.Channel, <-chan *ssh.Request, error) {
	return j.limiter.try(ctx, j, nil)
}
