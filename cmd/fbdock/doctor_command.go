package main

import (
	"context"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/app"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/platforms"
)

func doctorCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "doctor", Usage: "Check what this host can run, and say how to fix what it cannot", ArgsUsage: "[NAME...]",
		Flags: append(commonFlags(), machineFlag(), jsonFlag(),
			&cli.BoolFlag{Name: "strict", Usage: "exit with 1 when there are warnings"},
			&cli.BoolFlag{Name: "guest", Usage: "check the layers of running machines instead"},
		),
		Action: func(c *cli.Context) error {
			if c.Bool("guest") {
				return onApplied(p, func(ctx context.Context, c *cli.Context, project *project.Project) error {
					return doctorGuest(ctx, p, c, project)
				})(c)
			}
			ctx, stop := interruptible(c.Context)
			defer stop()
			return examineHost(ctx, p, c)
		},
	}
}

func examineHost(ctx context.Context, p *program, c *cli.Context) error {
	o, err := p.options(c)
	if err != nil {
		return err
	}
	facts, err := o.Facts(ctx)
	if err != nil {
		return err
	}
	o.HostFacts = project.HostOf(facts)
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	facts = facts.Redacted(home)
	found, err := app.Doctor(ctx, o, facts, named(c))
	if err != nil {
		return err
	}
	app.AddCLI(ctx, o, found)
	if err := printDoctor(p, c, facts, found); err != nil {
		return err
	}
	p.status = doctorStatus(found, c.Bool("strict"))
	return nil
}

func printDoctor(p *program, c *cli.Context, facts platforms.Facts, found []app.Examination) error {
	t := p.terminal(c)
	if isSet(c, flagJSON) {
		return t.JSON(map[string]any{"version": p.version, "facts": facts, "examinations": found})
	}
	var text strings.Builder
	text.WriteString("fbdock " + p.version + "\n")
	for _, e := range found {
		text.WriteString("\n")
		if e.Machine != "" {
			text.WriteString("machine " + e.Machine + ":\n")
		}
		text.WriteString(e.Text())
	}
	return t.Print(text.String())
}

func doctorStatus(found []app.Examination, strict bool) int {
	status := 0
	for _, e := range found {
		switch {
		case e.Result == platforms.Fail:
			return failure.ExitImpossible
		case e.Result == platforms.Warn && strict:
			status = failure.ExitFailed
		}
	}
	return status
}

// doctorGuest walks the layers of running machines, as status does, and
// fails with the first that does not work.
func doctorGuest(ctx context.Context, p *program, c *cli.Context, project *project.Project) error {
	all, err := app.Status(ctx, project, named(c))
	if err != nil {
		return err
	}
	if isSet(c, flagJSON) {
		if err := p.terminal(c).JSON(all); err != nil {
			return err
		}
	}
	for _, s := range all {
		if !isSet(c, flagJSON) {
			if err := printStatus(p, c, s); err != nil {
				return err
			}
		}
		if s.Broken() != nil {
			p.status = failure.ExitFailed
		}
	}
	return nil
}
