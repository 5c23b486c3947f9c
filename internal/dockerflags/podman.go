package dockerflags

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed podman.txt
var podmanText string

// podmanCommands are docker's commands with the flags that podman has beside
// docker's, which come first: a short one may be another's.
var podmanCommands = sync.OnceValue(func() []*Command {
	var all []*Command
	for _, c := range commands() {
		clone := *c
		all = append(all, &clone)
	}
	for _, extra := range parse(podmanText) {
		for name := range strings.SplitSeq(extra.Path, ",") {
			all = add(all, name, extra)
		}
	}
	return all
})

// add gives a command more flags, in its groups as well, and is a command of
// its own where docker has none of that name.
func add(all []*Command, name string, extra *Command) []*Command {
	known := false
	for _, c := range all {
		switch {
		case name == "" && c.Path == "":
			c.flags, known = extra.flags, true
		case c.Path == name, c.Path == "container "+name, c.Path == "image "+name:
			c.flags, known = slices.Concat(extra.flags, c.flags), true
		}
	}
	if known {
		return all
	}
	clone := *extra
	clone.Path = name
	if group, _, nested := strings.Cut(name, " "); nested && !slices.ContainsFunc(all, func(c *Command) bool { return c.Path == group }) {
		all = append(all, &Command{Path: group})
	}
	return append(all, &clone)
}

// ParsePodman reads the words behind the word podman.
func ParsePodman(words []string) Line { return parseLine(podmanCommands(), words) }
