package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/app"
	"github.com/fbdock/fbdock/internal/atomicfile"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/platforms/placement"
	"github.com/fbdock/fbdock/provision/contract"
)

func planCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "plan", Usage: "Show what `fbdock up` makes of the configuration", Flags: append(commonFlags(), jsonFlag(),
			&cli.BoolFlag{Name: "scripts", Usage: "show the scripts of provision blocks instead"},
		),
		Action: func(c *cli.Context) error {
			if err := noArgs(c); err != nil {
				return err
			}
			loaded, err := p.load(c)
			if err != nil {
				return err
			}
			t := p.terminal(c)
			if c.Bool("scripts") {
				return printScripts(p, c, loaded)
			}
			reaches, err := loaded.Reaches()
			if err != nil {
				return err
			}
			replaced, engines := app.Replacements(c.Context, loaded), app.EngineReplacements(loaded)
			if isSet(c, flagJSON) {
				return t.JSON(struct {
					plan.Plan
					Reaches  []project.Reached                    `json:"reaches"`
					Replaces map[string]app.Replacement           `json:"replaces,omitempty"`
					Engines  map[string]project.EngineReplacement `json:"replaces_engine,omitempty"`
				}{loaded.Plan, reaches, replaced, engines})
			}
			for _, m := range loaded.Plan.Machines {
				rows := planRows(m)
				if r, ok := replaced[m.Name]; ok {
					rows = append(rows, []string{"replaces", fmt.Sprintf("%s; `fbdock up` does not do it by itself: `fbdock destroy %s` first", r, m.Name)},
						[]string{"lost", r.Lost})
				}
				if r, ok := engines[m.Name]; ok {
					rows = append(rows, engineRow(m, r))
				}
				if err := t.Table(nil, rows); err != nil {
					return err
				}
				for _, note := range m.Notes {
					t.Say(note)
				}
			}
			return printReaches(p, c, reaches)
		},
	}
}

// printScripts shows what runs in the guests beside fbdock's own steps.
func printScripts(p *program, c *cli.Context, loaded *project.Project) error {
	var b strings.Builder
	for _, m := range loaded.Plan.Machines {
		scripts, err := loaded.Scripts(c.Context, m)
		if err != nil {
			return err
		}
		for _, s := range scripts {
			fmt.Fprintf(&b, "# machine %s: provision %q on %s, sha256 %s\n%s\n", m.Name, s.Name, s.On, project.ScriptDigest(s), strings.TrimSuffix(s.Inline, "\n"))
		}
	}
	return p.terminal(c).Print(b.String())
}

// printReaches lists what the configuration reaches beyond its folder.
func printReaches(p *program, c *cli.Context, reaches []project.Reached) error {
	var rows [][]string
	for _, r := range reaches {
		agreed := "`fbdock up` asks"
		if r.Agreed {
			agreed = "agreed"
		}
		rows = append(rows, []string{"reaches", r.String(), agreed})
		if r.Warning != "" && !r.Agreed {
			p.terminal(c).Warn(r.What + ": " + r.Warning)
		}
	}
	return p.terminal(c).Table(nil, rows)
}

