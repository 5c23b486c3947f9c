package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/app"
	"github.com/fbdock/fbdock/internal/plan"
)

func (p *program) destroyCommand() *cli.Command {
	return &cli.Command{
		Name: "destroy", Usage: "Remove machines with all their containers, images and volumes", ArgsUsage: "[NAME...]", Flags: append(commonFlags(), machineFlag(),
			yesFlag("do not ask"),
			&cli.BoolFlag{Name: "all", Usage: "remove all machines, and all that is kept of the project"},
			&cli.StringFlag{Name: "project", Usage: "remove the machines of the project `ID`, whose folder may be gone"},
		),
		Action: func(c *cli.Context) error {
			if c.IsSet("project") {
				return p.destroyKept(c)
			}
			return p.onProject(p.loadDestroying, p.destroy)(c)
		},
	}
}

// destroyKept is destroy for a project that is found by its id.
func (p *program) destroyKept(c *cli.Context) error {
	ctx, stop := interruptible(c.Context)
	defer stop()
	o, err := p.options(c)
	if err != nil {
		return err
	}
	project, err := o.Kept(c.String("project"))
	if err != nil {
		return err
	}
	if len(named(c)) == 0 && project.Gone() {
		return p.destroyAll(ctx, c, project)
	}
	return p.destroy(ctx, c, project)
}

func (p *program) destroy(ctx context.Context, c *cli.Context, project *app.Project) error {
	if c.Bool("all") {
		return p.destroyAll(ctx, c, project)
	}
	machines, err := project.Selection(named(c))
	if err != nil {
		return err
	}
	for _, m := range machines {
		if ok, err := p.confirmLoss(ctx, c, project, []plan.Machine{m}, ""); err != nil || !ok {
			return err
		}
	}
	return project.Destroy(ctx, named(c))
}

func (p *program) destroyAll(ctx context.Context, c *cli.Context, project *app.Project) error {
	if names := named(c); len(names) > 0 {
		return usage(fmt.Errorf("destroy takes either --all or names, got %q", names))
	}
	if len(project.Plan.Machines) == 0 && !project.State.Exists() {
		return errors.New("there is nothing to remove")
	}
	if ok, err := p.confirmLoss(ctx, c, project, project.Plan.Machines, "all that fbdock keeps of "+project.Dir); err != nil || !ok {
		return err
	}
	kept, err := project.DestroyAll(ctx)
	if err != nil {
		return err
	}
	p.terminal(c).Say("nothing is left of the project but its own files; kept for other projects: " + strings.Join(kept, "; "))
	return nil
}

// confirmLoss asks for the removal of machines, and says with --yes what is
// removed.
func (p *program) confirmLoss(ctx context.Context, c *cli.Context, project *app.Project, machines []plan.Machine, more string) (bool, error) {
	var lost []string
	for _, m := range machines {
		lost = append(lost, project.Loss(ctx, m))
	}
	if more != "" {
		lost = append(lost, more)
	}
	text := strings.Join(lost, ", and ")
	if c.Bool("yes") {
		p.terminal(c).Say("removing " + text)
		return true, nil
	}
	return p.confirm(c, "Remove "+text+"?")
}
