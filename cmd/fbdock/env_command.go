package main

import (
	"context"
	"io"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/app"
)

func (p *program) envCommand() *cli.Command {
	return &cli.Command{
		Name: "env", Usage: "Print shell commands that point Docker's clients to a machine", Flags: append(commonFlags(), machineFlag(), jsonFlag(),
			&cli.StringFlag{Name: "shell", Usage: "print commands for `SHELL`: " + strings.Join(app.Shells(), ", ")},
			freebsdFlag(), &cli.BoolFlag{Name: "unset", Usage: "print commands that remove the variables"},
		),
		Action: p.onApplied(func(ctx context.Context, c *cli.Context, project *app.Project) error {
			if err := noArgs(c); err != nil {
				return err
			}
			variables, err := project.Env(ctx, text(c, flagMachine), sideOf(c), c.Bool("unset"))
			if err != nil {
				return err
			}
			if isSet(c, flagJSON) {
				return p.terminal(c).JSON(variables)
			}
			shell := c.String("shell")
			if shell == "" {
				shell = p.shell()
			}
			words, err := app.FormatEnv(variables, shell, c.Bool("unset"))
			if err != nil {
				return err
			}
			_, err = io.WriteString(p.stdout, words)
			return err
		}),
	}
}

// shell is the one that the user most likely has.
func (p *program) shell() string {
	if name, _ := p.lookup("SHELL"); name != "" {
		switch strings.TrimSuffix(filepath.Base(name), ".exe") {
		case "fish":
			return app.ShellFish
		case "csh", "tcsh":
			return app.ShellCsh
		}
		return app.ShellSh
	}
	if runtime.GOOS == "windows" {
		return app.ShellPowerShell
	}
	return app.ShellSh
}

func (p *program) sshConfigCommand() *cli.Command {
	return &cli.Command{
		Name: "ssh-config", Usage: "Print blocks for ~/.ssh/config by which OpenSSH reaches the guests", ArgsUsage: "[NAME...]", Flags: append(commonFlags(), machineFlag()),
		Action: p.onApplied(func(_ context.Context, c *cli.Context, project *app.Project) error {
			machines, err := project.Selection(named(c))
			if err != nil {
				return err
			}
			words, err := project.OpenSSHConfig(machines)
			if err != nil {
				return err
			}
			_, err = io.WriteString(p.stdout, words)
			return err
		}),
	}
}
