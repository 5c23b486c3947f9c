package app

import (
	"errors"
	"io/fs"
	"slices"
)

// changing is what one `up` changes of a machine.
type changing struct {
	old     appliedMachine
	all     []change
	existed bool // before
	stale   bool // what wants a restart was not applied
}

// now tells whether something is applied that was not before.
func (c changing) now() bool { return slices.ContainsFunc(c.all, c.applies) }

// applies tells whether this `up` applies a change.
func (c changing) applies(one change) bool {
	return (!one.remake() || !c.existed) && (!one.restart() || !c.stale)
}

// host tells whether another host than before is wanted.
func (c changing) host() bool {
	return slices.ContainsFunc(c.all, func(one change) bool { return one.setting == settingProvider })
}

// compare finds what is to be changed.
func (u *upRun) compare() error {
	old, err := u.Project.applied(u.m.Name)
	if errors.Is(err, fs.ErrNotExist) || !u.created(u.m) {
		return nil // all of it is new
	}
	if err != nil {
		return err
	}
	if old.Dir != u.Dir {
		old = old.movedTo(u.Dir)
	}
	u.changing = changing{old: old, all: changesTo(old, u.present(u.m)), existed: true}
	return nil
}

// settle writes down what was applied, and says what of it is new. What was
// not applied goes on to be told as a difference.
func (u *upRun) settle() error {
	a := u.present(u.m)
	for _, one := range u.changing.all {
		if u.changing.applies(one) {
			u.Progress.Say(u.m.Name + ": " + one.text)
		} else {
			a.Settings[one.setting] = u.changing.old.Settings[one.setting]
		}
	}
	return u.setApplied(a)
}
