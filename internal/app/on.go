package app

import (
	"context"

	"github.com/fbdock/fbdock/internal/external"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/vagrant"
	"github.com/fbdock/fbdock/internal/vagrantvm"
	"github.com/fbdock/fbdock/platforms"
)

// on is a machine of the project.
func (p *Project) on(m plan.Machine) machine.Machine {
	c := machine.New(p.Options.Env, p.State, m)
	c.Ahead, c.Spec = p.Ahead, func() (machine.Spec, error) { return p.spec(m) }
	c.System = systemOf(c, p.vagrant(), p.Facts)
	return c
}

// systemOf is who brings a machine up and down.
func systemOf(c machine.Machine, v vagrant.Vagrant, facts func(context.Context) (platforms.Facts, error)) machine.System {
	if c.Plan.OwnComputer() {
		return external.New(c)
	}
	return vagrantvm.New(c, v, facts)
}

func (p *Project) system(m plan.Machine) machine.System { return p.on(m).System }

func (p *Project) vagrant() vagrant.Vagrant {
	return vagrantvm.Vagrant(p.Options.Env, p.State, p.checkVagrantfile)
}
