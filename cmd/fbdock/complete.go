package main

import (
	"context"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/app"
	"github.com/fbdock/fbdock/internal/command"
	"github.com/fbdock/fbdock/internal/commanddocs"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/project"
)

// completeWord is the first word of a command line that the completion
// scripts ask with. The last one is "=" and what is typed of the word at hand;
// PowerShell would leave an empty argument out.
const completeWord = "__complete"

// complete prints what may stand where the command line ends.
func (p *program) complete(ctx context.Context, a *cli.App, words []string) error {
	typed := ""
	if n := len(words); n > 0 && strings.HasPrefix(words[n-1], "=") {
		typed, words = words[n-1][1:], words[:n-1]
	}
	var b strings.Builder
	for _, word := range p.candidates(ctx, a, words, strings.HasPrefix(typed, "-")) {
		if strings.HasPrefix(word, typed) {
			b.WriteString(word + "\n")
		}
	}
	return p.terminal(nil).Print(b.String())
}

// candidates are the words that may follow: flags when a dash is typed, else
// commands and arguments.
func (p *program) candidates(ctx context.Context, a *cli.App, words []string, dash bool) []string {
	flags, commands := a.Flags, a.Commands
	path, dir, helping := "", ".", false
	for i := 0; i < len(words); i++ {
		word := words[i]
		if len(word) > 1 && word[0] == '-' {
			name, _, hasValue := strings.Cut(strings.TrimLeft(word, "-"), "=")
			if f := flagNamed(flags, name); f != nil && takesValue(f) && !hasValue {
				if i++; i == len(words) {
					return p.values(ctx, f, dir)
				}
				if f.Names()[0] == flagDir {
					dir = words[i]
				}
			}
			continue
		}
		if word == "help" && path == "" {
			helping = true
			continue
		}
		at := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.HasName(word) })
		if at < 0 {
			continue // an argument
		}
		cmd := commands[at]
		if cmd.SkipFlagParsing && !helping {
			return nil
		}
		path, flags, commands = strings.TrimSpace(path+" "+cmd.Name), cmd.Flags, cmd.Subcommands
	}
	var all []string
	if dash {
		for _, name := range append(namesOf(flags), "help") {
			if len(name) > 1 {
				all = append(all, "--"+name)
			}
		}
		return all
	}
	for _, cmd := range commands {
		if !cmd.Hidden {
			all = append(all, cmd.Name)
		}
	}
	if !helping {
		all = append(all, p.arguments(ctx, commanddocs.All()[path].Words, dir)...)
	}
	return all
}

// arguments are those that a command takes.
func (p *program) arguments(ctx context.Context, kind commanddocs.Words, dir string) []string {
	switch kind {
	case commanddocs.WordsMachines:
		return p.machineNames(ctx, dir)
	case commanddocs.WordsShells:
		return completionShells()
	case commanddocs.WordsPurposes:
		return app.Purposes()
	case commanddocs.WordsContext:
		return []string{"show", "use", "restore"}
	}
	return nil
}

// values are those that a flag takes.
func (p *program) values(ctx context.Context, f cli.Flag, dir string) []string {
	switch f.Names()[0] {
	case flagMachine:
		return p.machineNames(ctx, dir)
	case "shell":
		return app.Shells()
	case "layer":
		return app.LogLayers()
	case "on":
		return []string{command.OnFreeBSD, command.OnEngine}
	case "via":
		return []string{command.ViaLink, command.ViaVagrant}
	case "provider":
		return []string{"libvirt", "qemu", "hyperv", "virtualbox", "vmware_desktop", "utm", "all"}
	case "arch":
		return []string{"amd64", "arm64"}
	case "root":
		return []string{"zfs", "ufs"}
	}
	return nil
}

func (p *program) machineNames(ctx context.Context, dir string) []string {
	return project.Options{Dir: dir, Env: host.Env{Environ: p.environ, Version: p.version}}.MachineNames(ctx)
}
