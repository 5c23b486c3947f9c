package project

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/fingerprint"
	"github.com/fbdock/fbdock/internal/images"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/privatefile"
	"github.com/fbdock/fbdock/internal/redact"
)

// AppliedMachine is what `up` has brought a machine to. It rules all commands
// but `up` and `reload`, whatever fbdock.hcl says meanwhile, and is what a
// machine is destroyed by when there is no fbdock.hcl any more.
type AppliedMachine struct {
	// Dir is where the project's folder was: paths below it move with it.
	Dir     string       `json:"dir"`
	Machine plan.Machine `json:"machine"`
	// Settings are digests of what the configuration said, by the names that
	// a user is told. Defaults that depend on the host are not in them.
	Settings map[string]string `json:"settings"`
}

// The names of settings that are not applied while the guest runs: the first
// two are those of a new one, the others want a restart. The timeouts of
// commands alone are no settings: they hold at once.
const (
	SettingProvider = "provider"
	settingBox      = "box"
	settingCPUs     = "cpus"
	settingMemory   = "memory"
	settingBoot     = "timeouts.boot"
	settingStop     = "timeouts.stop"
)

// settingPlacement is where the engine is: that of a new machine too.
const settingPlacement = "engine.placement"

// Two settings that are told one by one.
const (
	settingMounts = "mounts"
	settingPorts  = "ports"
)

// settingsOf are the digests of a machine block. Mounts, ports and timeouts are
// not in them: they are compared one by one. Neither is `cli`, which holds at
// once.
func settingsOf(in hcl.Machine, m plan.Machine) map[string]string {
	type password redact.Proxy // as JSON with the password, which may change
	e := in.Engine
	settings := map[string]string{}
	for name, values := range map[string][]any{
		SettingProvider:   {m.Provider, in.Host, in.Architecture},
		settingBox:        {in.Box, in.BoxVersion},
		settingCPUs:       {in.CPUs},
		settingMemory:     {in.Memory},
		"storage":         {in.Storage},
		"engine":          {e.Hypervisor, e.Image, e.CPUs, e.Memory, e.Disk, e.Network, e.InsecureTCP, e.GuestPorts, e.DNS, e.CACertificates},
		"daemon settings": {e.Daemon, e.RegistryMirrors, e.InsecureRegistries},
		"proxy":           {password(e.Proxy)},
		"shares":          {in.Shares},
		"provision":       {in.Provisions},
	} {
		if name == settingBox && in.BoxURL != "" { // the digests of other boxes stay as they were
			values = append(values, in.BoxURL, in.BoxChecksum)
		}
		settings[name] = fingerprint.Of(values)
	}
	return settings
}

// Present is a machine as the configuration has it now.
func (p *Project) Present(m plan.Machine) AppliedMachine {
	a := AppliedMachine{Dir: p.Dir, Machine: m}
	a.Machine.Engine.PlacementReason = undecided(m.Engine.PlacementReason)
	for _, in := range p.Config.Machines {
		if in.Name == m.Name {
			a.Settings = settingsOf(in, m)
		}
	}
	return a
}

// RecordError is a record of what was applied that is not to be read as one.
type RecordError struct {
	machine, path string
	err           error
}

func (e *RecordError) Error() string {
	return fmt.Sprintf("it is not known what was applied to machine %s: %s: %v", e.machine, e.path, e.err)
}
func (e *RecordError) Unwrap() error { return e.err }

// Hint is the next step for the user.
func (e *RecordError) Hint() string {
	return fmt.Sprintf("`fbdock up` applies %s and writes that down anew; `fbdock destroy %s` removes the machine", hcl.FileName, e.machine)
}

// AppliedTo is what `up` has brought a machine to; fs.ErrNotExist when nothing
// says so. Before there were such records the machine alone was written down:
// it is given with that error.
func (p *Project) AppliedTo(name string) (AppliedMachine, error) {
	var a AppliedMachine
	path := p.State.Machine(name).Plan()
	data, err := privatefile.Read(path)
	if err != nil {
		return a, fmt.Errorf("read what was applied to %s: %w", name, err)
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return AppliedMachine{}, &RecordError{name, path, err}
	}
	if a.Machine.Name == name && a.Dir != "" {
		return a, nil
	}
	old := AppliedMachine{Dir: p.Dir}
	if json.Unmarshal(data, &old.Machine) != nil || old.Machine.Name != name {
		return AppliedMachine{}, &RecordError{name, path, errors.New("it is about no machine of that name")}
	}
	return old, fmt.Errorf("read what was applied to %s: an older fbdock wrote it: %w", name, fs.ErrNotExist)
}

// MadeAs is the machine as it was made, by whatever says so, with paths as
// they are now.
func (p *Project) MadeAs(name string) (plan.Machine, error) {
	a, err := p.AppliedTo(name)
	if errors.Is(err, fs.ErrNotExist) && a.Machine.Name == name {
		err = nil
	}
	if err == nil && a.Dir != p.Dir {
		a = a.MovedTo(p.Dir)
	}
	return a.Machine, err
}

// SetApplied writes down what a machine was brought to.
func (p *Project) SetApplied(a AppliedMachine) error {
	data, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return fmt.Errorf("write what was applied to %s: %w", a.Machine.Name, err)
	}
	return p.State.Write(p.State.Machine(a.Machine.Name).Plan(), append(data, '\n'))
}

