package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/app"
	"github.com/fbdock/fbdock/internal/contexts"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/project"
)

func contextCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "context", Usage: "Show, use or give back the docker context of a machine",
		ArgsUsage: "[show|use|restore]", Flags: append(commonFlags(), machineFlag(), jsonFlag(), freebsdFlag()),
		Action: onApplied(p, func(ctx context.Context, c *cli.Context, project *project.Project) error {
			if c.NArg() > 1 {
				return usage(fmt.Errorf("context takes one word, got %q after it", c.Args().Get(1)))
			}
			machine := text(c, flagMachine)
			switch word := c.Args().First(); word {
			case "", "show":
				r, err := app.Context(ctx, project, machine, sideOf(c))
				return contextAnswer(p, c, r, err)
			case "use":
				r, err := app.UseContext(ctx, project, machine, sideOf(c))
				return contextAnswer(p, c, r, err)
			case "restore":
				restored, to, err := app.RestoreContext(project, machine)
				if err == nil && !restored {
					p.terminal(c).Say("docker does not follow this machine; nothing to do")
				} else if err == nil {
					p.terminal(c).Say("docker follows the context " + orDefaultContext(to) + " again")
				}
				return err
			default:
				return usage(fmt.Errorf("context has no subcommand %q", word))
			}
		}),
	}
}

// freebsdFlag is of commands about the sockets of Docker's API.
func freebsdFlag() cli.Flag {
	return &cli.BoolFlag{Name: "freebsd", Usage: "use podman of FreeBSD in place of the engine"}
}

func sideOf(c *cli.Context) machine.Side { return machine.Side(c.Bool("freebsd")) }

func contextAnswer(p *program, c *cli.Context, r contexts.Result, err error) error {
	if err != nil {
		return err
	}
	t := p.terminal(c)
	if r.Overruled != "" {
		t.Warn(r.Overruled + " is set in your environment: docker follows it, whatever context is in use; unset it")
	}
	if isSet(c, flagJSON) {
		return t.JSON(r)
	}
	if r.Current == r.Context {
		t.Say("docker on this host follows this machine; before it was " + orDefaultContext(r.Former))
	} else {
		t.Say("docker on this host follows " + orDefaultContext(r.Current) + "; `fbdock context use` changes that")
	}
	_, err = fmt.Fprintln(p.stdout, r.Context)
	return err
}

func orDefaultContext(name string) string {
	if name == "" {
		return "default"
	}
	return name
}
