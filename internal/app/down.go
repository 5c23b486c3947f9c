package app

import (
	"context"
	"fmt"
	"time"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/plan"
)

// engineStop bounds the engine's own shutdown inside the guest's, which is
// forced by default after 60 s.
const engineStop = 90 * time.Second

// Halt stops machines; what they hold stays. force pulls the plug.
func (p *Project) Halt(ctx context.Context, names []string, force bool) error {
	return p.halt(ctx, names, force, "halting")
}

func (p *Project) halt(ctx context.Context, names []string, force bool, word string) error {
	return p.each(ctx, names, func(m plan.Machine) error {
		if !p.created(m) {
			p.stopAgent(ctx, m)
			p.leaveContext(m, false)
			p.sayNotCreated(m)
			return nil
		}
		p.sayDown(ctx, m, word)
		s := p.system(m)
		// The agent goes last: what containers write as they end goes to folders
		// that it serves.
		if !force {
			s.stopEngine(ctx)
		}
		p.stopAgent(ctx, m)
		p.leaveContext(m, false)
		return s.halt(ctx, force)
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
		p.stopAgent(ctx, m)
		p.leaveContext(m, true)
		if err := p.system(m).destroy(ctx); err != nil {
			return err
		}
		p.removeSockets(m)
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

func (p *Project) step(name string, f func() error) error {
	return phase(p.Progress, name, func() (string, error) { return "", f() })
}

// stopEngine shuts the engine down before the guest: some providers give a
// guest less time than dockerd needs to put its containers down. A guest
// that cannot be asked is left to the provider.
func (p *Project) stopEngine(ctx context.Context, m plan.Machine) {
	ctx, cancel := context.WithTimeout(ctx, max(engineStop, m.Timeouts.Stop+engineStop/3))
	defer cancel()
	g, err := p.cached(ctx, m, quickDial)
	if err != nil {
		return
	}
	defer g.Close() // it goes down anyway
	p.Progress.Begin("stop the engine")
	status, err := g.Run(ctx, link.Command{Args: g.asRoot("service", "fbdock", "onestop")})
	switch {
	case err != nil:
		p.Progress.End("fail", err.Error())
	case status != 0:
		p.Progress.End("fail", fmt.Sprintf("service fbdock onestop: status %d", status))
	default:
		p.Progress.End("ok", "")
	}
}
