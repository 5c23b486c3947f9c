package main

import (
	"context"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/app"
)

const flagForeground = "foreground"

func (p *program) mountCommand() *cli.Command {
	return &cli.Command{
		Name: "mount", Usage: "Show the mounts of a machine and their state",
		Flags: append(commonFlags(), machineFlag(), jsonFlag(), &cli.BoolFlag{Name: flagForeground, Usage: "mount them in this process, without an agent, until Ctrl-C"}),
		Action: p.onApplied(func(ctx context.Context, c *cli.Context, project *app.Project) error {
			if err := noArgs(c); err != nil {
				return err
			}
			if isSet(c, flagForeground) {
				return project.ServeMounts(ctx, text(c, flagMachine))
			}
			return p.printMounts(ctx, c, project)
		}),
	}
}

func (p *program) printMounts(ctx context.Context, c *cli.Context, project *app.Project) error {
	mounts, err := project.Mounts(ctx, text(c, flagMachine))
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
