package main

import (
	"github.com/urfave/cli/v2"
)

func (p *program) mountCommand() *cli.Command {
	return &cli.Command{
		Name: "mount", Usage: "keep the mounts of a machine in its guests until Ctrl-C",
		Flags: append(commonFlags(), machineFlag()),
		Action: func(c *cli.Context) error {
			if err := noArgs(c); err != nil {
				return err
			}
			project, err := p.load(c)
			if err != nil {
				return err
			}
			return project.ServeMounts(c.Context, text(c, flagMachine))
		},
	}
}
