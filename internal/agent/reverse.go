package agent

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/fbdock/fbdock/internal/agent/splice"
	"github.com/fbdock/fbdock/internal/agent/uplink"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/retry"
)

// Reverse is an address of FreeBSD's own, host:port at its loopback, whose
// connections lead to one address of the engine: FreeBSD's way to an engine that it
// has no network to.
type Reverse struct {
	Name string // what it is, for status and log
	At   string // in FreeBSD
	To   string // in the engine, as the engine sees it
}

// ReverseStatus tells of one Reverse.
type ReverseStatus struct {
	Name string `json:"name"`
	At   string `json:"at"`
	// Up tells that FreeBSD's sshd listens there, Error why it does not.
	Up    bool   `json:"up"`
	Error string `json:"error,omitempty"`
	// Refused counts connections beyond the limit.
	Refused int64 `json:"refused,omitempty"`
}

const (
	// maxReverse is how many connections of FreeBSD one Reverse carries at a time:
	// each may hold two windows of 2 MiB here.
	maxReverse = 64
	// reverseWait bounds the wait for the engine's connection.
	reverseWait = 12 * time.Second
	// listenWait bounds the answer of FreeBSD's sshd.
	listenWait = 20 * time.Second
	// Another connection of ours that has died may hold the port until sshd
	// notices (ClientAliveInterval, which fbdock sets to 15 s).
	firstListen, lastListen = 250 * time.Millisecond, 5 * time.Second
)

// errNoListener is the reason before FreeBSD's sshd was asked.
var errNoListener = errors.New("FreeBSD's sshd was not asked yet to listen there")

// reverse keeps one Reverse. What comes from FreeBSD is bytes for that one
// address of the engine and nothing else: it names no address itself.
type reverse struct {
	Reverse
	agent *Agent
	room  chan struct{} // has one for each connection

	mu     sync.Mutex
	status ReverseStatus
}

func newReverses(a *Agent) (all []*reverse) {
	for _, r := range a.o.Reverse {
		all = append(all, &reverse{
			Reverse: r, agent: a, room: make(chan struct{}, maxReverse),
			status: ReverseStatus{Name: r.Name, At: r.At, Error: errNoListener.Error()},
		})
	}
	return all
}

// run keeps the listener until ctx ends; its connections go on until life does.
func (r *reverse) run(ctx, life context.Context) {
	delays := retry.NewDelays(firstListen, lastListen)
	for {
		session, err := r.agent.freebsd.Await(ctx)
		if err != nil {
			return
		}
		listened := time.Now()
		err = r.listen(ctx, life, session)
		if ctx.Err() != nil {
			return
		}
		r.down(err)
		if time.Since(listened) > lastListen {
			delays.Reset()
		}
		if retry.Sleep(ctx, delays.Next()) != nil {
			return
		}
	}
}

// listen serves one listener, to its end.
func (r *reverse) listen(ctx, life context.Context, session *uplink.Session) error {
	asking, cancel := context.WithTimeout(ctx, listenWait)
	l, err := session.Listen(asking, r.At)
	cancel()
	if err != nil {
		return err
	}
	over, stop := session.While(ctx)
	defer stop()
	// The end of the link alone does not close a listener that came with it.
	context.AfterFunc(over, func() { _ = l.Close() })
	r.up()
	for {
		conn, err := l.Accept()
		switch {
		case errors.Is(err, io.EOF):
			return session.Err()
		case err != nil: // that one connection has gone
			if !session.Alive() {
				return err
			}
		default:
			r.take(life, session, conn)
		}
	}
}

// take serves a connection where there is room. It does not wait: what waits here
// keeps the whole link from its other channels.
func (r *reverse) take(life context.Context, session *uplink.Session, conn net.Conn) {
	near, ok := conn.(splice.Conn)
	if !ok || !r.enter() {
		go conn.Close() //nolint:errcheck // the other side sees it closed
		return
	}
	r.agent.conns.Go(func() {
		defer r.agent.count.enter()()
		defer func() { <-r.room }()
		defer near.Close() //nolint:errcheck // whatever it was, it has ended
		// A lost link looks like the end of a stream, and dockerd may stay silent.
		ctx, stop := session.While(life)
		defer stop()
		r.join(ctx, near)
	})
}

// enter takes a place, and is false where there is none.
func (r *reverse) enter() bool {
	select {
	case r.room <- struct{}{}:
		return true
	default:
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.status.Refused++; r.status.Refused == 1 {
		r.agent.o.Log.Warn("connections of FreeBSD are refused", "to", r.Name, "limit", maxReverse)
	}
	return false
}

// join carries a connection of FreeBSD's to the engine.
func (r *reverse) join(ctx context.Context, near splice.Conn) {
	far, err := r.dial(ctx)
	if err != nil {
		r.agent.o.Log.Debug("a connection of FreeBSD does not reach the engine", "to", r.Name, "error", err)
		return
	}
	defer far.Close() //nolint:errcheck // whatever it was, it has ended
	stop := context.AfterFunc(ctx, func() {
		_ = near.Close()
		_ = far.Close()
	})
	defer stop()
	splice.Join(near, far)
}

func (r *reverse) dial(ctx context.Context) (splice.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, reverseWait)
	defer cancel()
	session, err := r.agent.awaitEngine(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := session.DialContext(ctx, "tcp", r.To)
	if err != nil {
		return nil, err
	}
	return conn.(*link.Conn), nil
}

func (r *reverse) up() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.Up, r.status.Error = true, ""
	r.agent.o.Log.Info("FreeBSD listens for the engine", "at", r.At, "to", r.Name)
}

func (r *reverse) down(err error) {
	text := "FreeBSD's sshd has ended it"
	if err != nil {
		text = err.Error()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.status.Up || r.status.Error != text {
		r.agent.o.Log.Warn("FreeBSD does not listen for the engine", "at", r.At, "to", r.Name, "error", text)
	}
	r.status.Up, r.status.Error = false, text
}

func (r *reverse) now() ReverseStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status
}
