package agent

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/agent/splice"
	"github.com/fbdock/fbdock/internal/agent/uplink"
	"github.com/fbdock/fbdock/internal/link"
)

// maxBridgeLinks bounds the logins for bridges. With sshd's default of ten
// sessions for each they carry 160 connections.
const maxBridgeLinks = 16

var errBridges = fmt.Errorf("%d logins to the guest have as many sessions as its sshd allows (MaxSessions)", maxBridgeLinks)

// bridges are connections to FreeBSD by commands that run there, each of
// which takes a session. They have logins of their own, as many as they need:
// a docker client that keeps ten streams open must not have `fbdock exec` and
// the mounts wait.
type bridges struct {
	login func(context.Context) (*link.Client, error)
	turn  chan struct{} // held by who picks a link, as that may be a new one

	mu  sync.Mutex
	all []*bridgeLink
}

// bridgeLink is a login with its sessions; the mutex of bridges guards all but
// the session.
type bridgeLink struct {
	*uplink.Session
	open, most int
	served     bool // the server has allowed a session
}

func newBridges(login func(context.Context) (*link.Client, error)) *bridges {
	return &bridges{login: login, turn: make(chan struct{}, 1)}
}

// dial runs a command whose standard streams are the connection. args are
// its arguments, and have to write the line that they are given when they are
// ready.
func (b *bridges) dial(ctx context.Context, args func(ready string) []string) (splice.Conn, error) {
	for {
		l, err := b.pick(ctx)
		if err != nil {
			return nil, err
		}
		ch, reqs, err := l.Try(ctx)
		if refused, ok := errors.AsType[*link.RefusedError](err); ok && !refused.Prohibited && b.full(l) {
			continue
		}
		if err != nil {
			b.leave(l)
			return nil, err
		}
		b.mu.Lock()
		l.served = true
		b.mu.Unlock()
		go func() {
			ssh.DiscardRequests(reqs) // until both sides have closed the channel
			b.leave(l)
		}()
		ready := "fbdock " + rand.Text()
		conn, err := l.Stream(ctx, ch, link.Command{Args: args(ready)}, ready)
		if err != nil {
			return nil, err
		}
		return conn, nil
	}
}

// pick is a link with room for a session, which it has from now on.
func (b *bridges) pick(ctx context.Context) (*bridgeLink, error) {
	select {
	case b.turn <- struct{}{}:
		defer func() { <-b.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	l, err := b.room()
	if l != nil || err != nil {
		return l, err
	}
	client, err := b.login(ctx)
	if err != nil {
		return nil, err
	}
	l = &bridgeLink{Session: uplink.NewSession(client), open: 1, most: math.MaxInt}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = append(b.all, l)
	return l, nil
}

// room is a link that is there, nil where there has to be another.
func (b *bridges) room() (*bridgeLink, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = slices.DeleteFunc(b.all, func(l *bridgeLink) bool { return !l.Alive() })
	for _, l := range b.all {
		if l.open < l.most {
			l.open++
			return l, nil
		}
	}
	if len(b.all) >= maxBridgeLinks {
		return nil, errBridges
	}
	return nil, nil
}

// full takes a session back that the server has refused. It is false where
// the server refuses the first one, and another login helps nobody. Those that
// made it full may have left since.
func (b *bridges) full(l *bridgeLink) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l.open == 1 && !l.served {
		return false
	}
	l.open--
	l.most = max(1, l.open)
	return true
}

// leave gives a session back, and ends a login that has none and is not the
// only one.
func (b *bridges) leave(l *bridgeLink) {
	b.mu.Lock()
	l.open--
	idle := l.open == 0
	if idle {
		l.most = math.MaxInt // it may have been learnt while others left
	}
	if idle = idle && len(b.all) > 1; idle {
		b.all = slices.DeleteFunc(b.all, func(other *bridgeLink) bool { return other == l })
	}
	b.mu.Unlock()
	if idle {
		_ = l.Close()
	}
}

func (b *bridges) close() {
	b.mu.Lock()
	all := b.all
	b.all = nil
	b.mu.Unlock()
	for _, l := range all {
		_ = l.Close()
	}
}
