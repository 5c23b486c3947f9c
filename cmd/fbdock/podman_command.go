package main

import (
	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/app"
)

func (p *program) podmanCommand() *cli.Command {
	return &cli.Command{
		Name: "podman", Usage: "Run a podman command in FreeBSD, for containers of FreeBSD itself", ArgsUsage: "ARGS...", SkipFlagParsing: true,
		Action: p.proxied(func(c *cli.Context) (app.Exec, error) {
			return app.Exec{On: app.OnFreeBSD, Podman: true, Args: append([]string{app.ProgramPodman}, c.Args().Slice()...)}, nil
		}),
	}
}