// planRows are the choices made for a machine, from the outside in.
func planRows(m plan.Machine) [][]string {
	image := m.Engine.Image.Name
	if m.Engine.Image.Path != "" {
		image = m.Engine.Image.Path
	}
	box := m.Box.Name
	if m.Box.Version != "" {
		box += " " + m.Box.Version
	}
	if from := m.Box.URL + m.Box.File; from != "" {
		box += " from " + from
	}
	rows := [][]string{{"machine", m.Name + " (" + m.Instance + ")"}, {"provider", cmp.Or(m.Provider, "none found on this host")}}
	arc := "ARC at most " + m.Storage.ARCMax.String()
	if m.OwnComputer() {
		if m.Host != "" {
			rows = append(rows, []string{"host", m.Host})
		}
		rows = append(rows, []string{"changes", "`fbdock up` shows what it would change there, and asks"})
		if m.Storage.ARCMax == 0 {
			arc = "ARC as it is"
		}
	} else {
		if box != "" {
			rows = append(rows, []string{"box", box + " " + m.Box.Architecture})
		}
		rows = append(rows, []string{"guest", fmt.Sprintf("%d CPUs, %s", m.CPUs, m.Memory)})
	}
	rows = append(rows, [][]string{
		{"storage", fmt.Sprintf("pool %s, %s, %s", m.Storage.Pool, m.Storage.Compression, arc)},
		{"engine", engineText(m)},
		{"placement", placementText(m)},
		{"image", image + " " + m.Engine.Image.Architecture},
		{"network", networkText(m.Engine)},
	}...)
	for _, mount := range m.Mounts {
		rows = append(rows, []string{"mount", fmt.Sprintf("%s at %s (%s)", mount.Source, mount.Target, mount.Type)})
	}
	for _, s := range m.Shares {
		rows = append(rows, []string{"share", fmt.Sprintf("%s at %s (%s)", s.Name, s.Target, s.Type)})
	}
	rows = append(rows, []string{"ports", fmt.Sprintf("published ports appear on %s, at most %d", m.Forward, m.MaxForwards)})
	if m.Podman {
		rows = append(rows, []string{"podman", "containers of FreeBSD itself, by `fbdock podman`"})
	}
	for _, j := range m.Jails {
		text := j.Name + ": FreeBSD " + cmp.Or(j.Release, "of the guest's release")
		if j.Address.IsValid() {
			text += ", " + j.Address.String()
		}
		rows = append(rows, []string{"jail", text})
	}
	for _, s := range m.Provisions {
		rows = append(rows, []string{"provision", s.Name + " on " + s.On})
	}
	return rows
}

func networkText(e plan.Engine) string {
	if e.ByAgent() {
		return fmt.Sprintf("none: the agent on this host leads FreeBSD's %s to the engine", contract.EngineAddress(e.Address))
	}
	return fmt.Sprintf("%s: guest %s, engine %s", e.Network, e.Gateway, e.Address)
}

func engineText(m plan.Machine) string {
	by, disk := m.Engine.Hypervisor, "data disk "+m.Engine.Disk.String()
	if m.Engine.Sibling() {
		by = m.Provider
	}
	if !m.OwnDisk() {
		disk = "data in the root disk"
	}
	return fmt.Sprintf("%s, %d CPUs, %s, %s", by, m.Engine.CPUs, m.Engine.Memory, disk)
}

// engineRow tells that the engine VM of m has to be made anew.
func engineRow(m plan.Machine, r project.EngineReplacement) []string {
	if !r.Keeps {
		return []string{"replaces", fmt.Sprintf("the engine VM, made of %s; `fbdock up` refuses it: docker's data is in the VM's root disk and would be lost", r.Was)}
	}
	return []string{"replaces", fmt.Sprintf("the engine VM alone, made of %s: `fbdock up` makes %s anew of %s; docker's data stays on its disk", r.Was, m.EngineName(), r.Now)}
}

func placementText(m plan.Machine) string {
	e := m.Engine
	text := cmp.Or(e.Placement, plan.PlacementNested)
	if e.PlacementReason != "" {
		text += ": " + e.PlacementReason
	}
	if no := placement.NoSibling(m.Provider); e.Sibling() && no != "" {
		text += "; `fbdock up` cannot make it: " + no
	}
	return text
}

func renderCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "render", Usage: "Print the Vagrantfile", Flags: append(commonFlags(),
			&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "write it to `FILE`"},
		),
		Action: func(c *cli.Context) error {
			if err := noArgs(c); err != nil {
				return err
			}
			loaded, err := p.load(c)
			if err != nil {
				return err
			}
			vagrantfile, err := loaded.Vagrantfile()
			if project.NothingToRender(err) {
				p.terminal(c).Say(err.Error())
				return nil
			}
			if err != nil {
				return err
			}
			if file := c.String("out"); file != "" {
				return writeFile(file, vagrantfile, 0o644)
			}
			_, err = p.stdout.Write(vagrantfile)
			return err
		},
	}
}

// writeFile writes all of a file or nothing, making its folder.
func writeFile(name string, data []byte, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return atomicfile.WriteFile(name, data, mode)
}
