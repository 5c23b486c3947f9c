package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/state"
)

// trustCommand lets the configuration of another user be read.
func trustCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "trust", Usage: "Trust the configuration in a folder of another user", ArgsUsage: "[DIR...]",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "remove", Usage: "trust the folder no longer"}, jsonFlag(),
		},
		Action: func(c *cli.Context) error {
			store, err := host.Env{Environ: p.environ}.Store()
			if err != nil {
				return err
			}
			if c.NArg() == 0 {
				if c.Bool("remove") {
					return usage(errors.New("trust --remove needs a folder"))
				}
				return listTrusted(p, c, store)
			}
			for _, dir := range c.Args().Slice() {
				if c.Bool("remove") {
					if err := store.Distrust(dir); err != nil {
						return err
					}
					continue
				}
				t, err := store.Trust(dir)
				if err != nil {
					return err
				}
				p.terminal(c).Say(fmt.Sprintf("configurations of %s in %s are read from now on", t.Owner, t.Path))
			}
			return nil
		},
	}
}

func listTrusted(p *program, c *cli.Context, store state.Store) error {
	all, err := store.Trusted()
	if err != nil {
		return err
	}
	if isSet(c, flagJSON) {
		if all == nil {
			all = []state.Trusted{}
		}
		return p.terminal(c).JSON(all)
	}
	rows := make([][]string, len(all))
	for i, t := range all {
		rows[i] = []string{t.Owner.String(), t.Path}
	}
	return p.terminal(c).Table([]string{"OWNER", "FOLDER"}, rows)
}
