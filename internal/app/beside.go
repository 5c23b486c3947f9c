package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/progress"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/internal/up"
)

// upOne brings one machine up. Where its guest turns out to run no bhyve, and the
// place of its engine was not the user's word, the engine goes beside FreeBSD: the
// project is then the one that says so.
func upOne(ctx context.Context, p *project.Project, m plan.Machine) (up.Result, plan.Machine, *project.Project, error) {
	r, settled, err := up.Up(ctx, p, m)
	refused, ok := errors.AsType[*progress.NoEngineError](err)
	if !ok || !mayGoBeside(p, m) {
		return r, settled, p, err
	}
	reason := "bhyve cannot run in the guest: " + refused.Reason
	now, beside, planned := besideFreeBSD(ctx, p, m, reason)
	if planned != nil {
		p.Progress.Warn(fmt.Sprintf("the engine of %s cannot go beside FreeBSD: %v", m.Name, planned))
		return r, settled, p, err
	}
	p.Progress.Show(fmt.Sprintf("%s: %s; the engine goes beside FreeBSD, which takes a new FreeBSD VM with another memory and a network card for it", m.Name, reason))
	if no := p.Confirmed(fmt.Sprintf("Destroy the FreeBSD VM of %s, in which no engine has run, and make it anew?", m.Name)); no != nil {
		return r, settled, p, &failure.Error{
			Err: errors.Join(err, no), Next: fmt.Sprintf("`fbdock up --yes` makes it anew with its engine beside FreeBSD; or set hypervisor = %q in the engine block", "qemu"),
			Code: failure.ExitImpossible,
		}
	}
	if err := progress.Step(p.Progress, "destroy", func() error { return destroy(ctx, p, m, false) }); err != nil {
		return r, settled, p, err
	}
	if err := now.System(beside).Preflight(ctx); err != nil {
		return r, settled, p, err
	}
	r, settled, err = up.Up(ctx, now, beside)
	return r, settled, now, err
}

// mayGoBeside tells whether fbdock may put the engine of a machine beside FreeBSD:
// the file leaves the place to it, the provider makes one that runs at speed, and
// no engine has run in the guest since that was made, so that there is no data of
// an engine's.
func mayGoBeside(p *project.Project, m plan.Machine) bool {
	i := slices.IndexFunc(p.Config.Machines, func(in hcl.Machine) bool { return in.Name == m.Name })
	if i < 0 || m.OwnComputer() || m.Engine.Sibling() || p.HostFacts.Beside == nil || !p.HostFacts.Beside(m.Provider) {
		return false
	}
	auto := func(value string) bool { return value == "" || value == "auto" }
	e := p.Config.Machines[i].Engine
	applied, err := p.State.Machine(m.Name).Applied()
	return err == nil && applied.NoEngine && auto(e.Placement) && auto(e.Hypervisor)
}

// besideFreeBSD is the project with the engine of a machine beside FreeBSD.
func besideFreeBSD(ctx context.Context, p *project.Project, m plan.Machine, reason string) (*project.Project, plan.Machine, error) {
	o, before := p.Options, p.HostFacts.Placed
	o.HostFacts.Placed = func(name string) (string, string) {
		if name == m.Name {
			return plan.PlacementSibling, reason
		}
		return before(name)
	}
	made := o.HostFacts.Made
	o.HostFacts.Made = func(name string) string {
		if name == m.Name {
			return m.Provider // whatever is picked for a machine that is not made
		}
		return made(name)
	}
	loaded, err := project.Load(ctx, o)
	if err != nil {
		return nil, m, err
	}
	if loaded.Project == nil {
		return nil, m, errors.New(loaded.Diagnostics[0].Summary)
	}
	beside, ok := loaded.Project.Plan.Machine(m.Name)
	if !ok {
		return nil, m, fmt.Errorf("%s has lost the machine %s", hcl.FileName, m.Name)
	}
	return loaded.Project, beside, nil
}
