package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/commanddocs"
	"github.com/fbdock/fbdock/internal/manual"
)

// manual describes fbdock with all its commands, from the commands
// themselves and commanddocs.
func (p *program) manual(a *cli.App) manual.Command {
	all := commanddocs.All()
	root := manual.Command{
		Name: "fbdock", Summary: a.Usage, Long: commanddocs.RootLong, Flags: flagsOf(a.Flags, nil), Exits: commanddocs.UsualExits(),
		Examples: commanddocs.Pairs(
			"fbdock init", "Write fbdock.hcl with one machine.",
			"fbdock up", "Create and start it.",
			"fbdock docker run --rm -it alpine", "Run a container.",
		),
		See: []string{"fbdock.hcl(5)"},
	}
	common := namesOf(a.Flags)
	var describe func(above string, commands []*cli.Command) []manual.Command
	describe = func(above string, commands []*cli.Command) []manual.Command {
		var described []manual.Command
		for _, cmd := range commands {
			if cmd.Hidden {
				continue
			}
			words := strings.TrimSpace(above + " " + cmd.Name)
			d := all[words]
			c := manual.Command{
				Name: "fbdock " + words, Args: cmd.ArgsUsage, Summary: cmd.Usage, Long: d.Long, Group: d.Group,
				Flags: flagsOf(cmd.Flags, common), Examples: d.Examples, Exits: exitsOf(d), Commands: describe(words, cmd.Subcommands),
				See: []string{"fbdock(1)", "fbdock.hcl(5)"},
			}
			c.Common = flagsOf(cmd.Flags, namesOf(slices.DeleteFunc(slices.Clone(cmd.Flags), func(f cli.Flag) bool {
				return slices.Contains(common, f.Names()[0])
			})))
			described = append(described, c)
			root.See = append(root.See, strings.TrimSuffix(c.File(), ".1")+"(1)")
		}
		return described
	}
	root.Commands = describe("", a.Commands)
	return root
}

// exitsOf are the usual exit statuses and the command's own, in order.
func exitsOf(d commanddocs.Doc) []manual.Exit {
	exits := commanddocs.UsualExits()
	if len(d.Exits) > 0 && d.Exits[0].Status == "N" {
		return d.Exits // every other is the remote command's
	}
	exits = append(exits, d.Exits...)
	slices.SortStableFunc(exits, func(a, b manual.Exit) int { return len(a.Status) - len(b.Status) })
	return exits
}

// namesOf are all names of flags.
func namesOf(flags []cli.Flag) []string {
	var names []string
	for _, f := range flags {
		names = append(names, f.Names()...)
	}
	return names
}

// flagsOf describes flags, but for those named.
func flagsOf(flags []cli.Flag, without []string) []manual.Flag {
	var all []manual.Flag
	for _, f := range flags {
		d, ok := f.(cli.DocGenerationFlag)
		if !ok || slices.Contains(without, f.Names()[0]) {
			continue
		}
		names := f.Names()
		slices.SortStableFunc(names, func(a, b string) int { return min(1, len(a)-1) - min(1, len(b)-1) })
		flag := manual.Flag{Names: names, Text: d.GetUsage()}
		if before, rest, ok := strings.Cut(flag.Text, "`"); ok {
			value, after, _ := strings.Cut(rest, "`")
			flag.Value, flag.Text = value, before+value+after
		}
		if s, ok := f.(*cli.StringFlag); ok {
			flag.Default = s.Value
		}
		if n, ok := f.(*cli.IntFlag); ok {
			flag.Default = fmt.Sprint(n.Value)
		}
		all = append(all, flag)
	}
	return all
}

// help is the text for a command line that asks for it.
func (p *program) help(a *cli.App, l commandLine) string {
	c := p.manual(a)
	for _, cmd := range l.path {
		if i := slices.IndexFunc(c.Commands, func(sub manual.Command) bool { return strings.HasSuffix(sub.Name, " "+cmd.Name) }); i >= 0 {
			c = c.Commands[i]
		}
	}
	return c.Help()
}
