package up

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/retry"
	"github.com/fbdock/fbdock/internal/untrusted"
	"github.com/fbdock/fbdock/provision/contract"
)

const (
	// watchEvery is how often the engine's supervisor and console are looked
	// at while dockerd is waited for.
	watchEvery = 3 * time.Second
	// settleTimeout bounds the wait for the layers that follow dockerd: a
	// share is mounted when FreeBSD exports it.
	settleTimeout = 2 * time.Minute
)

// answers asks once whether the Docker API answers through the link.
func answers(ctx context.Context, g *machine.Guest) (version string, err error) {
	client, err := g.Docker()
	if err != nil {
		return "", err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, machine.AnswerTimeout)
	defer cancel()
	v, err := client.Version(ctx)
	return v.Version, err
}

// waitDockerd waits until the engine's Docker API answers. It gives up at the
// deadline, and at once when the supervisor says that the engine does not run
// or its console that it does not come up; the error carries the end of the
// console. A connection that ends meanwhile is made again: FreeBSD may have
// been restarted.
func (u *run) waitDockerd(ctx context.Context) (version string, err error) {
	deadline := cmp.Or(u.Timeouts.Engine, u.m.Timeouts.Engine, machine.EngineDeadline)
	limited, stop := context.WithTimeoutCause(ctx, deadline, fmt.Errorf("it did not answer within %s", deadline))
	defer stop()
	for {
		g := u.guest.Load()
		version, err = u.waitOn(limited, g)
		if err == nil {
			return version, nil
		}
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		if limited.Err() != nil || g.Err() == nil {
			return "", u.notReady(ctx, g, err)
		}
		if err := u.reconnect(limited, g, err); err != nil {
			return "", err
		}
	}
}

// waitOn waits over one connection, to its end.
func (u *run) waitOn(ctx context.Context, g *machine.Guest) (version string, err error) {
	client, err := g.Docker()
	if err != nil {
		return "", err
	}
	defer client.Close()
	inner, give := context.WithCancelCause(ctx)
	defer give(nil)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		u.watchEngine(inner, g, give)
	}()
	v, err := client.WaitReady(inner, time.Second)
	cause := context.Cause(inner)
	give(nil)
	<-watched
	if err != nil && cause != nil {
		err = cause
	}
	return v.Version, err
}

// reconnect logs in again after the connection of g has ended with lost.
func (u *run) reconnect(ctx context.Context, g *machine.Guest, lost error) error {
	limit := cmp.Or(u.Timeouts.Boot, u.m.Timeouts.Boot, bootDeadline)
	u.Progress.Detail("the connection to FreeBSD was lost; waiting for it to answer again")
	again, err := u.loginWithin(ctx, limit)
	if err != nil {
		return &failure.Error{
			Err:  fmt.Errorf("%w, and FreeBSD has not answered since: %w", lost, err),
			Next: "`fbdock status` says whether it runs; `fbdock up` goes on from here",
		}
	}
	u.guest.Store(again)
	_ = g.Close() // it has ended
	return nil
}

// loginWithin tries to log in until it can, or until the limit is over.
func (u *run) loginWithin(ctx context.Context, limit time.Duration) (*machine.Guest, error) {
	ctx, stop := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no login within %s", limit))
	defer stop()
	for {
		g, err := u.On(u.m).Cached(ctx, 0)
		if err == nil {
			return g, nil
		}
		if _, changed := errors.AsType[*link.HostKeyChangedError](err); changed {
			return nil, err
		}
		if serr := retry.Sleep(ctx, min(limit/10, 2*time.Second)); serr != nil {
			return nil, fmt.Errorf("%w: %w", serr, err)
		}
	}
}

// watchEngine tells what the console says, and gives up when the connection
// has ended, when the console says that the engine does not come up, and when
// the supervisor says twice in a row that it is down: once may be a restart.
func (u *run) watchEngine(ctx context.Context, g *machine.Guest, give context.CancelCauseFunc) {
	u.Progress.Detail("waiting for dockerd on " + u.m.Engine.Address.String())
	tick := time.NewTicker(cmp.Or(u.Timeouts.Watch, watchEvery))
	defer tick.Stop()
	for down := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-g.Done():
			give(g.Err())
			return
		case <-tick.C:
		}
		layers, err := g.Layers(ctx, "hypervisor", "console")
		if err != nil {
			u.Progress.Detail(untrusted.FirstLine(err.Error()))
			continue // the end of the connection is noticed above
		}
		stopped := false
		for _, l := range layers {
			switch {
			case l.Name == "boot":
				give(errors.New(l.Reason()))
				return
			case l.Name == "hypervisor" && !l.OK && !strings.HasPrefix(l.Text, "starting"):
				if stopped = true; down > 0 {
					give(errors.New(l.Reason()))
					return
				}
			case l.Name == "console":
				u.Progress.Detail("console: " + l.Reason())
			}
		}
		if down = 0; stopped {
			down = 1
		}
	}
}

func (u *run) notReady(ctx context.Context, g *machine.Guest, cause error) error {
	ctx, cancel := context.WithTimeout(ctx, machine.AnswerTimeout)
	defer cancel()
	console, err := "", error(nil)
	if u.m.Engine.Sibling() {
		console, err = u.engineState(ctx)
	} else {
		console, err = g.Sudo(ctx, "tail -n 30 "+contract.ConsoleLog)
	}
	if err != nil {
		console = err.Error()
	}
	return &failure.Error{
		Err:  fmt.Errorf("the engine does not work: %w\nlast lines of its console:\n%s", cause, strings.TrimRight(console, "\n")),
		Next: "`fbdock status` names the layer that does not work",
	}
}

// allWork waits until every layer works that a step or a boot brings up.
func (u *run) allWork(ctx context.Context, g *machine.Guest) (string, error) {
	limit := cmp.Or(u.Timeouts.Settle, settleTimeout)
	limited, stop := context.WithTimeoutCause(ctx, limit, errors.New("time is over"))
	defer stop()
	for {
		layers, err := g.Layers(ctx)
		if err != nil {
			return "", err
		}
		repairable, warnings := machine.Broken(layers)
		if len(repairable) == 0 {
			warnLayers(u.Progress, u.m.Name, warnings)
			return fmt.Sprintf("%d asked", len(layers)), nil
		}
		first := repairable[0]
		u.Progress.Detail(first.Name + ": " + first.Reason())
		if retry.Sleep(limited, min(limit/10, 2*time.Second)) == nil {
			continue
		}
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		next := first.Hint()
		if next == "" || strings.HasPrefix(next, "fbdock up") {
			next = "`fbdock status` shows every layer, `fbdock logs --layer freebsd` what the steps did"
		}
		return "", &failure.Error{Err: fmt.Errorf("%s of %s does not work: %s", first.Name, u.m.Name, first.Reason()), Next: next}
	}
}
