package machine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/engine"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/retry"
)

const (
	// EngineDeadline bounds the wait for dockerd after bhyve has started:
	// an emulated engine installs its packages at a tenth of the speed.
	EngineDeadline = 15 * time.Minute
	// commandTimeout is how long a command waits for an engine that boots.
	commandTimeout = 2 * time.Minute
	// tellEvery is how often such a wait is told of.
	tellEvery = 10 * time.Second
)

// AwaitEngine returns when ready answers without an error. While the engine
// boots it waits and says so, up to the timeout. Else the error is the first
// layer that does not work: a CLI that cannot connect says much less, and the
// one in FreeBSD nothing at all.
func (m Machine) AwaitEngine(ctx context.Context, g *Guest, ready func(context.Context) error) error {
	err := ready(ctx)
	if err == nil || ctx.Err() != nil || !passes(err) {
		return err
	}
	limit := cmp.Or(m.Timeouts.Command, g.Plan.Timeouts.Command, commandTimeout)
	limited, stop := context.WithTimeout(ctx, limit)
	defer stop()
	for told := (time.Time{}); ; {
		booting, says, lerr := m.booting(ctx, g)
		if lerr != nil {
			return errors.Join(err, lerr)
		}
		if !booting {
			return m.engineDown(ctx, g, err)
		}
		if time.Since(told) >= tellEvery {
			told = time.Now()
			m.Progress.Say(fmt.Sprintf("the engine of %s boots, waiting for it%s", g.Plan.Name, says))
		}
		if retry.Sleep(limited, min(limit/10, time.Second)) != nil {
			return m.engineDown(ctx, g, fmt.Errorf("%w (waited for %s)", err, limit))
		}
		if err = ready(ctx); err == nil || ctx.Err() != nil {
			return err
		}
	}
}

// passes tells whether an error may be gone when the engine is up: nobody
// answered, or an sshd that has not got its keys yet. What is amiss on this
// host stays.
func passes(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	var (
		unreachable *link.UnreachableError
		refused     *link.RefusedError
		lost        *link.LostError
		login       *link.AuthError
		dockerd     *engine.UnreachableError
		noLink      *agent.NoLinkError
	)
	return errors.As(err, &noLink) || errors.As(err, &unreachable) || errors.As(err, &refused) || errors.As(err, &lost) || errors.As(err, &login) || errors.As(err, &dockerd)
}

// booting tells whether the engine may come up by itself, and what its
// console says. One that has run for long does not boot any more.
func (m Machine) booting(ctx context.Context, g *Guest) (ok bool, says string, err error) {
	layers, err := g.Layers(ctx, "supervisor", "hypervisor", "console", "age")
	if err != nil {
		return false, "", err
	}
	for _, l := range layers {
		switch {
		case l.Name == "console":
			if l.OK {
				says = ": " + l.Reason()
			}
		case l.Name == "age":
			if seconds, err := strconv.Atoi(l.Text); err == nil {
				limit := cmp.Or(m.Timeouts.Engine, g.Plan.Timeouts.Engine, EngineDeadline)
				ok = time.Duration(seconds)*time.Second < limit
			}
		case !l.OK && !strings.HasPrefix(l.Text, "starting"):
			return false, "", nil
		}
	}
	return ok, says, nil
}

// engineDown is the error for an engine that does not answer, which asked it
// has told with cause.
func (m Machine) engineDown(ctx context.Context, g *Guest, cause error) error {
	layers, err := g.Layers(ctx)
	if err != nil {
		return errors.Join(cause, err)
	}
	repairable, warnings := Broken(layers)
	for _, l := range append(repairable, warnings...) {
		return &failure.Error{
			Err:  fmt.Errorf("the engine of %s does not answer: %s: %s", g.Plan.Name, l.Name, l.Reason()),
			Next: cmp.Or(l.Hint(), "`fbdock up`"),
		}
	}
	return &failure.Error{Err: fmt.Errorf("the engine of %s does not answer: %w", g.Plan.Name, cause), Next: "`fbdock status` asks every layer"}
}

// DockerReady asks dockerd once.
func (g *Guest) DockerReady() func(context.Context) error { return pings(g.Docker) }

func pings(docker func() (*engine.Client, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		client, err := docker()
		if err != nil {
			return err
		}
		defer client.Close()
		ctx, cancel := context.WithTimeout(ctx, AnswerTimeout)
		defer cancel()
		return client.Ping(ctx)
	}
}
