// Package uplink keeps the connections to a machine's guests: FreeBSD's, and that
// of an engine beside it, which it makes anew whenever they are lost, and that of
// an engine in FreeBSD through FreeBSD's, when it is wanted. It counts their
// sessions against what the guest takes. How to log in is told to it; what runs
// over a connection is not its business.
package uplink

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

// Guest is a guest with an address of its own.
type Guest struct {
	// Name is what errors and the log call it.
	Name string
	// Dial logs in; fresh says that what is known of its address led nowhere, so
	// that Vagrant has to be asked.
	Dial func(ctx context.Context, fresh bool) (*link.Client, error)
	// Gone tells whether the machine runs no more. It is false where that is not
	// known. Without it the guest is waited for whatever happens.
	Gone func(ctx context.Context) bool
}

// ErrGone says that the machine runs no more.
var ErrGone = errors.New("the machine runs no more")

// Wait is how long a new connection waits for the one to the guest.
const Wait = 12 * time.Second

const (
	firstRetry = 200 * time.Millisecond
	lastRetry  = 5 * time.Second
	// goneAfter is how long the guest is not reached before Vagrant is asked
	// whether there still is one: guests reboot.
	goneAfter = 20 * time.Second
	// A guest has another address soon after it was lost, or is down for long:
	// Vagrant, which takes seconds, is asked for the address every askEvery
	// attempts, and after askOften of them every askSeldom.
	askEvery, askOften, askSeldom = 4, 32, 64
)

// Uplink keeps the connection to a guest: it makes it anew whenever it is lost.
type Uplink struct {
	guest Guest
	log   *slog.Logger
	wake  chan struct{} // somebody waits

	session retry.Value[Session]

	mu      sync.Mutex
	last    error     // of the latest attempt
	since   time.Time // of the link, or of its loss
	repairs int
}

// New has no connection until Keep.
func New(guest Guest, log *slog.Logger) *Uplink {
	return &Uplink{
		guest: guest, log: log.With("guest", guest.Name), wake: make(chan struct{}, 1), since: time.Now(),
	}
}

// Keep connects and reconnects until ctx ends. It gives up, with ErrGone,
// only when the machine runs no more.
func (u *Uplink) Keep(ctx context.Context) error {
	for {
		client, err := u.dial(ctx)
		if err != nil {
			return err
		}
		if client == nil {
			return nil
		}
		u.set(NewSession(client))
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
func (u *Uplink) dial(ctx context.Context) (*link.Client, error) {
	began, delays, doubts := time.Now(), retry.NewDelays(firstRetry, lastRetry), 0
	for attempt := 0; ctx.Err() == nil; attempt++ {
		client, err := u.guest.Dial(ctx, asks(attempt))
		if err == nil {
			return client, nil
		}
		u.failed(err)
		if time.Since(began) > goneAfter || hopeless(err) {
			if u.guest.Gone == nil || !u.guest.Gone(ctx) {
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

// asks tells whether Vagrant is asked for the address before an attempt: when a
// plain one has failed, and then now and again.
func asks(attempt int) bool {
	if attempt > askOften {
		return attempt%askSeldom == 2
	}
	return attempt%askEvery == 2
}

// hopeless tells whether another try cannot help by itself.
func hopeless(err error) bool {
	_, changed := errors.AsType[*link.HostKeyChangedError](err)
	return changed
}

// await waits for the next try, which comes sooner when somebody waits.
func (u *Uplink) await(ctx context.Context, d time.Duration) bool {
	if retry.Sleep(ctx, firstRetry) != nil {
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

func (u *Uplink) set(j *Session) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.last, u.since = nil, time.Now()
	u.session.Set(j)
}

func (u *Uplink) unset(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.last, u.since = err, time.Now()
	u.session.Clear()
	u.repairs++
}

func (u *Uplink) failed(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.last == nil || u.last.Error() != err.Error() {
		u.log.Warn("no link", "error", err)
	}
	u.last = err
}

// Get is the link, waiting a little for one that is being made.
func (u *Uplink) Get(ctx context.Context) (*Session, error) {
	timer := time.NewTimer(Wait)
	defer timer.Stop()
	for {
		now, ready := u.session.Get()
		if now != nil && now.Alive() {
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
			_, _, _, last := u.State()
			return nil, fmt.Errorf("no connection to %s: %w", u.guest.Name, cmp.Or(last, errNotYet))
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// errNotYet is the reason before the first attempt has ended.
var errNotYet = errors.New("not yet made")

// Await is the link, waiting for it for as long as ctx lasts. Unlike Get it has
// nobody try sooner: it is for those who have time, and for what a guest wants.
func (u *Uplink) Await(ctx context.Context) (*Session, error) {
	for {
		now, ready := u.session.Get()
		if now != nil && now.Alive() {
			return now, nil
		}
		if now != nil { // lost this moment; Keep is about to see it
			if err := retry.Sleep(ctx, 5*time.Millisecond); err != nil {
				return nil, err
			}
			continue
		}
		select {
		case <-ready:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// Current is the link without waiting, nil when there is none.
func (u *Uplink) Current() *Session {
	now, _ := u.session.Get()
	return now
}

// State is what status tells.
func (u *Uplink) State() (up bool, since time.Time, repairs int, last error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.Current() != nil, u.since, u.repairs, u.last
}
