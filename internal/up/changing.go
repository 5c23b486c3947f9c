package up

import (
	"errors"
	"io/fs"
	"slices"

	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/project"
)

// changing is what one `up` changes of a machine.
type changing struct {
	old     project.AppliedMachine
	all     []project.Change
	existed bool // before, as a VM
	stale   bool // what wants a restart was not applied
}

// now tells whether something is applied that was not before.
func (c changing) now() bool { return slices.ContainsFunc(c.all, c.applies) }

// applies tells whether this `up` applies a change.
func (c changing) applies(one project.Change) bool {
	return (!one.Remake() || !c.existed) && (!one.Restart() || !c.stale)
}

// host tells whether another host than before is wanted.
func (c changing) host() bool {
	return slices.ContainsFunc(c.all, func(one project.Change) bool { return one.Setting == project.SettingProvider })
}

// compare finds what is to be changed.
func (u *run) compare() error {
	old, err := u.AppliedTo(u.m.Name)
	if _, unreadable := errors.AsType[*project.RecordError](err); unreadable || errors.Is(err, fs.ErrNotExist) || !machine.Created(u.State, u.m) {
		return nil // all of it is new
	}
	if err != nil {
		return err
	}
	if old.Dir != u.Dir {
		old = old.MovedTo(u.Dir)
	}
	// An external host that holds a machine is not exchanged for another: that
	// was refused before.
	u.changing = changing{old: old, all: project.ChangesTo(old, u.Present(u.m)), existed: !u.m.OwnComputer()}
	return nil
}

// settle writes down what was applied, and says what of it is new. What was
// not applied stays as it was, and goes on to be told as a difference. It comes
// before the agent, which serves what is written down.
func (u *run) settle() error {
	u.changing.stale = u.stale()
	a := u.Present(u.m)
	for _, one := range u.changing.all {
		if u.changing.applies(one) {
			u.Progress.Say(u.m.Name + ": " + one.Text)
		} else {
			a.Keep(one.Setting, u.changing.old)
		}
	}
	u.settled = a.Machine
	return u.SetApplied(a)
}
