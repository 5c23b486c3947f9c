package uplink

import (
	"context"
	"sync"

	"github.com/fbdock/fbdock/internal/link"
)

// Login logs in to the engine in FreeBSD, through a connection to FreeBSD.
type Login func(ctx context.Context, through *link.Client) (*link.Client, error)

// Engine is the connection to an engine in FreeBSD, made through FreeBSD's when it
// is first wanted.
type Engine struct {
	login Login
	below *Uplink
	turn  chan struct{} // held by who makes it

	mu  sync.Mutex
	now *Session
}

// NewEngine is the connection through below.
func NewEngine(login Login, below *Uplink) *Engine {
	return &Engine{login: login, below: below, turn: make(chan struct{}, 1)}
}

// Keep ends the connection when ctx ends.
func (e *Engine) Keep(ctx context.Context) error {
	<-ctx.Done()
	e.Close()
	return nil
}

// Get is the connection, made now where there is none.
func (e *Engine) Get(ctx context.Context) (*Session, error) {
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if now := e.Current(); now != nil && now.Alive() {
		return now, nil
	}
	e.Close()
	below, err := e.below.Get(ctx)
	if err != nil {
		return nil, err
	}
	client, err := e.login(ctx, below.Client)
	if err != nil {
		return nil, err
	}
	j := NewSession(client)
	e.mu.Lock()
	e.now = j
	e.mu.Unlock()
	return j, nil
}

// Current is the connection that there is, nil for none.
func (e *Engine) Current() *Session {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.now
}

// Close ends the connection, for Get to make another.
func (e *Engine) Close() {
	e.mu.Lock()
	now := e.now
	e.now = nil
	e.mu.Unlock()
	if now != nil {
		_ = now.Close()
	}
}
