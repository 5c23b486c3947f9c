package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/failure"
)

// commandLine is what a command line asks for.
type commandLine struct {
	// args are its words as the library wants them: the flags of a command
	// before its arguments. People type `fbdock logs dev --layer engine`, and
	// the library takes what stands behind the first argument for more
	// arguments.
	args []string
	// path are the commands that it names.
	path []*cli.Command
	// help and version are what it asks for instead.
	help, version bool
}

// readLine finds commands and flags. Those that do not exist are its error,
// with the nearest that do. Commands that hand their arguments on keep them
// as they are, and so does what stands behind --.
func readLine(a *cli.App, words []string) (commandLine, error) {
	l := commandLine{args: words[:1:1]}
	rest, err := l.flags(a.Flags, words[1:])
	commands := a.Commands
	for err == nil && len(rest) > 0 && len(commands) > 0 {
		word := rest[0]
		if word == "help" && !l.help {
			l.help = true // of what follows
			rest = rest[1:]
			continue
		}
		i := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.HasName(word) })
		if i < 0 {
			return l, l.unknownCommand(word, commands)
		}
		cmd := commands[i]
		l.path, l.args = append(l.path, cmd), append(l.args, word)
		rest, commands = rest[1:], cmd.Subcommands
		switch {
		case cmd.SkipFlagParsing:
			l.help = l.help || len(rest) == 1 && isHelp(strings.TrimLeft(rest[0], "-"), rest[0])
		case cmd.Name == "exec":
			rest, err = l.flags(cmd.Flags, rest)
		case len(commands) > 0:
			rest, err = l.flags(cmd.Flags, rest)
		default:
			rest, err = l.interspersed(cmd.Flags, rest)
		}
	}
	l.args = append(l.args, rest...)
	return l, err
}

// interspersed puts the flags of a command before its arguments.
func (l *commandLine) interspersed(known []cli.Flag, rest []string) ([]string, error) {
	var arguments []string
	var err error
	for len(rest) > 0 && rest[0] != "--" {
		if rest, err = l.flags(known, rest); err != nil {
			return nil, err
		}
		if len(rest) > 0 && rest[0] != "--" {
			arguments, rest = append(arguments, rest[0]), rest[1:]
		}
	}
	if len(arguments) > 0 && len(rest) > 0 {
		rest = rest[1:] // the -- goes before all of them
		arguments = append([]string{"--"}, arguments...)
	}
	return append(arguments, rest...), nil
}

// flags takes the flags, with their values, that stand before the first
// argument or --.
func (l *commandLine) flags(known []cli.Flag, words []string) (rest []string, err error) {
	for len(words) > 0 {
		word := words[0]
		if word == "--" || len(word) < 2 || word[0] != '-' {
			return words, nil
		}
		words = words[1:]
		name, _, hasValue := strings.Cut(strings.TrimLeft(word, "-"), "=")
		flag := flagNamed(known, name)
		switch {
		case flag == nil && isHelp(name, word):
			l.help = true
			continue
		case flag == nil && name == "version":
			l.version = true
			continue
		case flag == nil:
			return nil, l.unknownFlag(word, known)
		}
		l.args = append(l.args, word)
		if !hasValue && takesValue(flag) && len(words) > 0 {
			l.args, words = append(l.args, words[0]), words[1:]
		}
	}
	return nil, nil
}

// isHelp tells whether a word is the flag that asks for help.
func isHelp(name, word string) bool {
	return word[0] == '-' && (name == "help" || name == "h")
}

func flagNamed(known []cli.Flag, name string) cli.Flag {
	for _, f := range known {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

func takesValue(f cli.Flag) bool {
	d, ok := f.(cli.DocGenerationFlag)
	return ok && d.TakesValue()
}

// group tells whether it names a group of commands and none of them.
func (l *commandLine) group() bool {
	return len(l.path) > 0 && len(l.path[len(l.path)-1].Subcommands) > 0
}

// named are the words of the path.
func (l *commandLine) named() string {
	var b strings.Builder
	b.WriteString("fbdock")
	for _, cmd := range l.path {
		b.WriteString(" " + cmd.Name)
	}
	return b.String()
}

func (l *commandLine) unknownCommand(word string, commands []*cli.Command) error {
	var names []string
	for _, cmd := range commands {
		if !cmd.Hidden {
			names = append(names, cmd.Names()...)
		}
	}
	hint := fmt.Sprintf("`%s --help` lists the commands", l.named())
	if near := hcl.Nearest(word, names); near != "" {
		hint = fmt.Sprintf("did you mean `%s %s`? %s", l.named(), near, hint)
	}
	return &failure.Error{Err: fmt.Errorf("unknown command %q", strings.TrimPrefix(l.named()+" "+word, "fbdock ")), Next: hint, Code: failure.ExitUsage}
}

func (l *commandLine) unknownFlag(word string, known []cli.Flag) error {
	word, _, _ = strings.Cut(word, "=")
	names := []string{"help", "version"}
	for _, f := range known {
		names = append(names, f.Names()...)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return len(name) == 1 })
	hint := fmt.Sprintf("`%s --help` lists the flags", l.named())
	if near := hcl.Nearest(strings.TrimLeft(word, "-"), names); near != "" {
		hint = fmt.Sprintf("did you mean --%s? %s", near, hint)
	}
	return &failure.Error{Err: fmt.Errorf("unknown flag %s of `%s`", word, l.named()), Next: hint, Code: failure.ExitUsage}
}
