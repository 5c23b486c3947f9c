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
	"github.com/fbdock/fbdock/internal/vagrantvm"
	"github.com/fbdock/fbdock/provision"
)

// seededEvery is how often an engine beside FreeBSD is asked how far its setup is.
const seededEvery = time.Second

// beginEngine starts the engine beside FreeBSD where it does not run, and has it
// set itself up, which goes on while FreeBSD is prepared.
func (u *run) beginEngine(ctx context.Context) error {
	if !u.m.Engine.Sibling() {
		return nil
	}
	in, err := u.inputs(u.material.image)
	if err != nil {
		return err
	}
	script, err := provision.EngineSetup(u.content.Machine, in)
	if err != nil {
		return fmt.Errorf("machine %s: %w", u.m.Name, err)
	}
	v := u.sibling()
	e, err := v.DialEngine(ctx)
	if err != nil {
		if err := v.StartEngine(ctx, u.phase); err != nil {
			return err
		}
		if e, err = v.DialEngine(ctx); err != nil {
			return fmt.Errorf("log in to the engine: %w", err)
		}
	}
	defer e.Close() // it is asked anew
	return u.phase("engine setup", func() (string, error) {
		out, err := e.Output(ctx, link.Command{Args: e.AsRoot("sh", "-c", provision.EngineSetupCommand), Stdin: strings.NewReader(string(script))})
		if err == nil && out.Status != 0 {
			err = fmt.Errorf("status %d: %s", out.Status, out.Reason())
		}
		if err != nil {
			return "", fmt.Errorf("set up the engine: %w", err)
		}
		return untrusted.FirstLine(out.Stdout), nil
	})
}

// agentAhead has an agent where FreeBSD reaches the engine by it: scripts of the
// user's for the engine run from there, and so do the checks.
func agentAhead(ctx context.Context, u *run) error {
	if !u.m.Engine.ByAgent() {
		return nil
	}
	return u.phase("agent", func() (string, error) { return "", u.On(u.m).EnsureAgent(ctx) })
}

// needsAgent refuses a machine whose FreeBSD reaches the engine by an agent that is
// not to run.
func needsAgent(u *run) error {
	if !u.m.Engine.ByAgent() || !u.NoAgent() {
		return nil
	}
	return &failure.Error{
		Err: fmt.Errorf("machine %s: the provider %s makes no network between FreeBSD and an engine beside it, so that FreeBSD reaches it by the agent, and no agent is wanted (FBDOCK_AGENT)",
			u.m.Name, u.m.Provider),
		Next: "unset FBDOCK_AGENT",
	}
}

// engineReady waits until the engine beside FreeBSD has set itself up.
func (u *run) engineReady(ctx context.Context) error {
	if !u.m.Engine.Sibling() {
		return nil
	}
	deadline := cmp.Or(u.Timeouts.Engine, u.m.Timeouts.Engine, machine.EngineDeadline)
	limited, stop := context.WithTimeoutCause(ctx, deadline, fmt.Errorf("it was not set up within %s", deadline))
	defer stop()
	for {
		log, err := u.engineState(limited)
		line := lastSaid(log)
		switch {
		case err == nil && untrusted.FirstLine(log) == "done":
			return nil
		case strings.HasPrefix(line, "fail "):
			err = errors.New(strings.TrimPrefix(line, "fail "))
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case limited.Err() != nil:
			err = cmp.Or(err, context.Cause(limited))
		default:
			u.Progress.Detail(cmp.Or(line, "the engine sets itself up"))
			_ = retry.Sleep(limited, seededEvery) // the end is seen above
			continue
		}
		return &failure.Error{
			Err:  fmt.Errorf("the engine does not work: %w\nlast lines of its log:\n%s", err, strings.TrimRight(log, "\n")),
			Next: "`fbdock logs --layer engine` shows more; `fbdock up` goes on from here",
		}
	}
}

// lastSaid is what the engine's setup has said last.
func lastSaid(log string) (line string) {
	for text := range strings.Lines(log) {
		if said, ok := strings.CutPrefix(strings.TrimSpace(text), "fbdock-seed "); ok {
			line = said
		}
	}
	return line
}

// engineState is "done", or the end of the log of the engine's setup.
func (u *run) engineState(ctx context.Context) (string, error) {
	e, err := u.sibling().DialEngine(ctx)
	if err != nil {
		return "", err
	}
	defer e.Close() // only asked
	out, err := e.Output(ctx, link.Command{Args: e.AsRoot("sh", "-c", provision.EngineSetupState)})
	return out.Stdout, err
}

// sibling is Vagrant's way to the engine beside FreeBSD.
func (u *run) sibling() *vagrantvm.VM { return vagrantvm.New(u.On(u.m), u.Vagrant(), u.Facts) }
