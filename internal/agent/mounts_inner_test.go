package agent

import (
	"context"
	"errors"
	"testing"

	"github.com/fbdock/fbdock/internal/agent/uplink"
	"github.com/fbdock/fbdock/internal/mount"
)

// TestRetiredMountsStay: the mounts of an agent that makes room for another
// stay, however late they learn of it: it may have closed all else by then.
func TestRetiredMountsStay(t *testing.T) {
	t.Parallel()
	for name, stays := range map[string]bool{"another takes over": true, "it is stopped": false} {
		life, stop := context.WithCancelCause(t.Context())
		serving, retire := context.WithCancelCause(life)
		serves, cause := make(chan struct{}), make(chan error, 1)
		m := &mounts{changed: make(chan struct{}), folders: []*folder{{
			guest: UserFreeBSD, get: func(ctx context.Context) (*uplink.Session, error) {
				close(serves)
				<-ctx.Done()
				cause <- context.Cause(ctx)
				return nil, ctx.Err()
			},
		}}}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			m.run(serving)
		}()
		<-serves
		m.turn.Lock()
		if stays {
			retire(errRetired)
		}
		stop(errStopped)
		retire(nil)
		m.turn.Unlock()
		<-ended
		if got := <-cause; errors.Is(got, mount.ErrStays) != stays {
			t.Errorf("%s: a mount ends by %v, want that it stays: %v", name, got, stays)
		}
	}
}
