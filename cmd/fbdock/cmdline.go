package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// interspersed puts the flags of a verb before its arguments: people type
// `fbdock logs dev --layer engine`, and the library takes what stands behind
// the first argument for more arguments. Verbs that hand their arguments on
// are left as they are, and so is what stands behind --.
func interspersed(a *cli.App, args []string) []string {
	if args[len(args)-1] == "--"+cli.BashCompletionFlag.Names()[0] {
		return args // it asks about the words as they stand
	}
	flags, rest := leading(a.Flags, args[1:])
	out, verbs := append([]string{args[0]}, flags...), a.Commands
	for len(rest) > 0 {
		i := slices.IndexFunc(verbs, func(c *cli.Command) bool { return c.HasName(rest[0]) })
		if i < 0 {
			break
		}
		verb := verbs[i]
		out, rest, verbs = append(out, rest[0]), rest[1:], verb.Subcommands
		if verb.SkipFlagParsing || verb.Name == "exec" {
			break
		}
		var words []string
		for len(verbs) == 0 && len(rest) > 0 && rest[0] != "--" {
			flags, rest = leading(verb.Flags, rest)
			out = append(out, flags...)
			if len(rest) > 0 && rest[0] != "--" {
				words, rest = append(words, rest[0]), rest[1:]
			}
		}
		if len(words) > 0 && len(rest) > 0 {
			rest = rest[1:] // the -- goes before all of them
			words = append([]string{"--"}, words...)
		}
		rest = append(words, rest...)
	}
	return append(out, rest...)
}

// leading are the flags, with their values, that stand before the first
// argument or --.
func leading(known []cli.Flag, args []string) (flags, rest []string) {
	for i := 0; i < len(args); i++ {
		if args[i] == "--" || len(args[i]) < 2 || args[i][0] != '-' {
			return args[:i], args[i:]
		}
		name, _, hasValue := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		if !hasValue && takesValue(known, name) {
			i++
		}
	}
	return args, nil
}

func takesValue(known []cli.Flag, name string) bool {
	for _, f := range known {
		if d, ok := f.(cli.DocGenerationFlag); ok && slices.Contains(f.Names(), name) {
			return d.TakesValue()
		}
	}
	return false
}
