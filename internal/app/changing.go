package app

import (
	"errors"
	"io/fs"
	"slices"

	"github.com/fbdock/fbdock/internal/machine"
)

// changing is what one `up` changes of a machine.
type changing struct {
	old     appliedMachine
	all     []change
	existed bool // before, as a VM
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
	if _, unreadable := errors.AsType[*recordError](err); unreadable || errors.Is(err, fs.ErrNotExist) || !machine.Created(u.State, u.m) {
		return nil // all of it is new
	}
	if err != nil {
		return err
	}
	if old.Dir != u.Dir {
		old = old.movedTo(u.Dir)
	}
	// An external host that holds a machine is not exchanged for another: that
	// was refused before.
	u.changing = changing{old: old, all: changesTo(old, u.present(u.m)), existed: !u.m.OwnComputer()}
	return nil
}

// settle writes down what was applied, and says what of it is new. What was
// not applied stays as it was, and goes on to be told as a difference. It comes
// before the agent, which serves what is written down.
func (u *upRun) settle() error {
	u.changing.stale = u.stale()
	a := u.present(u.m)
	for _, one := range u.changing.all {
		if u.changing.applies(one) {
			u.Progress.Say(u.m.Name + ": " + one.text)
		} else {
			a.keep(one.setting, u.changing.old)
		}
	}
	u.settled = a.Machine
	return u.setApplied(a)
}

// keep has a setting be as it was in old.
func (a *appliedMachine) keep(setting string, old appliedMachine) {
	if digest, known := old.Settings[setting]; known {
		a.Settings[setting] = digest
	}
	m, was := &a.Machine, old.Machine
	switch setting {
	case settingProvider:
		m.Provider, m.Host, m.Box = was.Provider, was.Host, was.Box
	case settingBox:
		m.Box = was.Box
	case settingCPUs:
		m.CPUs = was.CPUs
	case settingMemory:
		m.Memory = was.Memory
	case settingBoot:
		m.Timeouts.Boot, m.Box.BootTimeout = was.Timeouts.Boot, was.Box.BootTimeout
	}
}
