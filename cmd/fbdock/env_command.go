package main

import (
	"context"
	"io"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/app"
	"github.com/fbdock/fbdock/internal/project"
)

func envCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "env", Usage: "Print shell commands that point Docker's clients to a machine", Flags: append(commonFlags(), machineFlag(), jsonFlag(),
			&cli.StringFlag{Name: "shell", Usage: "print commands for `SHELL`: " + strings.Join(app.Shells(), ", ")},
			freebsdFlag(), &cli.BoolFlag{Name: "unset", Usage: "print commands that remove the variables"},
		),
		Action: onApplied(p, func(ctx context.Context, c *cli.Context, project *project.Project) error {
			if err := noArgs(c); err != nil {
				return err
			}
			variables, err := app.Env(ctx, project, text(c, flagMachine), sideOf(c), c.Bool("unset"))
			if err != nil {
				return err
			}
			if isSet(c, flagJSON) {
				return p.terminal(c).JSON(variables)
			}
			shell := c.String("shell")
			if shell == "" {
				shell = userShell(p)
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

// userShell is the one that the user most likely has.
func userShell(p *program) string {
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

func sshConfigCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "ssh-config", Usage: "Print blocks for ~/.ssh/config by which OpenSSH reaches the guests", ArgsUsage: "[NAME...]", Flags: append(commonFlags(), machineFlag()),
		Action: onApplied(p, func(_ context.Context, c *cli.Context, project *project.Project) error {
			machines, err := project.Selection(named(c))
			if err != nil {
				return err
			}
			words, err := app.OpenSSHConfig(project, machines)
			if err != nil {
				return err
			}
			_, err = io.WriteString(p.stdout, words)
			return err
		}),
	}
}
