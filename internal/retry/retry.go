// Package retry has what keeps something going that may end at any time: a
// loop of attempts whose delays double, and a value that comes and goes. It
// knows nothing of what is tried, and logs nothing.
package retry

import (
	"context"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Settled is how long an attempt lasts that counts as a success: the delay
// after it is the first one again.
const Settled = time.Minute

// Delays are the delays between attempts: each is twice the one before, up to
// a limit.
type Delays struct{ backoff backoff.ExponentialBackOff }

// NewDelays are delays from first to most.
func NewDelays(first, most time.Duration) *Delays {
	return &Delays{backoff.ExponentialBackOff{InitialInterval: first, Multiplier: 2, MaxInterval: most}}
}

// Next is the next delay.
func (d *Delays) Next() time.Duration { return d.backoff.NextBackOff() }

// Reset makes the next delay the first one.
func (d *Delays) Reset() { d.backoff.Reset() }

// Supervise makes one attempt after the other until ctx ends, or an attempt
// gives an error, which it returns. A value from wake, which may be nil, ends
// a delay at once.
func Supervise(ctx context.Context, delays *Delays, wake <-chan struct{}, attempt func() error) error {
	for ctx.Err() == nil {
		began := time.Now()
		if err := attempt(); err != nil || ctx.Err() != nil {
			return err
		}
		if time.Since(began) > Settled {
			delays.Reset()
		}
		timer := time.NewTimer(delays.Next())
		select {
		case <-timer.C:
		case <-wake:
			delays.Reset()
		case <-ctx.Done():
		}
		timer.Stop()
	}
	return nil
}

// Value is a value that comes and goes. The zero Value has none yet.
type Value[T any] struct {
	mu    sync.Mutex
	now   *T
	ready chan struct{}
}

// Get is the value, nil while there is none, and a channel that is closed when
// there is one.
func (v *Value[T]) Get() (now *T, ready <-chan struct{}) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ready == nil {
		v.ready = make(chan struct{})
	}
	return v.now, v.ready
}

// Set gives the value.
func (v *Value[T]) Set(now *T) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ready == nil {
		v.ready = make(chan struct{})
	}
	if v.now == nil {
		close(v.ready)
	}
	v.now = now
}

// Clear takes the value away.
func (v *Value[T]) Clear() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now, v.ready = nil, nil
}
