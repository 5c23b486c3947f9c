package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/internal/state"
	"github.com/fbdock/fbdock/internal/vagrantvm"
	"github.com/fbdock/fbdock/platforms"
)

// Examination is what doctor finds for one machine, or for this computer
// alone where there is no configuration.
type Examination struct {
	Machine string `json:"machine,omitempty"`
	platforms.Diagnosis

	cli string // the cli attribute of the machine
}

// Doctor judges this computer by its facts, for the machines named, all of
// them without names. No configuration is no mistake: then it is judged for
// the least machine. A configuration that is wrong fails a check.
func Doctor(ctx context.Context, o project.Options, facts platforms.Facts, names []string) ([]Examination, error) {
	file, found, err := o.Settle(ctx)
	if err != nil {
		if len(names) > 0 || o.Dir != "." || !errors.Is(err, project.ErrNoConfig) {
			return nil, err
		}
		d := platforms.Diagnose(facts, platforms.Wanted{})
		addBox(o, &d, facts.Arch, hcl.Machine{}, plan.Image{})
		return []Examination{{Diagnosis: d}}, nil
	}
	cfg, diags := o.Parse(ctx, file, found)
	if cfg == nil {
		d := platforms.Diagnose(facts, platforms.Wanted{})
		d.Add(configCheck(diags))
		return []Examination{{Diagnosis: d}}, nil
	}
	return examine(o, facts, *cfg, found.Dir, names)
}

func examine(o project.Options, facts platforms.Facts, cfg hcl.Config, folder state.Dir, names []string) ([]Examination, error) {
	// An overlap of networks is a check here, not a mistake of the file.
	host := o.HostFacts
	host.Routes, host.Suffix = nil, folder.Suffix()
	host.Placed = func(name string) (string, string) { return project.Placed(folder, name) }
	p, diags := plan.Build(cfg, folder.Folder(), host, o.Catalogue)
	selected, err := (&project.Project{Plan: p}).Selection(names)
	if err != nil {
		return nil, err
	}
	var all []Examination
	for _, m := range selected {
		provider := named(cfg, m.Name)
		if m.Provider == plan.ProviderSSH {
			provider = m.Provider
		} else if provider == "" {
			provider = machine.MadeWith(folder, m.Name)
		}
		d := platforms.Diagnose(facts, vagrantvm.Wanted(m, provider))
		box := addBox(o, &d, facts.Arch, block(cfg, m.Name), m.Engine.Image)
		if box.Result != platforms.Fail || countErrors(diags) > 1 {
			d.Add(configCheck(diags)) // a missing box is told once
		}
		all = append(all, Examination{Machine: m.Name, Diagnosis: d, cli: m.CLI})
	}
	return all, nil
}

// named is the provider that the file names, "" for auto.
func named(cfg hcl.Config, machine string) string {
	if p := block(cfg, machine).Provider; p != "auto" {
		return p
	}
	return ""
}

// block is what the file says of a machine.
func block(cfg hcl.Config, machine string) hcl.Machine {
	for _, m := range cfg.Machines {
		if m.Name == machine {
			return m
		}
	}
	return hcl.Machine{}
}

func configCheck(diags hcl.Diagnostics) platforms.Check {
	c := platforms.Check{Name: "configuration", Result: platforms.Pass, Seen: hcl.FileName + " is in order"}
	if !diags.HasErrors() {
		return c
	}
	c.Result, c.Seen = platforms.Fail, fmt.Sprintf("%s has mistakes; the first: %v", hcl.FileName, firstError(diags))
	c.Why = "nothing is started from a file that is wrong"
	c.Fix.Commands = []string{"fbdock validate"}
	return c
}

func countErrors(diags hcl.Diagnostics) int {
	n := 0
	for _, d := range diags {
		if d.Severity == hcl.Error {
			n++
		}
	}
	return n
}

func firstError(diags hcl.Diagnostics) error {
	for _, d := range diags {
		if d.Severity == hcl.Error {
			return errors.New(d.Summary)
		}
	}
	return nil
}
