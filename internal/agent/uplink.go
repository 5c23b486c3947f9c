package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/retry"
)

const (
	firstRetry = 200 * time.Millisecond
	lastRetry  = 5 * time.Second
	// linkWait is how long a new connection waits for the agent to reconnect.
	linkWait = 12 * time.Second
	// goneAfter is how long the guest is not reached before Vagrant is asked
	// whether there still is one: guests reboot.
	goneAfter = 20 * time.Second
)

// session is a link with the queue for its sessions.
type session struct {
	*link.Client
	limiter *limiter
}

func newJoint(c *link.Client) *session { return &session{Client: c, limiter: newGate()} }

// rootOf is what runs a program as root in a guest; the engine's login is
// root's.
func (a *Agent) rootOf(guest string, j *session) ([]string, error) {
	if guest == UserEngine {
		return nil, nil
	}
	return a.o.Guests.Root(j.User())
}

func (j *session) alive() bool {
	select {
	case <-j.Done():
		return false
	default:
		return true
	}
}

// while is ctx for as long as the session lives: nothing waits for a lost
// connection.
func (j *session) while(ctx context.Context) (bound context.Context, cancel func()) {
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

// uplink keeps the link to FreeBSD: it makes it anew whenever it is lost.
type uplink struct {
	guests Guests
	log    *slog.Logger
	wake   chan struct{} // somebody waits

	session retry.Value[session]

	mu      sync.Mutex
	last    error     // of the latest attempt
	since   time.Time // of the link, or of its loss
	repairs int
}

func newUplink(guests Guests, log *slog.Logger) *uplink {
	return &uplink{
		guests: guests, log: log, wake: make(chan struct{}, 1), since: time.Now(),
	}
}

// keep connects and reconnects until ctx ends. It gives up, with ErrGone,
// only when the machine runs no more.
func (u *uplink) keep(ctx context.Context) error {
	for {
		client, err := u.dial(ctx)
		if err != nil {
			return err
		}
		if client == nil {
			return nil
		}
		u.set(newJoint(client))
		u.log.Info("link is up", "server", client.ServerVersion())
		select {
		case <-client.Done():
			u.log.Warn("link is lost", "error", client.Err())
			u.unset(client.Err())
		case <-ctx.Done():
			u.unset(context.Cause(ctx))
		}
		_ = client.Close()
		if ctx.Err() != nil {
			return nil
		}
	}
}

// dial tries until there is a link, or ctx ends (no client), or the machine
// is gone.
func (u *uplink) dial(ctx context.Context) (*link.Client, error) {
	began, delays, doubts := time.Now(), retry.NewDelays(firstRetry, lastRetry), 0
	for attempt := 0; ctx.Err() == nil; attempt++ {
		// Vagrant takes seconds: it is asked when a plain try has failed,
		// and then now and again.
		client, err := u.guests.FreeBSD(ctx, attempt%4 == 2)
		if err == nil {
			return client, nil
		}
		u.failed(err)
		if time.Since(began) > goneAfter || hopeless(err) {
			if !u.guests.Gone(ctx) {
				doubts = 0
			} else if doubts++; doubts > 1 {
				return nil, ErrGone
			}
		}
		if !u.await(ctx, delays.Next()) {
			break
		}
	}
	return nil, nil
}

// hopeless tells whether another try cannot help by itself.
func hopeless(err error) bool {
	_, changed := errors.AsType[*link.HostKeyChangedError](err)
	return changed
}

// await waits for the next try, which comes sooner when somebody waits.
func (u *uplink) await(ctx context.Context, d time.Duration) bool {
	if !pause(ctx, firstRetry) {
		return false
	}
	timer := time.NewTimer(d - firstRetry)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-u.wake:
	case <-ctx.Done():
		return false
	}
	return true
}

func (u *uplink) set(j *session) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.last, u.since = nil, time.Now()
	u.session.Set(j)
}

func (u *uplink) unset(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.last, u.since = err, time.Now()
	u.session.Clear()
	u.repairs++
}

func (u *uplink) failed(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.last == nil || u.last.Error() != err.Error() {
		u.log.Warn("no link", "error", err)
	}
	u.last = err
}

// get is the link, waiting a little for one that is being made.
func (u *uplink) get(ctx context.Context) (*session, error) {
	timer := time.NewTimer(linkWait)
	defer timer.Stop()
	for {
		now, ready := u.session.Get()
		if now != nil && now.alive() {
			return now, nil
		}
		if now != nil {
			// Lost this moment; keep is about to see it.
			ready = nil
		}
		select {
		case u.wake <- struct{}{}:
		default:
		}
		var again <-chan time.Time
		if ready == nil {
			again = time.After(5 * time.Millisecond)
		}
		select {
		case <-ready:
		case <-again:
		case <-timer.C:
			_, _, _, last := u.state()
			return nil, fmt.Errorf("no connection to the guest: %w", cmp.Or(last, errNotYet))
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// errNotYet is the reason before the first attempt has ended.
var errNotYet = errors.New("not yet made")

// current is the link without waiting, nil when there is none.
func (u *uplink) current() *session {
	now, _ := u.session.Get()
	return now
}

// state is what status tells.
func (u *uplink) state() (up bool, since time.Time, repairs int, last error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.current() != nil, u.since, u.repairs, u.last
}

// engineLink is the link to the engine, made through the other one when it
// is first wanted.
type engineLink struct {
	guests Guests
	below  *uplink
	turn   chan struct{} // held by who makes it

	mu  sync.Mutex
	now *session
}

func (e *engineLink) get(ctx context.Context) (*session, error) {
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if now := e.current(); now != nil && now.alive() {
		return now, nil
	}
	e.close()
	below, err := e.below.get(ctx)
	if err != nil {
		return nil, err
	}
	client, err := e.guests.Engine(ctx, below.Client)
	if err != nil {
		return nil, err
	}
	j := newJoint(client)
	e.mu.Lock()
	e.now = j
	e.mu.Unlock()
	return j, nil
}

func (e *engineLink) current() *session {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.now
}

func (e *engineLink) close() {
	e.mu.Lock()
	now := e.now
	e.now = nil
	e.mu.Unlock()
	if now != nil {
		_ = now.Close()
	}
}
