package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/app"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/project"
)

// flagData has destroy remove what outlives a VM.
const flagData = "data"

func destroyCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "destroy", Usage: "Remove machines with all their containers, images and volumes", ArgsUsage: "[NAME...]", Flags: append(commonFlags(), machineFlag(),
			yesFlag("do not ask"),
			&cli.BoolFlag{Name: flagData, Usage: "remove docker's data too where it is on a disk that outlives its VM"},
			&cli.BoolFlag{Name: "all", Usage: "remove all machines, and all that is kept of the project"},
			&cli.StringFlag{Name: "project", Usage: "remove the machines of the project `ID`, whose folder may be gone"},
		),
		Action: func(c *cli.Context) error {
			if c.IsSet("project") {
				return destroyKept(p, c)
			}
			return onProject(p.loadDestroying, func(ctx context.Context, c *cli.Context, project *project.Project) error {
				return destroyMachines(ctx, p, c, project)
			})(c)
		},
	}
}

// destroyKept is destroy for a project that is found by its id.
func destroyKept(p *program, c *cli.Context) error {
	ctx, stop := interruptible(c.Context)
	defer stop()
	o, err := p.options(c)
	if err != nil {
		return err
	}
	project, err := app.Kept(o, c.String("project"))
	if err != nil {
		return err
	}
	if len(named(c)) == 0 && app.Gone(project) {
		return destroyAll(ctx, p, c, project)
	}
	return destroyMachines(ctx, p, c, project)
}

func destroyMachines(ctx context.Context, p *program, c *cli.Context, project *project.Project) error {
	if c.Bool("all") {
		return destroyAll(ctx, p, c, project)
	}
	machines, err := project.Selection(named(c))
	if err != nil {
		return err
	}
	for _, m := range machines {
		if ok, err := confirmLoss(ctx, p, c, project, []plan.Machine{m}, ""); err != nil || !ok {
			return err
		}
	}
	return app.Destroy(ctx, project, named(c), c.Bool(flagData))
}

func destroyAll(ctx context.Context, p *program, c *cli.Context, project *project.Project) error {
	if names := named(c); len(names) > 0 {
		return usage(fmt.Errorf("destroy takes either --all or names, got %q", names))
	}
	if len(project.Plan.Machines) == 0 && !project.State.Exists() {
		return errors.New("there is nothing to remove")
	}
	if err := app.KeepsData(project, c.Bool(flagData)); err != nil {
		return err
	}
	if ok, err := confirmLoss(ctx, p, c, project, project.Plan.Machines, "all that fbdock keeps of "+project.Dir); err != nil || !ok {
		return err
	}
	kept, err := app.DestroyAll(ctx, project, c.Bool(flagData))
	if err != nil {
		return err
	}
	p.terminal(c).Say("nothing is left of the project but its own files; kept for other projects: " + strings.Join(kept, "; "))
	return nil
}

// confirmLoss asks for the removal of machines, and says with --yes what is
// removed.
func confirmLoss(ctx context.Context, p *program, c *cli.Context, project *project.Project, machines []plan.Machine, more string) (bool, error) {
	var lost []string
	for _, m := range machines {
		lost = append(lost, app.Loss(ctx, project, m, c.Bool(flagData)))
	}
	if more != "" {
		lost = append(lost, more)
	}
	text := strings.Join(lost, ", and ")
	if c.Bool("yes") {
		p.terminal(c).Say("removing " + text)
		return true, nil
	}
	return confirm(p, c, "Remove "+text+"?")
}
