package machine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"time"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/engine"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/privatefile"
)

// Sibling is the engine of a machine that has it beside FreeBSD: it is reached by
// an address of its own, and needs no FreeBSD for it.
type Sibling struct{ m Machine }

// Sibling is the engine of m, which has it beside FreeBSD.
func (m Machine) Sibling() Sibling { return Sibling{m} }

// Connect logs in through the machine's agent. Without one it logs in itself and
// leaves an agent behind for those who come next. An agent that has no connection
// has tried all that there is to try: a command that asked Vagrant too would find
// the machine locked by the next one that does.
func (e Sibling) Connect(ctx context.Context) (*link.Client, error) {
	if remote, err := e.m.Remote(); err == nil && !e.m.NoAgent() {
		c, err := remote.Dial(ctx, agent.UserEngine, agentTimeout)
		if err == nil {
			return c, nil
		}
		if lacks, ok := errors.AsType[*agent.NoLinkError](err); ok {
			return nil, lacks
		}
	}
	c, err := e.Direct(ctx)
	if err == nil {
		e.m.leaveAgent(ctx)
	}
	return c, err
}

// Direct logs in; when the address on record leads nowhere, or to another VM,
// Vagrant is asked anew.
func (e Sibling) Direct(ctx context.Context) (*link.Client, error) {
	c, err := e.Cached(ctx, 0)
	_, unreachable := errors.AsType[*link.UnreachableError](err)
	if !unreachable && !WrongEngine(err) && !errors.Is(err, fs.ErrNotExist) {
		return c, err
	}
	if err := e.Refresh(ctx); err != nil {
		return nil, err
	}
	return e.Cached(ctx, 0)
}

// Cached logs in by the address of the last `vagrant ssh-config`. The keys are
// fbdock's own, and so is the host key: whoever else has the address by now learns
// nothing.
func (e Sibling) Cached(ctx context.Context, timeout time.Duration) (*link.Client, error) {
	if err := NeedsUp(e.m.Project, e.m.Plan); err != nil {
		return nil, err
	}
	h, err := e.Host()
	if err != nil {
		return nil, err
	}
	at, err := h.Endpoint(e.m.Plan.EngineName(), runtime.GOOS)
	if err != nil {
		return nil, err
	}
	to, options, err := e.m.engineLogin()
	if err != nil {
		return nil, err
	}
	to.Address, options.Connect = at.Address, timeout
	return link.Dial(ctx, to, options)
}

// Host is how the last `vagrant ssh-config` has one reach the engine.
func (e Sibling) Host() (link.Host, error) {
	data, err := privatefile.Read(e.m.Files.EngineSSHConfig())
	if err != nil {
		return link.Host{}, fmt.Errorf("read how to log in to %s: %w", e.m.Plan.EngineName(), err)
	}
	return e.m.hostOf(data, e.m.Plan.EngineName())
}

// Refresh asks anew for the address of the engine.
func (e Sibling) Refresh(ctx context.Context) error {
	data, err := e.m.System.EngineSSHConfig(ctx)
	if err != nil {
		return err
	}
	return e.m.Project.Write(e.m.Files.EngineSSHConfig(), data)
}

// Docker is a client of the engine's API.
func (e Sibling) Docker() (*engine.Client, error) { return e.m.dockerBy(ownLogins(e.Connect)) }

// DockerReady asks dockerd once.
func (e Sibling) DockerReady() func(context.Context) error { return pings(e.Docker) }

// Await is AwaitEngine, which here asks FreeBSD only once ready has failed: what
// works without FreeBSD is not to wait for it.
func (e Sibling) Await(ctx context.Context, ready func(context.Context) error) error {
	err := ready(ctx)
	if err == nil || ctx.Err() != nil || !passes(err) {
		return err
	}
	g, lost := e.m.Connect(ctx)
	if lost != nil {
		return &failure.Error{
			Err:  fmt.Errorf("the engine of %s does not answer: %w; nor does FreeBSD: %w", e.m.Plan.Name, err, lost),
			Next: "`fbdock status` asks every layer, `fbdock up` starts what does not run",
		}
	}
	defer g.Close() // only asked
	return e.m.AwaitEngine(ctx, g, ready)
}

// WrongEngine tells whether a login says that another VM than the engine was
// reached, or one that was not given its keys yet.
func WrongEngine(err error) bool {
	_, other := errors.AsType[*link.HostKeyChangedError](err)
	_, refused := errors.AsType[*link.AuthError](err)
	return other || refused
}
