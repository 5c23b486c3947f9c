package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/project"
)

// Mounts are the mounts of a machine in its guests, as its agent has them.
// What is not there is tried again first.
func Mounts(ctx context.Context, p *project.Project, name string) ([]agent.Mount, error) {
	m, err := mounting(p, name)
	if err != nil {
		return nil, err
	}
	if err := machine.NeedsUp(p.State, m); err != nil {
		return nil, err
	}
	remote, err := p.On(m).ServingAgent(ctx)
	if err != nil {
		return nil, err
	}
	s, err := remote.Mounts(ctx)
	if _, none := errors.AsType[*link.UnreachableError](err); none && p.NoAgent() {
		err = &failure.Error{
			Err:  fmt.Errorf("no agent serves the mounts of %s, and FBDOCK_AGENT=off keeps one from being started", m.Name),
			Next: "`fbdock mount --foreground` mounts them until Ctrl-C",
		}
	}
	return s.Mounts, err
}

// ServeMounts keeps the machine's mounts in both guests until ctx is done,
// which is no error; a lost link is made again. An agent that
// serves them is left alone.
func ServeMounts(ctx context.Context, p *project.Project, name string) error {
	m, err := mounting(p, name)
	if err == nil {
		m, err = servable(p, m)
	}
	if err != nil {
		return err
	}
	return p.On(m).ServeMounts(ctx)
}

// servable is m with the mounts that the user has agreed to, once all are.
func servable(p *project.Project, m plan.Machine) (plan.Machine, error) {
	all := len(m.Mounts)
	m, err := p.Allowed(m)
	if err == nil && len(m.Mounts) < all {
		err = &failure.Error{
			Err:  fmt.Errorf("%s mounts folders outside of its own, and you have not agreed to that", hcl.FileName),
			Next: "`fbdock up` shows which, and asks", Code: failure.ExitUsage,
		}
	}
	return m, err
}

// mounting is a machine that has mounts.
func mounting(p *project.Project, name string) (plan.Machine, error) {
	m, err := p.Machine(name)
	if err == nil && len(machine.Served(m)) == 0 {
		err = &failure.Error{
			Err:  fmt.Errorf("machine %s has no mount block in %s", m.Name, hcl.FileName),
			Next: "add `mount \".\" {}` to the machine and run `fbdock up`", Code: failure.ExitUsage,
		}
	}
	return m, err
}

// awaitMounts tells, for `up`, which mounts are in the guests and which are
// not. One that is missing ends nothing: the agent tries it again and again.
func awaitMounts(ctx context.Context, p *project.Project, m plan.Machine) {
	if len(machine.Served(m)) == 0 {
		return
	}
	remote, err := p.On(m).Remote()
	var s agent.Status
	if err == nil {
		s, err = remote.Mounts(ctx)
	}
	if err != nil {
		p.Progress.Warn(fmt.Sprintf("the mounts of %s: %v", m.Name, err))
		return
	}
	for _, one := range s.Mounts {
		if one.Aside != "" {
			p.Progress.Warn(one.Guest + ": " + one.Aside)
		}
		if one.Mounted {
			p.Progress.Say(fmt.Sprintf("%s: %s is at %s", one.Guest, one.Source, one.Target))
		} else {
			p.Progress.Warn(machine.Missing(one).Error() + "; " + machine.Missing(one).Hint())
		}
	}
}
