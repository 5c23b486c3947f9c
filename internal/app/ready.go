package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// watchEvery is how often the engine's supervisor and console are looked at
// while dockerd is waited for.
const watchEvery = 10 * time.Second

// answers asks once whether the Docker API answers through the link.
func (u *upRun) answers(ctx context.Context, g *guest) (version string, err error) {
	client, err := u.docker(g)
	if err != nil {
		return "", err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, quickDial)
	defer cancel()
	v, err := client.Version(ctx)
	return v.Version, err
}

// waitDockerd waits until the engine's Docker API answers through the link.
// It gives up at the deadline, and at once when the supervisor says that the
// engine does not run; the error carries the end of the engine's console.
func (u *upRun) waitDockerd(ctx context.Context, g *guest) (version string, err error) {
	client, err := u.docker(g)
	if err != nil {
		return "", err
	}
	defer client.Close()
	deadline := cmp.Or(u.Patience.Engine, engineDeadline)
	late := fmt.Errorf("it did not answer within %s", deadline)
	limited, stop := context.WithTimeoutCause(ctx, deadline, late)
	defer stop()
	inner, give := context.WithCancelCause(limited)
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
	switch {
	case err == nil:
		return v.Version, nil
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case cause != nil:
		err = cause
	}
	return "", u.notReady(ctx, g, err)
}

// watchEngine tells what the console says, and gives up when the supervisor
// says twice in a row that the engine is down: once may be a restart.
func (u *upRun) watchEngine(ctx context.Context, g *guest, give context.CancelCauseFunc) {
	u.Progress.Detail("waiting for dockerd on " + u.m.Engine.Address.String())
	tick := time.NewTicker(cmp.Or(u.Patience.Watch, watchEvery))
	defer tick.Stop()
	for down := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		out, err := g.sudo(ctx, "head -n 1 /var/run/fbdock/state; tail -c 300 /var/log/fbdock-console.log | tr -cd '[:print:]\\n' | grep . | tail -n 1")
		if err != nil {
			continue // the link tells its own end
		}
		state, console, _ := strings.Cut(out, "\n")
		if !strings.HasPrefix(state, "backoff") && !strings.HasPrefix(state, "stopped") {
			down = 0
			u.Progress.Detail("console: " + firstLine(console))
			continue
		}
		if down++; down == 2 {
			give(errors.New(state))
			return
		}
	}
}

func (u *upRun) notReady(ctx context.Context, g *guest, cause error) error {
	console, err := g.sudo(ctx, "tail -n 30 /var/log/fbdock-console.log")
	if err != nil {
		console = err.Error()
	}
	return &Error{
		Err:  fmt.Errorf("the engine does not work: %w\nlast lines of its console:\n%s", cause, strings.TrimRight(console, "\n")),
		Next: "`fbdock status` names the layer that does not work",
	}
}
