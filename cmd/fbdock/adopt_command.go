package main

import (
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/app"
)

// adoptCommand ties machines to another folder.
func adoptCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "adopt", Usage: "Give this folder the machines of another project",
		Flags: append(commonFlags(),
			&cli.StringFlag{Name: "project", Usage: "the `ID` of the project whose machines are wanted"},
			&cli.BoolFlag{Name: "legacy", Usage: "take over an old .fbdock that you have looked at"},
			&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "do not ask"},
		),
		Action: func(c *cli.Context) error {
			if err := noArgs(c); err != nil {
				return err
			}
			o, err := p.options(c)
			if err != nil {
				return err
			}
			ctx, stop := interruptible(c.Context)
			defer stop()
			switch id := c.String("project"); {
			case !c.Bool("legacy"):
				return app.Adopt(ctx, o, id)
			case id != "":
				return usage(errors.New("adopt takes either --legacy or --project"))
			}
			return app.AdoptLegacy(ctx, o)
		},
	}
}
