package app

import (
	"context"

	"github.com/fbdock/fbdock/internal/contexts"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/internal/up"
)

// Halt stops machines; what they hold stays. force pulls the plug.
func Halt(ctx context.Context, p *project.Project, names []string, force bool) error {
	return halt(ctx, p, names, force, "halting")
}

func halt(ctx context.Context, p *project.Project, names []string, force bool, word string) error {
	return each(ctx, p, names, func(m plan.Machine) error {
		if !machine.Created(p.State, m) {
			p.On(m).StopAgent(ctx)
			contexts.Leave(p.On(m), false)
			sayNotCreated(p, m)
			return nil
		}
		sayDown(ctx, p, m, word)
		s := p.System(m)
		// The agent goes last: what containers write as they end goes to folders
		// that it serves.
		if !force {
			s.StopEngine(ctx)
		}
		p.On(m).StopAgent(ctx)
		contexts.Leave(p.On(m), false)
		return s.Halt(ctx, force)
	})
}

// Reload restarts machines with the configuration as it is now.
func Reload(ctx context.Context, p *project.Project, names []string) ([]up.Result, error) {
	if err := p.AgreeToReach(); err != nil {
		return nil, err // before anything is stopped
	}
	machines, err := p.Selection(names)
	if err != nil {
		return nil, err
	}
	for _, m := range machines {
		if err := fits(ctx, p, m); err != nil {
			return nil, err
		}
	}
	if err := halt(ctx, p, names, false, "restarting"); err != nil {
		return nil, err
	}
	return Up(ctx, p, names)
}

// Destroy removes machines with everything in them, and what fbdock keeps
// of them on this host. Docker's data on a disk that outlives its VM is removed
// with data alone.
func Destroy(ctx context.Context, p *project.Project, names []string, data bool) error {
	return each(ctx, p, names, func(m plan.Machine) error { return destroy(ctx, p, m, data) })
}

func destroy(ctx context.Context, p *project.Project, m plan.Machine, data bool) error {
	p.On(m).StopAgent(ctx)
	contexts.Leave(p.On(m), true)
	if err := p.System(m).Destroy(ctx); err != nil {
		return err
	}
	if err := settleData(ctx, p, m, data); err != nil {
		return err
	}
	p.On(m).RemoveSockets()
	return p.State.Machine(m.Name).Remove()
}

// each runs f for the machines named, all of them without names, under the
// project's lock. A project that was never up has nothing to bring down.
func each(ctx context.Context, p *project.Project, names []string, f func(plan.Machine) error) error {
	machines, err := p.Selection(names)
	if err != nil {
		return err
	}
	if !p.State.Exists() {
		for _, m := range machines {
			sayNotCreated(p, m)
		}
		return nil
	}
	unlock, err := p.Acquire(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := p.WriteVagrantfile(); err != nil {
		return err
	}
	for _, m := range machines {
		if err := f(m); err != nil {
			return err
		}
	}
	return nil
}

func sayNotCreated(p *project.Project, m plan.Machine) { p.Progress.Say(m.Name + " is not created") }
