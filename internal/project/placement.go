package project

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/privatefile"
	"github.com/fbdock/fbdock/internal/state"
)

// CheckPlacement refuses an engine beside FreeBSD with a provider that no up makes
// one with, and a machine whose engine was made in another place.
func (p *Project) CheckPlacement(m plan.Machine) error {
	if m.Engine.Sibling() && !plan.MakesSibling(m.Provider) {
		return &failure.Error{
			Err:  fmt.Errorf("machine %s: `fbdock up` makes an engine beside FreeBSD with libvirt and qemu, and not with %s yet", m.Name, m.Provider),
			Next: fmt.Sprintf("set placement = %q in the engine block of %s, or leave it out", plan.PlacementNested, hcl.FileName), Code: failure.ExitImpossible,
		}
	}
	if m.OwnComputer() || machine.MadeWith(p.State, m.Name) == "" {
		return nil
	}
	was, now := recordedPlacement(p.State, m.Name), cmp.Or(m.Engine.Placement, plan.PlacementNested)
	if was == "" || was == now {
		return nil
	}
	return &failure.Error{
		Err: fmt.Errorf("machine %s was made with its engine %s, and it would be %s now: that takes a new machine", m.Name, was, now),
		Next: fmt.Sprintf("set placement = %q to keep it; or `fbdock destroy %s`, which removes its images, containers and volumes, and then `fbdock up`",
			was, m.Name), Code: failure.ExitImpossible,
	}
}

// recordedPlacement is where the engine of a machine was made, "" where nothing
// says so.
func recordedPlacement(d state.Dir, name string) string {
	data, err := privatefile.Read(d.Machine(name).Plan())
	var a AppliedMachine
	if err != nil || json.Unmarshal(data, &a) != nil || a.Machine.Name != name {
		return ""
	}
	return cmp.Or(a.Machine.Engine.Placement, plan.PlacementNested)
}

// MachineNames are the machines of which something is kept. An engine beside
// FreeBSD, which Vagrant has as a machine, is a part of one.
func MachineNames(d state.Dir) []string {
	all := d.Machines()
	return slices.DeleteFunc(slices.Clone(all), func(name string) bool {
		of, engine := strings.CutSuffix(name, plan.EngineSuffix)
		return engine && slices.Contains(all, of) && recordedPlacement(d, of) == plan.PlacementSibling
	})
}
