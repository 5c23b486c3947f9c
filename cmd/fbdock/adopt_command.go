package main

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"
)

// adoptCommand ties machines to another folder.
func (p *program) adoptCommand() *cli.Command {
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
			return p.adopt(ctx, c, o.Adopt, o.AdoptLegacy)
		},
	}
}

func (p *program) adopt(ctx context.Context, c *cli.Context, adopt func(context.Context, string) error, legacy func(context.Context) error) error {
	id := c.String("project")
	switch {
	case !c.Bool("legacy"):
		return adopt(ctx, id)
	case id != "":
		return usage(errors.New("adopt takes either --legacy or --project"))
	}
	return legacy(ctx)
}
