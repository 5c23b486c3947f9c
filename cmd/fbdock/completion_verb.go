package main

import (
	"embed"
	"fmt"

	"github.com/urfave/cli/v2"
)

//go:embed completion
var completions embed.FS

func (p *program) completionCommand() *cli.Command {
	files := map[string]string{"bash": "fbdock.bash", "zsh": "fbdock.zsh", "fish": "fbdock.fish", "powershell": "fbdock.ps1"}
	return &cli.Command{
		Name: "completion", Usage: "the completion script of a shell", ArgsUsage: "bash|zsh|fish|powershell",
		Action: func(c *cli.Context) error {
			file, ok := files[c.Args().First()]
			if !ok || c.NArg() != 1 {
				return usage(fmt.Errorf("completion takes one of bash, zsh, fish and powershell, got %q", c.Args().First()))
			}
			script, err := completions.ReadFile("completion/" + file)
			if err != nil {
				return err
			}
			_, err = p.stdout.Write(script)
			return err
		},
	}
}
