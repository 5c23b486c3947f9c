package project

import (
	"cmp"
	"context"
	"time"
)

// LockWait is how long a change waits for another fbdock to end.
const LockWait = 2 * time.Second

// Acquire takes the project's lock, and makes what is kept of the project where
// it has not been made yet.
func (p *Project) Acquire(ctx context.Context) (unlock func(), err error) {
	if err := p.refuseRestored(); err != nil {
		return nil, err
	}
	if p.State, err = p.State.Open(p.Version); err != nil {
		return nil, err
	}
	l, err := p.State.Lock(ctx, cmp.Or(p.Timeouts.Project, LockWait))
	if err != nil {
		return nil, err
	}
	return func() {
		if err := l.Unlock(); err != nil {
			p.Progress.Warn(err.Error())
		}
	}, nil
}
