package uplink

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/retry"
)

// queueWait is how long a session waits for another to end.
const queueWait = 60 * time.Second

// doubtAfter is how long a limit is believed.
const doubtAfter = 2 * time.Second

// opener is the part of a link that opens channels.
type opener interface {
	OpenChannel(ctx context.Context, kind string, extra []byte) (ssh.Channel, <-chan *ssh.Request, error)
}

// limiter lets as many sessions through as the server takes at once, and has
// the others wait in the order in which they came. The server's limit is
// learnt from its first refusal.
type limiter struct {
	mu      sync.Mutex
	open    int
	limit   int
	learnt  time.Time // when limit was
	waiting []chan struct{}
}

func newLimiter() *limiter { return &limiter{limit: math.MaxInt} }

// errQueue says that no other session ended in time.
var errQueue = fmt.Errorf("the guest runs as many sessions as it takes, and none has ended in %v", queueWait)

// session opens a session on c. leave must be called when it has ended.
func (l *limiter) session(ctx context.Context, c opener, extra []byte) (
	ch ssh.Channel, reqs <-chan *ssh.Request, leave func(), err error,
) {
	err = l.admit(ctx, func(ctx context.Context) (err error) {
		ch, reqs, err = l.try(ctx, c, extra)
		return err
	})
	if err != nil {
		return nil, nil, nil, err
	}
	return ch, reqs, sync.OnceFunc(l.leave), nil
}

// hold has a session of do's own making counted by the limiter while do runs.
// do runs again, at the head of the queue, as long as the server refuses its
// session for want of room: commands that come and go would leave none for a
// mount that only tried now and then.
func (l *limiter) hold(ctx context.Context, do func() error) error {
	err := l.admit(ctx, func(context.Context) error { return do() })
	if err == nil {
		l.leave()
	}
	return err
}

// admit runs attempt with a place, again while the server refuses its session
// for want of room, for queueWait at most, which bounds the attempt's context.
// The place is kept if there is no error.
func (l *limiter) admit(ctx context.Context, attempt func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, queueWait, errQueue)
	defer cancel()
	var last error
	for first := false; ; first = true {
		if err := l.enter(ctx, first); err != nil {
			return errors.Join(err, last)
		}
		err := attempt(ctx)
		if err == nil {
			return nil
		}
		refused, ok := errors.AsType[*link.RefusedError](err)
		if !ok || refused.Prohibited {
			l.leave()
			return err
		}
		last = err
		if !l.refused() {
			// No end of a session of ours will be the sign to go on.
			if retry.Sleep(ctx, 250*time.Millisecond) != nil {
				return errors.Join(context.Cause(ctx), err)
			}
		}
	}
}

// try opens a session. The server frees a place a moment after its session
// has ended, so that a first refusal says little.
func (l *limiter) try(ctx context.Context, c opener, extra []byte) (ch ssh.Channel, reqs <-chan *ssh.Request, err error) {
	for delay := range 3 {
		ch, reqs, err = c.OpenChannel(ctx, "session", extra)
		if refused, ok := errors.AsType[*link.RefusedError](err); !ok || refused.Prohibited {
			return ch, reqs, err
		}
		if retry.Sleep(ctx, time.Duration(delay+1)*20*time.Millisecond) != nil {
			break
		}
	}
	return ch, reqs, err
}

// enter waits for room; first is for who was at the head of the queue.
func (l *limiter) enter(ctx context.Context, first bool) error {
	l.mu.Lock()
	l.doubt()
	if l.open < l.limit && (first || len(l.waiting) == 0) {
		l.open++
		l.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	if first {
		l.waiting = append([]chan struct{}{turn}, l.waiting...)
	} else {
		l.waiting = append(l.waiting, turn)
	}
	l.mu.Unlock()
	ticker := time.NewTicker(doubtAfter)
	defer ticker.Stop()
	for {
		select {
		case <-turn:
			return nil // the place was handed over
		case <-ticker.C:
			// Those who hold a place may hold it for days.
			l.mu.Lock()
			l.doubt()
			l.mu.Unlock()
			continue
		case <-ctx.Done():
		}
		break
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, w := range l.waiting {
		if w == turn {
			l.waiting = append(l.waiting[:i], l.waiting[i+1:]...)
			return context.Cause(ctx)
		}
	}
	l.handOver() // it came in the same moment
	return context.Cause(ctx)
}

// doubt raises a limit that was not learnt just now, for the first of those
// who wait: it may have been learnt while others left, and be too low. The
// mutex is held.
func (l *limiter) doubt() {
	if l.open < l.limit || time.Since(l.learnt) <= doubtAfter {
		return
	}
	l.limit, l.learnt = l.limit+1, time.Now()
	if len(l.waiting) > 0 {
		l.open++
		close(l.waiting[0])
		l.waiting = l.waiting[1:]
	}
}

// leave gives a place back.
func (l *limiter) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.handOver()
}

// handOver gives a place to the first in the queue, or frees it.
func (l *limiter) handOver() {
	if len(l.waiting) > 0 && l.open <= l.limit {
		close(l.waiting[0])
		l.waiting = l.waiting[1:]
		return
	}
	l.open--
}

// refused gives back a place that the server did not grant and learns its
// limit. It tells whether another session's end can help.
func (l *limiter) refused() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	l.limit, l.learnt = max(l.open, 1), time.Now()
	return l.open > 0
}
