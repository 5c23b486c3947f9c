package project

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/privatefile"
	"github.com/fbdock/fbdock/internal/state"
	"github.com/fbdock/fbdock/platforms/placement"
)

// CheckMade refuses an engine beside FreeBSD with a provider that no up makes one
// with, and a machine that was made in another way than only a new one can have.
func (p *Project) CheckMade(m plan.Machine) error {
	if m.Engine.Sibling() && !placement.MakesSibling(m.Provider) {
		return &failure.Error{
			Err:  fmt.Errorf("machine %s: no engine beside FreeBSD with %s: %s", m.Name, m.Provider, placement.NoSibling(m.Provider)),
			Next: fmt.Sprintf("set placement = %q in the engine block of %s, or leave it out", plan.PlacementNested, hcl.FileName), Code: failure.ExitImpossible,
		}
	}
	if r := p.Replaces(m); r != nil {
		return &failure.Error{
			Err: fmt.Errorf("machine %s was made %s, not %s: that takes a new machine", m.Name, r.made(r.Was), r.made(r.Now)),
			Next: fmt.Sprintf("set %s = %q to keep it; or `fbdock destroy %s`, which removes its images, containers and volumes, and then `fbdock up`; `fbdock plan` says what is lost",
				strings.TrimPrefix(r.Setting, "engine."), r.Was, m.Name), Code: failure.ExitImpossible,
		}
	}
	return nil
}

// Replacement is a machine that has to be made anew for what the configuration
// says.
type Replacement struct {
	// Setting is the attribute: "provider", or "engine.placement".
	Setting string `json:"setting"`
	// Was is what it was made with, Now what it would be made with.
	Was string `json:"was"`
	Now string `json:"now"`
}

// String says how the machine was made.
func (r Replacement) String() string { return "the machine that was made " + r.made(r.Was) }

func (r Replacement) made(how string) string {
	switch {
	case r.Setting == settingPlacement:
		return "with its engine " + how
	case how == plan.ProviderSSH:
		return "on a host of yours"
	}
	return "with " + how
}

// Replaces is the replacement that a machine takes, nil for none. Vagrant has a
// machine with one provider at a time, and would destroy what it does not find in
// the Vagrantfile of another.
func (p *Project) Replaces(m plan.Machine) *Replacement {
	if with := cmp.Or(machine.MadeWith(p.State, m.Name), engineMadeWith(p.State, m.Name)); with != "" && with != m.Provider {
		return &Replacement{SettingProvider, with, m.Provider}
	}
	was, _ := Placed(p.State, m.Name)
	now := cmp.Or(m.Engine.Placement, plan.PlacementNested)
	if m.OwnComputer() || was == "" || was == now {
		return nil
	}
	return &Replacement{settingPlacement, was, now}
}

// decided begins the reason for the place of an engine that is made.
const decided = "decided when the machine was made"

// Placed is where the engine of a machine was decided to be when it was made,
// and why; "" for one that is not made. What was applied says so, which is
// written before anything is made; an fbdock that wrote none knew no other
// place than nested.
func Placed(d state.Dir, name string) (place, reason string) {
	engine := engineMadeWith(d, name) != ""
	if machine.MadeWith(d, name) == "" && !engine {
		return "", ""
	}
	e, ok := recorded(d, name)
	switch {
	case ok && e.PlacementReason != "":
		return e.Placement, decided + ": " + undecided(e.PlacementReason)
	case ok:
		return e.Placement, decided
	case engine:
		return plan.PlacementSibling, decided
	}
	return plan.PlacementNested, decided
}

// engineMadeWith is the provider that the engine beside FreeBSD of a machine was made
// with, "" where there is none. A VM of that name may be another machine's.
func engineMadeWith(d state.Dir, name string) string {
	if _, another := recorded(d, name+plan.EngineSuffix); another {
		return ""
	}
	return machine.MadeWith(d, name+plan.EngineSuffix)
}

// dataOf is where the engine beside FreeBSD of a machine that is made has docker's
// data, "" where none is made. Without a record it is on a disk of its own only
// where there is one: an engine that is taken to have one may be destroyed.
func dataOf(d state.Dir, name string) string {
	provider := engineMadeWith(d, name)
	if provider == "" {
		return ""
	}
	if m, ok := recordedMachine(d, name); ok {
		return m.DataOf()
	}
	if _, err := os.Lstat(d.Machine(name).DataDisk()); err == nil {
		return plan.DataDisk
	}
	return plan.Machine{Provider: provider, Engine: plan.Engine{Placement: plan.PlacementSibling}}.DataOf()
}

// undecided is a reason as it was when the place was decided.
func undecided(reason string) string {
	return strings.TrimPrefix(strings.TrimPrefix(reason, decided), ": ")
}

// recorded is the engine as the record of a machine has it, its place among the
// two that there are.
func recorded(d state.Dir, name string) (plan.Engine, bool) {
	m, ok := recordedMachine(d, name)
	e := m.Engine
	if ok && !e.Sibling() {
		e.Placement = plan.PlacementNested
	}
	return e, ok
}

// recordedMachine is a machine as its record has it.
func recordedMachine(d state.Dir, name string) (plan.Machine, bool) {
	data, err := privatefile.Read(d.Machine(name).Plan())
	var a AppliedMachine
	if err != nil || json.Unmarshal(data, &a) != nil || a.Machine.Name != name {
		return plan.Machine{}, false
	}
	return a.Machine, true
}

// MachineNames are the machines of which something is kept. An engine beside
// FreeBSD, which Vagrant has as a machine, is a part of one.
func MachineNames(d state.Dir) []string {
	all := d.Machines()
	return slices.DeleteFunc(slices.Clone(all), func(name string) bool {
		of, engine := strings.CutSuffix(name, plan.EngineSuffix)
		e, _ := recorded(d, of)
		return engine && slices.Contains(all, of) && e.Sibling()
	})
}
