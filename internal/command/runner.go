package command

import (
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/vagrant"
)

// Runner runs commands for one machine.
type Runner struct {
	machine.Machine
	// Start is where the search for the configuration began.
	Start string
	// Machines are all of the project: the current folder may be a mount of
	// another one.
	Machines []plan.Machine
	IsDir    func(path string) bool
	Vagrant  vagrant.Vagrant
}
