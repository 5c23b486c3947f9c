package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/app"
)

func (p *program) mountCommand() *cli.Command {
	return &cli.Command{
		Name: "mount", Usage: "keep the mounts of a machine in its guests until Ctrl-C",
		Flags: append(commonFlags(), machineFlag()),
		Action: p.verb(func(ctx context.Context, c *cli.Context, project *app.Project) error {
			if err := noArgs(c); err != nil {
				return err
			}
			return project.ServeMounts(ctx, text(c, flagMachine))
		}),
	}
}
