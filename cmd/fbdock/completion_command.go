package main

import (
	"embed"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"
)

// completionShells are the shells that have a script.
func completionShells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

//go:embed completion
var completions embed.FS

func completionCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "completion", Usage: "Print the completion script of a shell", ArgsUsage: "bash|zsh|fish|powershell",
		Action: func(c *cli.Context) error {
			shell := c.Args().First()
			if !slices.Contains(completionShells(), shell) || c.NArg() != 1 {
				return usage(fmt.Errorf("completion takes one of bash, zsh, fish and powershell, got %q", c.Args().First()))
			}
			script, err := completions.ReadFile("completion/fbdock." + shell)
			if err != nil {
				return err
			}
			_, err = p.stdout.Write(script)
			return err
		},
	}
}
