package main

import (
	"fmt"
	"maps"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/docker/buildx/commands"
	"github.com/docker/cli/cli/command"
	dockercommands "github.com/docker/cli/cli/command/commands"
	cliflags "github.com/docker/cli/cli/flags"
	"github.com/docker/compose/v5/cmd/compose"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// modules are where the commands come from.
func modules() []string {
	return []string{"github.com/docker/cli", "github.com/docker/compose/v5", "github.com/docker/buildx"}
}

// table is the text of table.txt.
func table() (string, error) {
	root, err := tree()
	if err != nil {
		return "", err
	}
	w := writer{kinds: map[string]bool{}, rules: map[string]bool{}}
	fmt.Fprintf(&w.text, "# Written by internal/dockerflags/gen. Do not edit.%s\n", versions())
	w.commands(root, "")
	for _, rule := range slices.AppendSeq(strings.Fields(plain), maps.Keys(kinds)) {
		if !w.kinds[rule] {
			w.wrong = append(w.wrong, fmt.Sprintf("rules.go has a kind for --%s, which no command has", rule))
		}
	}
	for path := range commandRules {
		if !w.rules[path] {
			w.wrong = append(w.wrong, fmt.Sprintf("rules.go has a rule for %q, which is no command", path))
		}
	}
	if len(w.wrong) > 0 {
		slices.Sort(w.wrong)
		return "", fmt.Errorf("rules and commands differ:\n%s", strings.Join(slices.Compact(w.wrong), "\n"))
	}
	return w.text.String(), nil
}

// tree is docker with all its commands.
func tree() (*cobra.Command, error) {
	cli, err := command.NewDockerCli()
	if err != nil {
		return nil, err
	}
	root := &cobra.Command{Use: "docker"}
	cliflags.NewClientOptions().InstallFlags(root.Flags())
	root.Flags().BoolP("version", "v", false, "")
	root.Flags().SetInterspersed(false)
	dockercommands.AddCommands(root, cli)
	root.AddCommand(compose.RootCommand(cli, nil), commands.NewRootCmd("buildx", true, cli))
	return root, nil
}

// versions names what the table was made of.
func versions() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	var b strings.Builder
	for _, dep := range info.Deps {
		if slices.Contains(modules(), dep.Path) {
			fmt.Fprintf(&b, "\n# %s %s", dep.Path, strings.TrimSuffix(dep.Version, "+incompatible"))
		}
	}
	return b.String()
}

type writer struct {
	text  strings.Builder
	wrong []string
	// kinds and rules are those that a flag or a command has. A flag and a
	// command may have the same name.
	kinds, rules map[string]bool
}

func (w *writer) commands(c *cobra.Command, path string) {
	w.command(c, path)
	all := c.Commands()
	slices.SortFunc(all, func(a, b *cobra.Command) int { return strings.Compare(a.Name(), b.Name()) })
	for _, sub := range all {
		if sub.Name() != "help" {
			w.commands(sub, strings.TrimSpace(path+" "+sub.Name()))
		}
	}
}

func (w *writer) command(c *cobra.Command, path string) {
	words := []string{"command " + path}
	if aliases := slices.DeleteFunc(slices.Clone(c.Aliases), func(a string) bool { return a == c.Name() }); len(aliases) > 0 {
		words = append(words, "aliases "+strings.Join(aliases, ","))
	}
	if !reflect.ValueOf(c.Flags()).Elem().FieldByName("interspersed").Bool() {
		words = append(words, "stop")
	}
	if rule, ok := commandRules[path]; ok {
		w.rules[path] = true
		words = append(words, rule)
	}
	w.text.WriteString(strings.Join(words, "; ") + "\n")
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.AddFlagSet(c.LocalFlags())
	flags.AddFlagSet(c.InheritedFlags())
	flags.AddFlagSet(byPlugin(c, path))
	flags.VisitAll(func(f *pflag.Flag) {
		short := ""
		if f.Shorthand != "" {
			short = " -" + f.Shorthand
		}
		fmt.Fprintf(&w.text, "  --%s%s %s\n", f.Name, short, w.kind(path, f))
	})
}

// byPlugin are the flags of the buildx command that runs in place of one of
// docker's own.
func byPlugin(c *cobra.Command, path string) *pflag.FlagSet {
	plugin := map[string]string{"build": "build", "image build": "build", "builder build": "build", "bake": "bake"}[path]
	if plugin == "" {
		return nil
	}
	buildx, _, err := c.Root().Find([]string{"buildx", plugin})
	if err != nil {
		return nil
	}
	return buildx.Flags()
}

// kind is what the value of a flag stands for.
func (w *writer) kind(path string, f *pflag.Flag) string {
	if f.NoOptDefVal != "" {
		return "switch"
	}
	if slices.Contains(strings.Fields(plain), f.Name) && kinds[path+" --"+f.Name] == "" {
		w.kinds[f.Name] = true
		return "text"
	}
	for _, rule := range []string{path + " --" + f.Name, f.Name} {
		if kind, ok := kinds[rule]; ok {
			w.kinds[rule] = true
			return kind
		}
	}
	w.wrong = append(w.wrong, fmt.Sprintf("docker %s --%s %s (%s) has no kind in rules.go", path, f.Name, f.Value.Type(), f.Usage))
	return ""
}