// MovedTo is a with the paths that it has where its project is now in dir.
func (a AppliedMachine) MovedTo(dir string) AppliedMachine {
	moved := func(path *string) {
		if rest, ok := strings.CutPrefix(*path, a.Dir); ok && (rest == "" || strings.HasPrefix(rest, string(filepath.Separator))) {
			*path = dir + rest
		}
	}
	m := &a.Machine
	m.Mounts, m.Provisions = slices.Clone(m.Mounts), slices.Clone(m.Provisions)
	m.Engine.CACertificates = slices.Clone(m.Engine.CACertificates)
	moved(&m.Engine.Image.Path)
	moved(&m.Box.File)
	for i := range m.Mounts {
		moved(&m.Mounts[i].Source)
	}
	for i := range m.Provisions {
		moved(&m.Provisions[i].Script)
	}
	m.Jails = slices.Clone(m.Jails)
	for i := range m.Jails {
		m.Jails[i].Provisions = slices.Clone(m.Jails[i].Provisions)
		for k := range m.Jails[i].Provisions {
			moved(&m.Jails[i].Provisions[k].Script)
		}
	}
	for i := range m.Engine.CACertificates {
		moved(&m.Engine.CACertificates[i])
	}
	a.Dir = dir
	return a
}

// useApplied has the machines that were made be as they were made, and those
// that the configuration does not name any more be there as well. A machine
// that an older fbdock has made is what the file says, from now on.
func (p *Project) useApplied(ctx context.Context) error {
	p.differs = map[string][]Change{}
	p.Plan.Machines = slices.Clone(p.Plan.Machines)
	for i, m := range p.Plan.Machines {
		a, err := p.AppliedTo(m.Name)
		_, unreadable := errors.AsType[*RecordError](err)
		switch {
		case !machine.Created(p.State, m) && (err != nil || !machine.Created(p.State, a.Machine)):
			continue
		case errors.Is(err, fs.ErrNotExist), unreadable && p.Destroys:
			continue
		case err != nil:
			return err
		}
		if a.Dir != p.Dir {
			a = a.MovedTo(p.Dir)
		}
		p.differs[m.Name] = ChangesTo(a, p.Present(m))
		a.Machine.CLI, a.Machine.Notes = m.CLI, m.Notes
		a.Machine.Timeouts.Engine, a.Machine.Timeouts.Command = m.Timeouts.Engine, m.Timeouts.Command
		p.Plan.Machines[i] = a.Machine
	}
	p.unnamed = p.MadeBefore()
	p.Plan.Machines = append(p.Plan.Machines, p.unnamed...)
	images.UsePins(&p.Plan, p.Lock)
	p.correct(ctx)
	return nil
}

// MadeBefore are machines that were made and that the configuration does not
// name: their block was removed, or got another name.
func (p *Project) MadeBefore() []plan.Machine {
	var all []plan.Machine
	for _, name := range MachineNames(p.State) {
		if _, named := p.Plan.Machine(name); named {
			continue
		}
		m, err := p.MadeAs(name)
		switch {
		case err == nil && machine.Created(p.State, m):
			all = append(all, m)
		case err != nil && (!errors.Is(err, fs.ErrNotExist) || machine.MadeWith(p.State, name) != ""):
			p.Progress.Warn(fmt.Sprintf("machine %s is left alone: %v; put its block back into %s to remove it", name, err, hcl.FileName))
		}
	}
	return all
}

// withoutConfig is a project whose configuration cannot be used and whose
// machines were made before it broke; nil when there are none.
func (p *Project) withoutConfig(ctx context.Context, diags hcl.Diagnostics) *Project {
	p.Plan.Machines = p.MadeBefore()
	if len(p.Plan.Machines) == 0 {
		return nil
	}
	images.UsePins(&p.Plan, p.Lock)
	p.correct(ctx)
	p.Progress.Warn(fmt.Sprintf("%s is not used, as it has errors (%s): the machines are as the last `fbdock up` has made them; `fbdock validate` tells more",
		hcl.FileName, firstDiagnostic(diags)))
	return p
}

// correct writes down what was found out about the records of machines: that
// the project was moved, and what an older fbdock has not written down.
// Another fbdock that works on the project comes first; the next command sees
// to it then.
func (p *Project) correct(ctx context.Context) {
	wanted := func(m plan.Machine) (a AppliedMachine, moved, ok bool) {
		a, err := p.AppliedTo(m.Name)
		switch {
		case err == nil && a.Dir != p.Dir:
			return a.MovedTo(p.Dir), true, true
		case errors.Is(err, fs.ErrNotExist) && machine.Created(p.State, m):
			a = p.Present(m)
			return a, false, a.Settings != nil
		}
		return a, false, false
	}
	machines := slices.DeleteFunc(slices.Clone(p.Plan.Machines), func(m plan.Machine) bool {
		_, _, ok := wanted(m)
		return !ok
	})
	if len(machines) == 0 {
		return
	}
	lock, err := p.State.Lock(ctx, 0)
	if err != nil {
		return
	}
	defer lock.Unlock() //nolint:errcheck // it ends with the process
	for _, m := range machines {
		a, moved, ok := wanted(m) // it may have been written meanwhile
		if !ok {
			continue
		}
		if err := p.SetApplied(a); err != nil {
			p.Progress.Warn(err.Error())
		} else if moved {
			p.On(m).TellAgent(ctx)
		}
	}
}

func firstDiagnostic(diags hcl.Diagnostics) string {
	for _, d := range diags {
		if d.Severity == hcl.Error {
			return fmt.Sprintf("%s: %s", d.Range, d.Summary)
		}
	}
	return "unknown"
}
