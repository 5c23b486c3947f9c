package main

import (
	"context"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/app"
	"github.com/fbdock/fbdock/internal/project"
)

const flagForeground = "foreground"

func mountCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "mount", Usage: "Show the mounts of a machine and their state",
		Flags: append(commonFlags(), machineFlag(), jsonFlag(), &cli.BoolFlag{Name: flagForeground, Usage: "mount them in this process, without an agent, until Ctrl-C"}),
		Action: onApplied(p, func(ctx context.Context, c *cli.Context, project *project.Project) error {
			if err := noArgs(c); err != nil {
				return err
			}
			if isSet(c, flagForeground) {
				return app.ServeMounts(ctx, project, text(c, flagMachine))
			}
			return printMounts(ctx, p, c, project)
		}),
	}
}

func printMounts(ctx context.Context, p *program, c *cli.Context, project *project.Project) error {
	mounts, err := app.Mounts(ctx, project, text(c, flagMachine))
	if err != nil {
		return err
	}
	if isSet(c, flagJSON) {
		return p.terminal(c).JSON(mounts)
	}
	var rows [][]string
	for _, m := range mounts {
		state, access := "ok, for "+time.Since(m.Since).Round(time.Second).String(), "rw"
		switch {
		case m.ReadOnly:
			access = "ro"
		case m.Copied:
			access = "copy"
		}
		if !m.Mounted {
			state = "FAIL: " + m.Error
		}
		rows = append(rows, []string{m.Source, m.Guest + ":" + m.Target, access, state})
	}
	return p.terminal(c).Table([]string{"HOST", "GUEST", "ACCESS", "STATE"}, rows)
}
