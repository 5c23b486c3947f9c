package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/app"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/internal/up"
)

// onApplied is an Action on a loaded project that the first signal interrupts. Its
// machines are as the last `up` has made them.
func onApplied(p *program, f func(ctx context.Context, c *cli.Context, project *project.Project) error) cli.ActionFunc {
	return onProject(p.loadApplied, f)
}

// onPresent is onApplied for commands on what the configuration says.
func onPresent(p *program, f func(ctx context.Context, c *cli.Context, project *project.Project) error) cli.ActionFunc {
	return onProject(p.load, f)
}

// starting is the Action of commands that start machines: they ask about what the
// configuration reaches for.
func starting(p *program, f func(ctx context.Context, c *cli.Context, project *project.Project) error) cli.ActionFunc {
	return onProject(p.loadStarting, f)
}

func onProject(load func(*cli.Context) (*project.Project, error), f func(ctx context.Context, c *cli.Context, project *project.Project) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		ctx, stop := interruptible(c.Context)
		defer stop()
		c.Context = ctx
		project, err := load(c)
		if err != nil && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		if err := f(ctx, c, project); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return err
		}
		return nil
	}
}

func upCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "up", Usage: "Create or start machines, and apply changes of the configuration", ArgsUsage: "[NAME...]", Flags: append(commonFlags(), machineFlag(), jsonFlag(), agreeFlag(), allowReachFlag()),
		Action: starting(p, func(ctx context.Context, c *cli.Context, project *project.Project) error {
			results, err := app.Up(ctx, project, named(c))
			return upAnswer(p, c, results, err)
		}),
	}
}

func reloadCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "reload", Usage: "Restart machines with the current configuration", ArgsUsage: "[NAME...]", Flags: append(commonFlags(), machineFlag(), jsonFlag(), agreeFlag(), allowReachFlag()),
		Action: starting(p, func(ctx context.Context, c *cli.Context, project *project.Project) error {
			results, err := app.Reload(ctx, project, named(c))
			return upAnswer(p, c, results, err)
		}),
	}
}

// agreeFlag says yes to what up asks.
func agreeFlag() cli.Flag {
	return yesFlag("do not ask before reaching beyond the folder, changing an external host, making jails anew or using an image that is not its publisher's")
}

// allowReachFlag is for scripts: what is changed elsewhere is still asked.
func allowReachFlag() cli.Flag {
	return &cli.BoolFlag{Name: flagAllowReach, Usage: "allow what the configuration reaches beyond its folder, without asking"}
}

// yesFlag answers the questions of a command with yes.
func yesFlag(usageText string) cli.Flag {
	return &cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: usageText}
}

// upAnswer tells what came up, which is said of the machines before one that
// failed as well.
func upAnswer(p *program, c *cli.Context, results []up.Result, err error) error {
	if isSet(c, flagJSON) {
		if err == nil || len(results) > 0 {
			if failed := p.terminal(c).JSON(results); failed != nil {
				return cmp.Or(err, failed)
			}
		}
		return err
	}
	for _, r := range results {
		if r.Changed {
			notePhases(p, c, r)
			p.terminal(c).Say(fmt.Sprintf("%s is up with dockerd %s; `fbdock docker run` is next", r.Machine, r.Engine))
		}
	}
	return err
}

// notePhases tells with --verbose where the time went.
func notePhases(p *program, c *cli.Context, r up.Result) {
	var total time.Duration
	for _, phase := range r.Phases {
		total += phase.Elapsed
		p.terminal(c).Note(fmt.Sprintf("  %-24s %7.1f s", phase.Name, phase.Elapsed.Seconds()))
	}
	p.terminal(c).Note(fmt.Sprintf("  %-24s %7.1f s", "in all", total.Seconds()))
}

func haltCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "halt", Usage: "Stop machines and keep what they hold", ArgsUsage: "[NAME...]", Flags: append(commonFlags(), machineFlag(),
			&cli.BoolFlag{Name: "force", Usage: "power off at once"},
		),
		Action: onApplied(p, func(ctx context.Context, c *cli.Context, project *project.Project) error {
			return app.Halt(ctx, project, named(c), c.Bool("force"))
		}),
	}
}

// confirm asks at a terminal; elsewhere --yes has to stand for the answer.
func confirm(p *program, c *cli.Context, question string) (bool, error) {
	if c.Bool("yes") {
		return true, nil
	}
	return p.terminal(c).Confirm(question, "--yes")
}
