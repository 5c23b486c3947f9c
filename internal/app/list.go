package app

import (
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/project"
)

// Listed is a machine of the configuration.
type Listed struct {
	plan.Machine
	Created bool `json:"created"`
}

// List gives the machines of the configuration, without asking them.
func List(p *project.Project) []Listed {
	p.TellDiffers(p.Plan.Machines...)
	all := make([]Listed, len(p.Plan.Machines))
	for i, m := range p.Plan.Machines {
		all[i] = Listed{Machine: m, Created: machine.Created(p.State, m)}
	}
	return all
}
