package project

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/fingerprint"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
)

// Change is one thing in which the configuration differs from what was
// applied.
type Change struct {
	Setting string
	Text    string // of what is told one by one
}

// Remake tells that it is of a guest that is made anew.
func (c Change) Remake() bool {
	return c.Setting == SettingProvider || c.Setting == settingBox || c.Setting == settingPlacement
}

// Restart tells that only a restart of the guest applies it.
func (c Change) Restart() bool {
	return c.Setting == settingCPUs || c.Setting == settingMemory || c.Setting == settingBoot
}

// ChangesTo are what `up` changes to bring a machine from old to now.
func ChangesTo(old, now AppliedMachine) []Change {
	changes := slices.Concat(mountChanges(old.Machine.Mounts, now.Machine.Mounts), portChanges(old.Machine, now.Machine),
		timeoutChanges(old.Machine.Timeouts, now.Machine.Timeouts), podmanChange(old.Machine, now.Machine), placementChange(old.Machine, now.Machine), jailChanges(old.Machine, now.Machine))
	for _, name := range slices.Sorted(maps.Keys(now.Settings)) {
		if now.Settings[name] != old.Settings[name] {
			changes = append(changes, changed(name))
		}
	}
	return changes
}

func changed(setting string) Change { return Change{setting, "changed: " + setting} }

// timeoutChanges are about those that the guest and Vagrant have; the others
// are of commands, and hold at once.
func timeoutChanges(old, now plan.Timeouts) (changes []Change) {
	if old.Boot != now.Boot {
		changes = append(changes, changed(settingBoot))
	}
	if old.Stop != now.Stop {
		changes = append(changes, changed(settingStop))
	}
	return changes
}

func portChanges(old, now plan.Machine) []Change {
	var changes []Change
	if old.Forward != now.Forward {
		changes = append(changes, Change{settingPorts, fmt.Sprintf("ports changed: published ports are at %s of this host, not at %s", now.Forward, old.Forward)})
	}
	if old.MaxForwards != now.MaxForwards {
		changes = append(changes, Change{settingPorts, fmt.Sprintf("ports changed: at most %d are forwarded, not %d", now.MaxForwards, old.MaxForwards)})
	}
	return changes
}

func podmanChange(old, now plan.Machine) []Change {
	switch {
	case now.Podman && !old.Podman:
		return []Change{{"podman", "podman added"}}
	case old.Podman && !now.Podman:
		return []Change{{"podman", "podman removed: its images stay"}}
	case now.Podman && old.EngineAccess != now.EngineAccess:
		return []Change{changed("podman.engine_access")}
	}
	return nil
}

// placementChange is about the place of the engine, which no running machine
// changes.
func placementChange(old, now plan.Machine) []Change {
	was, is := cmp.Or(old.Engine.Placement, plan.PlacementNested), cmp.Or(now.Engine.Placement, plan.PlacementNested)
	if was == is {
		return nil
	}
	return []Change{{settingPlacement, fmt.Sprintf("the engine is to be %s, not %s", is, was)}}
}

func mountChanges(old, now []plan.Mount) []Change {
	var changes []Change
	add := func(what string, m plan.Mount) {
		changes = append(changes, Change{Setting: settingMounts, Text: fmt.Sprintf("mount %s: %s at %s", what, m.Source, m.Target)})
	}
	at := func(all []plan.Mount, target string) (plan.Mount, bool) {
		i := slices.IndexFunc(all, func(m plan.Mount) bool { return m.Target == target })
		if i < 0 {
			return plan.Mount{}, false
		}
		m := all[i]
		m.Real = "" // where Source leads is looked at when it is mounted
		return m, true
	}
	for _, m := range old {
		if _, stays := at(now, m.Target); !stays {
			add("removed", m)
		}
	}
	for _, m := range now {
		was, known := at(old, m.Target)
		is, _ := at(now, m.Target)
		switch {
		case !known:
			add("added", m)
		case !reflect.DeepEqual(was, is):
			add("changed", m)
		}
	}
	return changes
}

// TellDiffers says once, in one line, what the configuration says otherwise
// than what runs of machines. They stay as they are: only `up` applies it.
func (p *Project) TellDiffers(machines ...plan.Machine) {
	var parts []string
	var all []Change
	for _, m := range machines {
		changes := p.differs[m.Name]
		delete(p.differs, m.Name)
		if len(changes) == 0 || machine.NeedsUp(p.State, m) != nil {
			continue // what does not run is started as the file says
		}
		var names []string
		for _, c := range changes {
			if !slices.Contains(names, c.Setting) {
				names = append(names, c.Setting)
			}
		}
		all = append(all, changes...)
		part := strings.Join(names, ", ")
		if len(p.Plan.Machines) > 1 {
			part = m.Name + ": " + part
		}
		parts = append(parts, part)
	}
	if len(parts) > 0 {
		p.Progress.Warn(fmt.Sprintf("%s differs from what runs (%s): %s", hcl.FileName, strings.Join(parts, "; "), applies(all)))
	}
	if len(p.unnamed) > 0 && !p.toldUnnamed {
		p.toldUnnamed = true
		p.WarnUnnamed(p.unnamed)
	}
}

// applies says by which command changes are applied.
func applies(changes []Change) string {
	switch {
	case slices.ContainsFunc(changes, Change.Remake):
		return "only a new machine has it, after `fbdock destroy` and `fbdock up`"
	case slices.ContainsFunc(changes, Change.Restart):
		return "`fbdock reload` applies it"
	}
	return "`fbdock up` applies it"
}

// WarnUnnamed says that machines are there which the configuration does not
// name.
func (p *Project) WarnUnnamed(machines []plan.Machine) {
	var names []string
	for _, m := range machines {
		names = append(names, m.Name)
	}
	if len(names) > 0 && len(p.Config.Machines) > 0 {
		p.Progress.Warn(fmt.Sprintf("%s does not name %s, made before: `fbdock destroy %s` removes what it does not name any more",
			hcl.FileName, strings.Join(names, ", "), strings.Join(names, " ")))
	}
}

// Keep has a setting be as it was in old.
func (a *AppliedMachine) Keep(setting string, old AppliedMachine) {
	if digest, known := old.Settings[setting]; known {
		a.Settings[setting] = digest
	}
	m, was := &a.Machine, old.Machine
	switch setting {
	case SettingProvider:
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

func jailChanges(old, now plan.Machine) []Change {
	var changes []Change
	add := func(what, name string) {
		changes = append(changes, Change{"jails", fmt.Sprintf("jail %s: %s", what, name)})
	}
	for _, j := range now.Jails {
		was, known := old.Jail(j.Name)
		switch {
		case !known:
			add("added", j.Name)
		case was.Release != j.Release && j.Release != "":
			add("changed to FreeBSD "+j.Release, j.Name)
		case fingerprint.Of([]any{was}) != fingerprint.Of([]any{j}):
			add("changed", j.Name)
		}
	}
	for _, j := range old.Jails {
		if _, stays := now.Jail(j.Name); !stays {
			add("no longer in the configuration, and left as it is", j.Name)
		}
	}
	return changes
}
