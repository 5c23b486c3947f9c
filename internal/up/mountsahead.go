package up

import (
	"context"
	"errors"
	"time"

	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/mount"
)

// mountRetryAhead is the time between two tries while the engine boots.
const mountRetryAhead = 2 * time.Second

// mountAhead mounts the folders while dockerd is waited for, as the engine's
// dockerd waits for them. What goes wrong is told once dockerd answers. stop
// ends it.
func (u *run) mountAhead(ctx context.Context) (stop func()) {
	try := u.declareAhead
	if !u.NoAgent() && len(machine.Served(u.m)) > 0 {
		try = u.retryMounts(ctx)
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for !try(ctx) {
			timer := time.NewTimer(mountRetryAhead)
			select {
			case <-timer.C:
			case <-ctx.Done():
				timer.Stop()
				return
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// retryMounts has the agent try at once what is not mounted yet; it is true
// when all is. The agent is brought within whole, that of the command: what
// comes to an end with dockerd is the asking.
func (u *run) retryMounts(whole context.Context) func(context.Context) bool {
	applied := false
	return func(ctx context.Context) bool {
		if !applied {
			applied = u.On(u.settled).ApplyAgent(whole) == nil
		}
		return applied && mounted(ctx, u.On(u.m))
	}
}

// mounted asks the agent whether all folders are mounted, once it has tried.
func mounted(ctx context.Context, m machine.Machine) bool {
	remote, err := m.Remote()
	if err != nil {
		return false
	}
	s, err := remote.Mounts(ctx)
	if err != nil {
		return false
	}
	for _, one := range s.Mounts {
		if !one.Mounted {
			return false
		}
	}
	return true
}

// declareAhead tells the guests that nothing is to be mounted, or that nobody
// will do it. Each is told, whether the other one can be or not.
func (u *run) declareAhead(ctx context.Context) bool {
	g, folders := u.guest.Load(), machine.Folders(u.Env, u.State, u.m)
	freebsd := mount.Declare(ctx, g.Client, g.Root, folders)
	client, err := g.Engine(ctx)
	if err != nil {
		return false
	}
	defer client.Close()
	if err := mount.Declare(ctx, client, nil, folders); err != nil {
		return false
	}
	for _, f := range folders {
		err = errors.Join(err, mount.Refuse(ctx, client, nil, f, errNoAgent))
	}
	return err == nil && freebsd == nil
}

var errNoAgent = errors.New("no agent runs (FBDOCK_AGENT); `fbdock mount --foreground` mounts it")
