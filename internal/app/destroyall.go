package app

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/external"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/privatefile"
	"github.com/fbdock/fbdock/internal/project"
)

// DestroyAll removes all machines of the project and then all that fbdock
// keeps of it. What was downloaded stays: other
// projects use it; kept says where it is. Disks with docker's data are removed
// with data, and without are refused before anything is removed.
func DestroyAll(ctx context.Context, p *project.Project, data bool) (kept []string, err error) {
	if lost := lost(p); len(lost) > 0 {
		return nil, &failure.Error{
			Err:  fmt.Errorf("%s no longer names %s, of which there are VMs or computers of your own", hcl.FileName, strings.Join(lost, ", ")),
			Next: "put the machine blocks back and run it again: without them what was made cannot be removed",
		}
	}
	if err := KeepsData(p, data); err != nil {
		return nil, err
	}
	if err := Destroy(ctx, p, nil, data); err != nil {
		return nil, err
	}
	for _, r := range sshResources(p.Options, map[string]string{p.State.Record().ID: p.Dir}) {
		if r.Project == p.State.Record().ID && r.Project != "" {
			kept = append(kept, "yours to remove: "+r.Name)
		}
	}
	if err := p.State.Remove(); err != nil {
		return nil, err
	}
	if images := p.Cache().Dir; host.Exists(images) {
		kept = append(kept, "engine images in "+images)
	}
	return append(kept, "Vagrant's boxes, see `vagrant box list`"), nil
}

// lost are machines that were made and that the configuration has
// forgotten: removing the folder would leave what nobody knows of.
func lost(p *project.Project) []string {
	var names []string
	for _, folder := range []string{filepath.Join(p.State.VagrantDotfiles(), "machines"), p.State.Path()} {
		entries, err := privatefile.ReadDir(folder)
		if err != nil {
			continue // there is nothing to lose
		}
		for _, e := range entries {
			if _, planned := p.Plan.Machine(e.Name()); planned || !e.IsDir() || isEngine(p, e.Name()) {
				continue
			}
			r, err := external.ReadRecord(p.State.Machine(e.Name()), e.Name())
			if machine.MadeWith(p.State, e.Name()) != "" || err != nil || r.Agreed != "" {
				names = append(names, e.Name())
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// isEngine tells whether that is what Vagrant calls the engine of a machine that
// has it beside FreeBSD.
func isEngine(p *project.Project, name string) bool {
	return slices.ContainsFunc(p.Plan.Machines, func(m plan.Machine) bool { return m.Engine.Sibling() && m.EngineName() == name })
}
