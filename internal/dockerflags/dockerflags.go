// Package dockerflags reads command lines of docker, docker compose, docker buildx and
// podman as those programs do: which words are flags, what their values stand
// for, what the command does with standard input and the terminal. It goes by
// a table that a program in gen makes of the programs' own definitions. It
// runs nothing and looks at no file.
package dockerflags

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:generate make -C ../.. docker-flags

//go:embed table.txt
var tableText string

// Kind is what the value of a flag, or an argument, stands for.
type Kind string

// The kinds; gen/rules.go describes them.
const (
	Switch     Kind = "switch" // no value
	Text       Kind = "text"
	Env        Kind = "env"
	Read       Kind = "read"
	Dockerfile Kind = "dockerfile"
	Write      Kind = "write"
	Dir        Kind = "dir"
	WriteDir   Kind = "writedir"
	BuildDir   Kind = "builddir"
	Copy       Kind = "copy"
	Bind       Kind = "bind"
	Mount      Kind = "mount"
	Secret     Kind = "secret"
	Output     Kind = "output"
	Cache      Kind = "cache"
	Context    Kind = "context"
	SSH        Kind = "ssh"
	Security   Kind = "security"
	Policy     Kind = "policy"
	ExternalCA Kind = "externalca"
)

// Command is one command of the table.
type Command struct {
	// Path are its words: "container run". That of docker itself is "".
	Path    string
	aliases []string
	// stop tells that flags end at the first argument.
	stop  bool
	flags []flag
	args  []Kind
	// rules for standard input, the terminal and prompts.
	stdin, terminal, prompt rule
}

// flag is a flag of a command.
type flag struct {
	name, short string
	kind        Kind
}

// rule is a condition on the flags of a command line.
type rule struct {
	// word is if, unless or maybe; "" where there is no rule.
	word  string
	flags []string
}

// commands are those of the table.
var commands = sync.OnceValue(func() []*Command { return parse(tableText) })

// parse reads the text that gen writes.
func parse(text string) []*Command {
	var all []*Command
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "  --"):
			words := strings.Fields(line)
			f := flag{name: words[0][2:], kind: Kind(words[len(words)-1])}
			if len(words) == 3 {
				f.short = words[1][1:]
			}
			last := all[len(all)-1]
			last.flags = append(last.flags, f)
		default:
			all = append(all, parseCommand(line))
		}
	}
	return all
}

func parseCommand(line string) *Command {
	parts := strings.Split(line, ";")
	c := &Command{Path: strings.TrimSpace(strings.TrimPrefix(parts[0], "command"))}
	for _, part := range parts[1:] {
		name, rest, _ := strings.Cut(strings.TrimSpace(part), " ")
		switch name {
		case "aliases":
			c.aliases = strings.Split(rest, ",")
		case "stop":
			c.stop = true
		case "args":
			for kind := range strings.SplitSeq(rest, ",") {
				c.args = append(c.args, Kind(kind))
			}
		case "stdin":
			c.stdin = parseRule(rest)
		case "terminal":
			c.terminal = parseRule(rest)
		case "prompt":
			c.prompt = parseRule(rest)
		}
	}
	return c
}

func parseRule(text string) rule {
	word, list, _ := strings.Cut(text, " ")
	if word == "" {
		word = "unless"
	}
	r := rule{word: word}
	if list != "" {
		r.flags = strings.Split(list, ",")
	}
	return r
}

// find is the command with that path, nil when there is none. Each word may
// be an alias.
func find(all []*Command, path, word string) *Command {
	for _, c := range all {
		above, name := "", c.Path
		if i := strings.LastIndexByte(c.Path, ' '); i >= 0 {
			above, name = c.Path[:i], c.Path[i+1:]
		}
		if above == path && name != "" && (name == word || slices.Contains(c.aliases, word)) {
			return c
		}
	}
	return nil
}

// group tells whether there are commands below this one.
func (c *Command) group(all []*Command) bool {
	return slices.ContainsFunc(all, func(o *Command) bool { return strings.HasPrefix(o.Path, c.Path+" ") })
}
