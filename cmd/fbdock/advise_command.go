package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/app"
)

func adviseCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "advise", Usage: "Say how to run an image, or what there is for a purpose", ArgsUsage: "[IMAGE|PURPOSE]",
		Flags: append(commonFlags(), machineFlag(), jsonFlag()),
		Action: func(c *cli.Context) error {
			if c.NArg() > 1 {
				return usage(errors.New("advise takes one image or purpose"))
			}
			ctx, stop := interruptible(c.Context)
			defer stop()
			c.Context = ctx
			o, err := p.options(c)
			if err != nil {
				return err
			}
			project, err := p.loadApplied(c)
			if err != nil && !app.NoConfig(err) {
				return err
			}
			advice, err := app.Advise(ctx, o, project, text(c, flagMachine), c.Args().First())
			if err != nil {
				return err
			}
			if isSet(c, flagJSON) {
				return p.terminal(c).JSON(advice)
			}
			return printAdvice(p, c, advice)
		},
	}
}

func printAdvice(p *program, c *cli.Context, a app.Advice) error {
	t := p.terminal(c)
	if a.Image != nil {
		var rows [][]string
		for _, one := range a.Image.Platforms {
			size := "-"
			if one.Size > 0 {
				size = fmt.Sprintf("%.1f MiB", float64(one.Size)/float64(hcl.MiB))
			}
			libc := one.Libc
			if libc == "" {
				libc = "-"
			}
			rows = append(rows, []string{a.Image.Name, one.String(), size, libc})
		}
		if err := t.Table([]string{"IMAGE", "PLATFORM", "COMPRESSED", "LIBC"}, rows); err != nil {
			return err
		}
		if err := t.Print("\n"); err != nil {
			return err
		}
	}
	var rows [][]string
	for _, path := range a.Paths {
		command := path.Command
		if command == "" {
			command = "-"
		}
		rows = append(rows, []string{path.Name, path.For, path.Support, path.Overhead, path.Complexity, path.State, command})
	}
	if err := t.Table([]string{"PATH", "FOR", "SUPPORT", "OVERHEAD", "COMPLEXITY", "STATE", "COMMAND"}, rows); err != nil {
		return err
	}
	for _, note := range a.Notes {
		if err := t.Print("\nnote: " + note + "\n"); err != nil {
			return err
		}
	}
	return nil
}
