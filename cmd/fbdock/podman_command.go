package main

import (
	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/command"
)

func podmanCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "podman", Usage: "Run a podman command in FreeBSD, for containers of FreeBSD itself", ArgsUsage: "ARGS...", SkipFlagParsing: true,
		Action: proxied(p, func(c *cli.Context) (command.Exec, error) {
			return command.Exec{On: command.OnFreeBSD, Podman: true, Args: append([]string{command.ProgramPodman}, c.Args().Slice()...)}, nil
		}),
	}
}
