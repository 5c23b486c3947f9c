package app

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/privatefile"
	"github.com/fbdock/fbdock/internal/state"
)

// madeWith is the provider that Vagrant made a machine with, "" when there
// is none: it keeps an id of the VM in a folder of that name.
func madeWith(folder state.Dir, machine string) string {
	providers := filepath.Join(folder.VagrantDotfiles(), "machines", machine)
	entries, err := privatefile.ReadDir(providers)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		id, err := os.Stat(filepath.Join(providers, e.Name(), "id"))
		if err == nil && id.Size() > 0 {
			return e.Name()
		}
	}
	return ""
}

// created tells whether a machine was made, and was not destroyed since. The
// guest of a machine that was not need not be asked for anything.
func (p *Project) created(m plan.Machine) bool {
	if m.OwnComputer() {
		return exists(p.State.Machine(m.Name).SSHConfig())
	}
	return madeWith(p.State, m.Name) != ""
}

// needsUp is the error of a command for a machine that is not up, nil when
// how to log in to it is known.
func (p *Project) needsUp(m plan.Machine) error {
	switch {
	case !p.created(m):
		return &failure.Error{Err: fmt.Errorf("machine %s is not created", m.Name), Next: "create it with `fbdock up`"}
	case !exists(p.State.Machine(m.Name).SSHConfig()):
		return &failure.Error{Err: fmt.Errorf("machine %s is not running", m.Name), Next: "start it with `fbdock up`"}
	}
	return nil
}

// Listed is a machine of the configuration.
type Listed struct {
	plan.Machine
	Created bool `json:"created"`
}

// List gives the machines of the configuration, without asking them.
func (p *Project) List() []Listed {
	p.tellDiffers(p.Plan.Machines...)
	all := make([]Listed, len(p.Plan.Machines))
	for i, m := range p.Plan.Machines {
		all[i] = Listed{Machine: m, Created: p.created(m)}
	}
	return all
}
