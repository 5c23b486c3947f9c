package project

import (
	"context"

	"github.com/fbdock/fbdock/internal/external"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/vagrant"
	"github.com/fbdock/fbdock/internal/vagrantvm"
	"github.com/fbdock/fbdock/platforms"
)

// On is a machine of the project.
func (p *Project) On(m plan.Machine) machine.Machine {
	on := machine.New(p.Env, p.State, m)
	on.Ahead, on.Spec = p.Ahead, func() (machine.Spec, error) { return p.spec(m) }
	on.System = SystemOf(on, p.Vagrant(), p.Facts)
	return on
}

// SystemOf is who brings a machine up and down.
func SystemOf(m machine.Machine, v vagrant.Vagrant, facts func(context.Context) (platforms.Facts, error)) machine.System {
	if m.Plan.OwnComputer() {
		return external.New(m)
	}
	return vagrantvm.New(m, v, facts)
}

// System is who brings a machine up and down.
func (p *Project) System(m plan.Machine) machine.System { return p.On(m).System }

// Vagrant is that of the project's folder.
func (p *Project) Vagrant() vagrant.Vagrant {
	return vagrantvm.Vagrant(p.Env, p.State, p.checkVagrantfile)
}
