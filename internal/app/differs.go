package app

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
)

// change is one thing in which the configuration differs from what was
// applied.
type change struct {
	setting string
	text    string // of what is told one by one
}

// remake tells that it is of a guest that is made anew.
func (c change) remake() bool { return c.setting == settingProvider || c.setting == settingBox }

// restart tells that only a restart of the guest applies it.
func (c change) restart() bool {
	return c.setting == settingCPUs || c.setting == settingMemory || c.setting == settingBoot
}

// changesTo are what `up` changes to bring a machine from old to now.
func changesTo(old, now appliedMachine) []change {
	changes := slices.Concat(mountChanges(old.Machine.Mounts, now.Machine.Mounts), portChanges(old.Machine, now.Machine),
		timeoutChanges(old.Machine.Timeouts, now.Machine.Timeouts), podmanChange(old.Machine, now.Machine))
	for _, name := range slices.Sorted(maps.Keys(now.Settings)) {
		if now.Settings[name] != old.Settings[name] {
			changes = append(changes, changed(name))
		}
	}
	return changes
}

func changed(setting string) change { return change{setting, "changed: " + setting} }

// timeoutChanges are about those that the guest and Vagrant have; the others
// are of commands, and hold at once.
func timeoutChanges(old, now plan.Timeouts) (changes []change) {
	if old.Boot != now.Boot {
		changes = append(changes, changed(settingBoot))
	}
	if old.Stop != now.Stop {
		changes = append(changes, changed(settingStop))
	}
	return changes
}

func portChanges(old, now plan.Machine) []change {
	var changes []change
	if old.Forward != now.Forward {
		changes = append(changes, change{settingPorts, fmt.Sprintf("ports changed: published ports are at %s of this host, not at %s", now.Forward, old.Forward)})
	}
	if old.MaxForwards != now.MaxForwards {
		changes = append(changes, change{settingPorts, fmt.Sprintf("ports changed: at most %d are forwarded, not %d", now.MaxForwards, old.MaxForwards)})
	}
	return changes
}

func podmanChange(old, now plan.Machine) []change {
	switch {
	case now.Podman && !old.Podman:
		return []change{{"podman", "podman added"}}
	case old.Podman && !now.Podman:
		return []change{{"podman", "podman removed: its images stay"}}
	}
	return nil
}

func mountChanges(old, now []plan.Mount) []change {
	var changes []change
	add := func(what string, m plan.Mount) {
		changes = append(changes, change{setting: settingMounts, text: fmt.Sprintf("mount %s: %s at %s", what, m.Source, m.Target)})
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

// tellDiffers says once, in one line, what the configuration says otherwise
// than what runs of machines. They stay as they are: only `up` applies it.
func (p *Project) tellDiffers(machines ...plan.Machine) {
	var parts []string
	var all []change
	for _, m := range machines {
		changes := p.differs[m.Name]
		delete(p.differs, m.Name)
		if len(changes) == 0 || machine.NeedsUp(p.State, m) != nil {
			continue // what does not run is started as the file says
		}
		var names []string
		for _, c := range changes {
			if !slices.Contains(names, c.setting) {
				names = append(names, c.setting)
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
		p.warnUnnamed(p.unnamed)
	}
}

// applies says by which command changes are applied.
func applies(changes []change) string {
	switch {
	case slices.ContainsFunc(changes, change.remake):
		return "only a new machine has it, after `fbdock destroy` and `fbdock up`"
	case slices.ContainsFunc(changes, change.restart):
		return "`fbdock reload` applies it"
	}
	return "`fbdock up` applies it"
}

// warnUnnamed says that machines are there which the configuration does not
// name.
func (p *Project) warnUnnamed(machines []plan.Machine) {
	var names []string
	for _, m := range machines {
		names = append(names, m.Name)
	}
	if len(names) > 0 && len(p.Config.Machines) > 0 {
		p.Progress.Warn(fmt.Sprintf("%s does not name %s, made before: `fbdock destroy %s` removes what it does not name any more",
			hcl.FileName, strings.Join(names, ", "), strings.Join(names, " ")))
	}
}
