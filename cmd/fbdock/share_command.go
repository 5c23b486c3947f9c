package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/app"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/project"
)

func shareCommand(p *program) *cli.Command {
	return commandGroup("share", "Inspect datasets that FreeBSD and the engine share", shareList(p))
}

func shareList(p *program) *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "List the shares of a machine, and test each from both sides",
		Flags: append(commonFlags(), machineFlag(), jsonFlag()),
		Action: onApplied(p, func(ctx context.Context, c *cli.Context, project *project.Project) error {
			if err := noArgs(c); err != nil {
				return err
			}
			shares, err := app.Shares(ctx, project, text(c, flagMachine))
			if err != nil {
				return err
			}
			for _, s := range shares {
				if !s.OK {
					p.status = failure.ExitFailed
				}
			}
			return printShares(p, c, shares)
		}),
	}
}

// printShares gives the table, and what to do about each that fails.
func printShares(p *program, c *cli.Context, shares []app.Share) error {
	t := p.terminal(c)
	if isSet(c, flagJSON) {
		if shares == nil {
			shares = []app.Share{}
		}
		return t.JSON(shares)
	}
	var rows [][]string
	for _, s := range shares {
		state, dataset := "ok", s.Dataset
		if !s.OK {
			state = "FAIL at " + s.Layer + ": " + s.Text
		}
		if dataset == "" {
			dataset = "-"
		}
		rows = append(rows, []string{s.Name, s.Type, dataset, s.FreeBSD, s.Engine, state})
	}
	if err := t.Table([]string{"NAME", "TYPE", "DATASET", "FREEBSD", "ENGINE", "STATE"}, rows); err != nil {
		return err
	}
	for _, s := range shares {
		if !s.OK {
			t.Warn(fmt.Sprintf("share %s does not work: %s: %s; %s", s.Name, s.Layer, s.Text, s.Hint))
		}
	}
	return nil
}
