package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/app"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/project"
)

func listCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "list", Aliases: []string{"ls"}, Usage: "List the machines of the configuration, or of all projects", Flags: append(commonFlags(), jsonFlag(),
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "list all projects of this user, those whose folder is gone too"},
			&cli.BoolFlag{Name: "resources", Usage: "with --all: list everything that fbdock has left on this host"},
		),
		Action: func(c *cli.Context) error {
			if err := noArgs(c); err != nil {
				return err
			}
			switch {
			case c.Bool("all"):
				return listAll(p, c)
			case c.Bool("resources"):
				return usage(errors.New("--resources is about all projects: give --all as well"))
			}
			return onApplied(p, func(ctx context.Context, c *cli.Context, project *project.Project) error {
				return listMachines(ctx, p, c, project)
			})(c)
		},
	}
}

func listMachines(_ context.Context, p *program, c *cli.Context, project *project.Project) error {
	machines := app.List(project)
	if isSet(c, flagJSON) {
		return p.terminal(c).JSON(machines)
	}
	var rows [][]string
	for _, m := range machines {
		state := "created"
		if !m.Created {
			state = "not created"
		}
		rows = append(rows, []string{m.Name, state, orNone(m.Provider), orNone(m.Box.Name), m.Instance})
	}
	return p.terminal(c).Table([]string{"NAME", "STATE", "PROVIDER", "BOX", "INSTANCE"}, rows)
}

// listAll needs no configuration.
func listAll(p *program, c *cli.Context) error {
	ctx, stop := interruptible(c.Context)
	defer stop()
	o := project.Options{Env: host.Env{Environ: p.environ, Version: p.version, CacheDir: p.cacheDir()}}
	if c.Bool("resources") {
		all, err := app.Resources(ctx, o)
		if err != nil {
			return err
		}
		return printResources(p, c, all)
	}
	all, err := app.Projects(ctx, o)
	if err != nil {
		return err
	}
	if isSet(c, flagJSON) {
		return p.terminal(c).JSON(all)
	}
	var rows [][]string
	for _, one := range all {
		folder := one.Folder
		if one.Place == app.PlaceGone {
			folder += " (gone)"
		}
		if len(one.Machines) == 0 {
			rows = append(rows, []string{one.ID, "-", "-", "-", "-", folder})
		}
		for _, m := range one.Machines {
			rows = append(rows, []string{one.ID, m.Name, holds(m), since(m.Applied), running(m), folder})
		}
	}
	return p.terminal(c).Table([]string{"PROJECT", "MACHINE", "HOLDS", "APPLIED", "AGENT", "FOLDER"}, rows)
}

func holds(m app.KeptMachine) string {
	switch {
	case m.VM:
		return "VM of " + m.Provider
	case m.Host != "":
		return m.Host
	}
	return "keys"
}

func since(then time.Time) string {
	if then.IsZero() {
		return "-"
	}
	return then.Local().Format(time.DateOnly)
}

func running(m app.KeptMachine) string {
	if m.Agent == 0 {
		return "-"
	}
	return "pid " + strconv.Itoa(m.Agent)
}

func printResources(p *program, c *cli.Context, all []app.Resource) error {
	if isSet(c, flagJSON) {
		if all == nil {
			all = []app.Resource{}
		}
		return p.terminal(c).JSON(all)
	}
	var rows [][]string
	for _, r := range all {
		project := orNone(r.Project)
		if r.Shared {
			project = "(shared)"
		}
		rows = append(rows, []string{project, orNone(r.Machine), r.Kind, r.Name})
	}
	return p.terminal(c).Table([]string{"PROJECT", "MACHINE", "KIND", "NAME"}, rows)
}
