package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/confine"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/mount"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/state"
)

// holder is the private folder that a path lies in, "" for none. On Windows a
// path of another computer is left alone: to look at it tells that computer
// who the user is, and whoever serves the folder looks again.
func (o Options) holder(folder state.Dir, path string) string {
	if remotePath(path) {
		return ""
	}
	return confine.Private(path, o.Private(folder))
}

// Mounts are the mounts of a machine in its guests, as its agent has them.
// What is not there is tried again first.
func (p *Project) Mounts(ctx context.Context, name string) ([]agent.Mount, error) {
	m, err := p.mounting(name)
	if err != nil {
		return nil, err
	}
	if err := machine.NeedsUp(p.State, m); err != nil {
		return nil, err
	}
	remote, err := p.on(m).ServingAgent(ctx)
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

// mounting is a machine that has mounts.
func (p *Project) mounting(name string) (plan.Machine, error) {
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
func (p *Project) awaitMounts(ctx context.Context, m plan.Machine) {
	if len(machine.Served(m)) == 0 {
		return
	}
	remote, err := p.on(m).Remote()
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
			p.Progress.Warn(missing(one).Error() + "; " + missing(one).Hint())
		}
	}
}

// missing is the error of a mount that a guest does not have now.
func missing(one agent.Mount) *failure.Error {
	e := &failure.Error{
		Err:  fmt.Errorf("%s is not mounted in the guests now: %s: %s", one.Source, one.Guest, one.Error),
		Next: one.Hint, Code: failure.ExitLink,
	}
	if e.Next == "" {
		e.Next = "`fbdock mount` tries again and tells the state of all mounts"
	}
	return e
}

// haveMounts refuses a command that needs mounts that one of the guests does
// not have now, and waits for copies to have what was written before it.
func haveMounts(ctx context.Context, remote *agent.Remote, used []mount.Folder) error {
	var s agent.Status
	var err error
	copied := slices.ContainsFunc(used, func(f mount.Folder) bool { return f.Copied })
	if !copied {
		s, err = remote.Status(ctx)
	}
	if copied || err == nil && lacking(s.Mounts, used) != nil {
		// It may be on its way, after the link was made anew.
		s, err = remote.Mounts(ctx)
	}
	if err != nil {
		return err
	}
	if e := lacking(s.Mounts, used); e != nil {
		return e
	}
	return nil
}

// lacking is the first of used that is not in both guests.
func lacking(all []agent.Mount, used []mount.Folder) *failure.Error {
	for _, f := range used {
		known := false
		for _, one := range all {
			if one.Target != f.Target {
				continue
			}
			if known = true; !one.Mounted {
				return missing(one)
			}
			if f.Copied && one.Behind {
				return &failure.Error{
					Err:  fmt.Errorf("the copy of %s in %s does not have all that was written yet", one.Source, one.Guest),
					Next: "it is being sent; give the command again", Code: failure.ExitLink,
				}
			}
		}
		if !known {
			return &failure.Error{
				Err: fmt.Errorf("%s is not mounted in the guests now: the agent does not know of it", f.Source), Next: "run `fbdock up`", Code: failure.ExitLink,
			}
		}
	}
	return nil
}
