package agent

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/link"
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

func newGate() *limiter { return &limiter{limit: math.MaxInt} }

// errQueue says that no other session ended in time.
var errQueue = fmt.Errorf("the guest runs as many sessions as it takes, and none has ended in %v", queueWait)

// session opens a session on c. leave must be called when it has ended.
func (g *limiter) session(ctx context.Context, c opener, extra []byte) (
	ch ssh.Channel, reqs <-chan *ssh.Request, leave func(), err error,
) {
	ctx, cancel := context.WithTimeoutCause(ctx, queueWait, errQueue)
	defer cancel()
	for first := false; ; first = true {
		if err := g.enter(ctx, first); err != nil {
			return nil, nil, nil, err
		}
		ch, reqs, err := g.try(ctx, c, extra)
		if err == nil {
			return ch, reqs, sync.OnceFunc(g.leave), nil
		}
		refused, ok := errors.AsType[*link.RefusedError](err)
		if !ok || refused.Prohibited {
			g.leave()
			return nil, nil, nil, err
		}
		if !g.refused() {
			// No end of a session of ours will be the sign to go on.
			if !pause(ctx, 250*time.Millisecond) {
				return nil, nil, nil, errors.Join(context.Cause(ctx), err)
			}
		}
	}
}

// try opens a session. The server frees a place a moment after its session
// has ended, so that a first refusal says little.
func (g *limiter) try(ctx context.Context, c opener, extra []byte) (ch ssh.Channel, reqs <-chan *ssh.Request, err error) {
	for delay := range 3 {
		ch, reqs, err = c.OpenChannel(ctx, "session", extra)
		if refused, ok := errors.AsType[*link.RefusedError](err); !ok || refused.Prohibited {
			return ch, reqs, err
		}
		if !pause(ctx, time.Duration(delay+1)*20*time.Millisecond) {
			break
		}
	}
	return ch, reqs, err
}

// enter waits for room; first is for who was at the head of the queue.
func (g *limiter) enter(ctx context.Context, first bool) error {
	g.mu.Lock()
	g.doubt()
	if g.open < g.limit && (first || len(g.waiting) == 0) {
		g.open++
		g.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	if first {
		g.waiting = append([]chan struct{}{turn}, g.waiting...)
	} else {
		g.waiting = append(g.waiting, turn)
	}
	g.mu.Unlock()
	ticker := time.NewTicker(doubtAfter)
	defer ticker.Stop()
	for {
		select {
		case <-turn:
			return nil // the place was handed over
		case <-ticker.C:
			// Those who hold a place may hold it for days.
			g.mu.Lock()
			g.doubt()
			g.mu.Unlock()
			continue
		case <-ctx.Done():
		}
		break
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, w := range g.waiting {
		if w == turn {
			g.waiting = append(g.waiting[:i], g.waiting[i+1:]...)
			return context.Cause(ctx)
		}
	}
	g.handOver() // it came in the same moment
	return context.Cause(ctx)
}

// doubt raises a limit that was not learnt just now, for the first of those
// who wait: it may have been learnt while others left, and be too low. The
// mutex is held.
func (g *limiter) doubt() {
	if g.open < g.limit || time.Since(g.learnt) <= doubtAfter {
		return
	}
	g.limit, g.learnt = g.limit+1, time.Now()
	if len(g.waiting) > 0 {
		g.open++
		close(g.waiting[0])
		g.waiting = g.waiting[1:]
	}
}

// leave gives a place back.
func (g *limiter) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.handOver()
}

// handOver gives a place to the first in the queue, or frees it.
func (g *limiter) handOver() {
	if len(g.waiting) > 0 && g.open <= g.limit {
		close(g.waiting[0])
		g.waiting = g.waiting[1:]
		return
	}
	g.open--
}

// refused gives back a place that the server did not grant and learns its
// limit. It tells whether another session's end can help.
func (g *limiter) refused() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open--
	g.limit, g.learnt = max(g.open, 1), time.Now()
	return g.open > 0
}

// hold has a session of its own making counted by the limiter while do runs.
func (g *limiter) hold(ctx context.Context, do func() error) error {
	if err := g.enter(ctx, false); err != nil {
		return err
	}
	err := do()
	if refused, ok := errors.AsType[*link.RefusedError](err); ok && !refused.Prohibited {
		g.refused()
	} else {
		g.leave()
	}
	return err
}
