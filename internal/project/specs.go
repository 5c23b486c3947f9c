package project

import (
	"github.com/fbdock/fbdock/internal/fingerprint"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
)

// specOf keeps what the agent needs. It serves nothing that the user has not
// agreed to.
func (p *Project) specOf(m plan.Machine) (machine.Spec, error) {
	m, err := p.Allowed(m)
	return machine.Spec{Build: p.Build(), Machine: plan.Machine{
		Name: m.Name, Instance: m.Instance, Provider: m.Provider, Host: m.Host, Forward: m.Forward, MaxForwards: m.MaxForwards, Mounts: m.Mounts,
		Podman: m.Podman, Jails: m.Jails, Engine: plan.Engine{Address: m.Engine.Address, Placement: m.Engine.Placement},
	}}, err
}

// spec is what the agent of m is to serve.
func (p *Project) spec(m plan.Machine) (machine.Spec, error) {
	spec, err := p.specOf(m)
	if err != nil {
		return spec, err
	}
	text, err := p.Vagrantfile()
	if err == nil {
		spec.Vagrantfile = fingerprint.Hex(text)
	} else if !NothingToRender(err) {
		return spec, err
	}
	return spec, nil
}
