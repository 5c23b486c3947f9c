package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/privatefile"
)

// appliedMachine is what `up` has brought a machine to. It rules all commands
// but `up` and `reload`, whatever fbdock.hcl says meanwhile, and is what a
// machine is destroyed by when there is no fbdock.hcl any more.
type appliedMachine struct {
	// Dir is where the project's folder was: paths below it move with it.
	Dir     string       `json:"dir"`
	Machine plan.Machine `json:"machine"`
	// Settings are digests of what the configuration said, by the names that
	// a user is told. Defaults that depend on the host are not in them.
	Settings map[string]string `json:"settings"`
}

// The names of settings that are not applied while the guest runs: the first
// two are those of a new one, the others want a restart.
const (
	settingProvider = "provider"
	settingBox      = "box"
	settingCPUs     = "cpus"
	settingMemory   = "memory"
)

// Two settings that are told one by one.
const (
	settingMounts = "mounts"
	settingPorts  = "ports"
)

// settingsOf are the digests of a machine block. Mounts are not in them: they
// are compared one by one. Neither are `cli` and `timeouts`, which are of
// commands alone: they hold at once.
func settingsOf(in hcl.Machine, m plan.Machine) map[string]string {
	type password hcl.Proxy // as JSON with the password, which may change
	e := in.Engine
	settings := map[string]string{}
	for name, values := range map[string][]any{
		settingProvider:   {m.Provider, in.Host, in.Architecture},
		settingBox:        {in.Box, in.BoxVersion},
		settingCPUs:       {in.CPUs},
		settingMemory:     {in.Memory},
		settingPorts:      {in.Forward},
		"storage":         {in.Storage},
		"engine":          {e.Hypervisor, e.Image, e.CPUs, e.Memory, e.Disk, e.Network, e.InsecureTCP, e.GuestPorts, e.DNS, e.CACertificates},
		"daemon settings": {e.Daemon, e.RegistryMirrors, e.InsecureRegistries},
		"proxy":           {password(e.Proxy)},
		"shares":          {in.Shares},
		"provision":       {in.Provisions},
	} {
		settings[name] = fingerprint(values)
	}
	return settings
}

func fingerprint(values []any) string {
	data, err := json.Marshal(values)
	if err != nil {
		return "unknown"
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// present is a machine as the configuration has it now.
func (p *Project) present(m plan.Machine) appliedMachine {
	a := appliedMachine{Dir: p.Dir, Machine: m}
	for _, in := range p.Config.Machines {
		if in.Name == m.Name {
			a.Settings = settingsOf(in, m)
		}
	}
	return a
}

// applied is what `up` has brought a machine to, with paths as they are now;
// fs.ErrNotExist when nothing says so.
func (p *Project) applied(name string) (appliedMachine, error) {
	var a appliedMachine
	data, err := privatefile.Read(p.State.Machine(name).Plan())
	if err == nil {
		err = json.Unmarshal(data, &a)
	}
	switch {
	case err != nil:
		return a, fmt.Errorf("read what was applied to %s: %w", name, err)
	case a.Machine.Name != name || a.Dir == "":
		return a, fmt.Errorf("read what was applied to %s: another fbdock wrote it: %w", name, fs.ErrNotExist)
	}
	return a, nil
}

func (p *Project) setApplied(a appliedMachine) error {
	data, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return fmt.Errorf("write what was applied to %s: %w", a.Machine.Name, err)
	}
	return p.State.Write(p.State.Machine(a.Machine.Name).Plan(), append(data, '\n'))
}

// movedTo is a with the paths that it has where its project is now in dir.
func (a appliedMachine) movedTo(dir string) appliedMachine {
	moved := func(path *string) {
		if rest, ok := strings.CutPrefix(*path, a.Dir); ok && (rest == "" || strings.HasPrefix(rest, string(filepath.Separator))) {
			*path = dir + rest
		}
	}
	m := &a.Machine
	m.Mounts, m.Provisions = slices.Clone(m.Mounts), slices.Clone(m.Provisions)
	m.Engine.CACertificates = slices.Clone(m.Engine.CACertificates)
	moved(&m.Engine.Image.Path)
	for i := range m.Mounts {
		moved(&m.Mounts[i].Source)
	}
	for i := range m.Provisions {
		moved(&m.Provisions[i].Script)
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
	p.differs = map[string][]change{}
	p.Plan.Machines = slices.Clone(p.Plan.Machines)
	var moved []plan.Machine
	for i, m := range p.Plan.Machines {
		a, err := p.applied(m.Name)
		if !p.created(m) && (err != nil || !p.created(a.Machine)) {
			continue
		}
		if errors.Is(err, fs.ErrNotExist) {
			if err := p.setApplied(p.present(m)); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if a.Dir != p.Dir {
			a = a.movedTo(p.Dir)
			if err := p.setApplied(a); err != nil {
				return err
			}
			moved = append(moved, a.Machine)
		}
		p.differs[m.Name] = changesTo(a, p.present(m))
		a.Machine.CLI, a.Machine.Timeouts, a.Machine.Notes = m.CLI, m.Timeouts, m.Notes
		p.Plan.Machines[i] = a.Machine
	}
	p.unnamed = p.madeBefore()
	p.Plan.Machines = append(p.Plan.Machines, p.unnamed...)
	usePins(&p.Plan, p.Lock)
	for _, m := range moved {
		p.tellAgent(ctx, m)
	}
	return nil
}

// madeBefore are machines that were made and that the configuration does not
// name: their block was removed, or got another name.
func (p *Project) madeBefore() []plan.Machine {
	var all []plan.Machine
	for _, name := range p.State.Machines() {
		if _, named := p.Plan.Machine(name); named {
			continue
		}
		a, err := p.applied(name)
		if err != nil || !p.created(a.Machine) {
			continue // what is left of it is not known to be a machine
		}
		if a.Dir != p.Dir {
			a = a.movedTo(p.Dir)
		}
		all = append(all, a.Machine)
	}
	return all
}

// withoutConfig is a project whose configuration cannot be used and whose
// machines were made before it broke; nil when there are none.
func (p *Project) withoutConfig(ctx context.Context, diags hcl.Diagnostics) *Project {
	p.Plan.Machines = p.madeBefore()
	if len(p.Plan.Machines) == 0 {
		return nil
	}
	for i, m := range p.Plan.Machines {
		if a, err := p.applied(m.Name); err == nil && a.Dir != p.Dir {
			if p.setApplied(a.movedTo(p.Dir)) == nil {
				p.tellAgent(ctx, p.Plan.Machines[i])
			}
		}
	}
	usePins(&p.Plan, p.Lock)
	p.Progress.Warn(fmt.Sprintf("%s is not used, as it has errors (%s): the machines are as the last `fbdock up` has made them; `fbdock validate` tells more",
		ConfigName, firstDiagnostic(diags)))
	return p
}

func firstDiagnostic(diags hcl.Diagnostics) string {
	for _, d := range diags {
		if d.Severity == hcl.Error {
			return fmt.Sprintf("%s: %s", d.Range, d.Summary)
		}
	}
	return "unknown"
}
