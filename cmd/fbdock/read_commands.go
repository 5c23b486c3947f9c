package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/app"
	"github.com/fbdock/fbdock/internal/project"
)

func statusCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "status", Usage: "Show the status of machines, layer by layer", ArgsUsage: "[NAME...]", Flags: append(commonFlags(), machineFlag(), jsonFlag()),
		Action: onApplied(p, func(ctx context.Context, c *cli.Context, project *project.Project) error {
			all, err := app.Status(ctx, project, named(c))
			if err != nil {
				return err
			}
			if isSet(c, flagJSON) {
				return p.terminal(c).JSON(all)
			}
			for _, s := range all {
				if err := printStatus(p, c, s); err != nil {
					return err
				}
			}
			return nil
		}),
	}
}

func printStatus(p *program, c *cli.Context, s app.MachineStatus) error {
	where := ""
	if s.Provider != "" {
		where = "on " + s.Provider
	}
	rows := [][]string{{s.Machine, strings.ReplaceAll(string(s.State), "_", " "), where}}
	if s.Address != "" {
		rows = append(rows, []string{"address", s.Address, ""})
	}
	if s.Placement != "" {
		rows = append(rows, []string{"placement", s.Placement, s.PlacementReason})
	}
	for _, l := range s.Layers {
		state := "ok"
		if !l.OK {
			state = "FAIL"
		}
		rows = append(rows, []string{l.Name, state, l.Text})
	}
	if s.Engine != nil {
		rows = append(rows, []string{"containers", fmt.Sprintf("%d", s.Engine.ContainersRunning), "running"})
	}
	if err := p.terminal(c).Table(nil, rows); err != nil {
		return err
	}
	if broken := s.Broken(); broken != nil {
		p.terminal(c).Warn(fmt.Sprintf("%s: the first layer that does not work is %s: %s", s.Machine, broken.Name, broken.Text))
	}
	return nil
}

// orNone keeps a column of a table from being empty.
func orNone(text string) string { return cmp.Or(text, "-") }

func logsCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "logs", Usage: "Print the log of one layer of a machine", ArgsUsage: "[NAME]", Flags: append(commonFlags(), machineFlag(),
			&cli.StringFlag{Name: "layer", Value: "freebsd", Usage: "print the log of `LAYER`: vagrant, freebsd, engine, docker or jail/NAME"},
			&cli.IntFlag{Name: "lines", Aliases: []string{"n"}, Value: 100, Usage: "print the last `N` lines"},
			&cli.BoolFlag{Name: "follow", Aliases: []string{"f"}, Usage: "print new lines as they come"},
		),
		Action: onApplied(p, func(ctx context.Context, c *cli.Context, project *project.Project) error {
			machine, names := "", named(c)
			if len(names) > 1 {
				return usage(fmt.Errorf("logs are of one machine, got %q", names))
			} else if len(names) == 1 {
				machine = names[0]
			}
			out := p.terminal(c).Copy()
			err := app.Logs(ctx, project, app.LogOptions{
				Machine: machine, Layer: c.String("layer"), Lines: c.Int("lines"), Follow: c.Bool("follow"),
			}, out)
			return errors.Join(err, out.Close())
		}),
	}
}
