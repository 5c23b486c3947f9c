package app

import (
	"context"

	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
)

// Halt stops machines; what they hold stays. force pulls the plug.
func (p *Project) Halt(ctx context.Context, names []string, force bool) error {
	return p.halt(ctx, names, force, "halting")
}

func (p *Project) halt(ctx context.Context, names []string, force bool, word string) error {
	return p.each(ctx, names, func(m plan.Machine) error {
		if !machine.Created(p.State, m) {
			p.on(m).StopAgent(ctx)
			p.leaveContext(m, false)
			p.sayNotCreated(m)
			return nil
		}
		p.sayDown(ctx, m, word)
		s := p.system(m)
		// The agent goes last: what containers write as they end goes to folders
		// that it serves.
		if !force {
			s.StopEngine(ctx)
		}
		p.on(m).StopAgent(ctx)
		p.leaveContext(m, false)
		return s.Halt(ctx, force)
	})
}

// Reload restarts machines with the configuration as it is now.
func (p *Project) Reload(ctx context.Context, names []string) ([]UpResult, error) {
	if err := p.agreeToReach(); err != nil {
		return nil, err // before anything is stopped
	}
	machines, err := p.Selection(names)
	if err != nil {
		return nil, err
	}
	for _, m := range machines {
		if err := p.besideable(m); err != nil {
			return nil, err
		}
	}
	if err := p.halt(ctx, names, false, "restarting"); err != nil {
		return nil, err
	}
	return p.Up(ctx, names)
}

// Destroy removes machines with everything in them, and what fbdock keeps
// of them on this host.
func (p *Project) Destroy(ctx context.Context, names []string) error {
	return p.each(ctx, names, func(m plan.Machine) error {
		p.on(m).StopAgent(ctx)
		p.leaveContext(m, true)
		if err := p.system(m).Destroy(ctx); err != nil {
			return err
		}
		p.on(m).RemoveSockets()
		return p.State.Machine(m.Name).Remove()
	})
}

// each runs f for the machines named, all of them without names, under the
// project's lock. A project that was never up has nothing to bring down.
func (p *Project) each(ctx context.Context, names []string, f func(plan.Machine) error) error {
	machines, err := p.Selection(names)
	if err != nil {
		return err
	}
	if !p.State.Exists() {
		for _, m := range machines {
			p.sayNotCreated(m)
		}
		return nil
	}
	unlock, err := p.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := p.writeVagrantfile(); err != nil {
		return err
	}
	for _, m := range machines {
		if err := f(m); err != nil {
			return err
		}
	}
	return nil
}

func (p *Project) sayNotCreated(m plan.Machine) { p.Progress.Say(m.Name + " is not created") }
