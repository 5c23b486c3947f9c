package dockerflags

import (
	"slices"
	"strings"
)

// Value is a value of a flag, or an argument, on a command line.
type Value struct {
	// Flag is the name of the flag; "" for an argument.
	Flag string
	Kind Kind
	Text string
	// Word is the index of the word that holds it, from At on.
	Word, At int
}

// Line is a command line that was read.
type Line struct {
	// Path are the words of the command, without aliases. It is "" when
	// there is none.
	Path string
	// Known tells whether the command is in the table; that of a plugin is
	// not, and nothing is known of its words then.
	Known bool
	// Values are the flags with a value and the arguments, in their order.
	Values []Value

	command  *Command
	switches []string
	// connection is the first of docker's own flags that says which engine it
	// connects to.
	connection string
	// help is true for a command that only prints help.
	help bool
}

// ParseLine reads the words behind the word docker.
func ParseLine(words []string) Line { return parseLine(commands(), words) }

// parseLine reads the words behind the name of the program that has these commands.
func parseLine(all []*Command, words []string) Line {
	root := all[0]
	l := Line{command: root, Known: true}
	i := l.flags(root, words, 0)
	l.connection = l.connects()
	for i < len(words) {
		c := find(all, l.Path, words[i])
		if c == nil {
			break
		}
		l.Path, l.command = c.Path, c
		i = l.flags(c, words, i+1)
	}
	if l.command == root || l.command.group(all) && i < len(words) {
		l.Known = i == len(words) // else the command of a plugin, or none
		return l
	}
	l.arguments(words, i)
	return l
}

// Connection is the first of docker's own flags that says which engine it
// connects to; "" when there is none.
func (l Line) Connection() string { return l.connection }

func (l Line) connects() string {
	names := slices.Clone(l.switches)
	for _, v := range l.Values {
		names = append(names, v.Flag)
	}
	for _, name := range names {
		if slices.Contains([]string{"host", "context", "connection", "remote", "url", "identity"}, name) || strings.HasPrefix(name, "tls") {
			return "--" + name
		}
	}
	return ""
}

// flags reads flags from words[i] on, and gives the index of the first word
// that is none.
func (l *Line) flags(c *Command, words []string, i int) int {
	for i < len(words) {
		word := words[i]
		if len(word) < 2 || word[0] != '-' || word == "--" {
			return i
		}
		if strings.HasPrefix(word, "--") {
			i = l.long(c, words, i)
		} else {
			i = l.short(c, words, i)
		}
	}
	return i
}

func (l *Line) long(c *Command, words []string, i int) int {
	name, text, given := strings.Cut(words[i][2:], "=")
	at := slices.IndexFunc(c.flags, func(f flag) bool { return f.name == name })
	if at < 0 || c.flags[at].kind == Switch {
		if !given || isTrue(text) {
			l.switches = append(l.switches, name)
			l.help = l.help || name == "help"
		} else {
			l.switches = append(l.switches, "no "+name)
		}
		return i + 1
	}
	return l.value(c.flags[at], text, given, words, i, len(words[i])-len(text))
}

// short reads a word of letters: -it, -p80:80, -p=80:80.
func (l *Line) short(c *Command, words []string, i int) int {
	word := words[i]
	for n := 1; n < len(word); n++ {
		letter := word[n : n+1]
		at := slices.IndexFunc(c.flags, func(f flag) bool { return f.short == letter })
		if at < 0 || c.flags[at].kind == Switch {
			l.help = l.help || at < 0 && letter == "h"
			if at >= 0 {
				l.switches = append(l.switches, c.flags[at].name)
			}
			if strings.HasPrefix(word[n+1:], "=") {
				if at >= 0 && !isTrue(word[n+2:]) {
					l.switches[len(l.switches)-1] = "no " + c.flags[at].name
				}
				return i + 1
			}
			continue
		}
		rest := n + 1
		if rest < len(word) && word[rest] == '=' {
			rest++
		}
		return l.value(c.flags[at], word[rest:], n+1 < len(word), words, i, rest)
	}
	return i + 1
}

// isTrue reads a boolean as Go's strconv does.
func isTrue(text string) bool {
	switch text {
	case "0", "f", "F", "false", "FALSE", "False":
		return false
	}
	return true
}

// value notes a flag's value: text of words[i], from at on, or the next word.
func (l *Line) value(f flag, text string, given bool, words []string, i, at int) int {
	if !given {
		if i++; i == len(words) {
			return i // docker says that it is missing
		}
		text, at = words[i], 0
	}
	l.Values = append(l.Values, Value{Flag: f.name, Kind: f.kind, Text: text, Word: i, At: at})
	return i + 1
}

// arguments reads arguments, and flags among them where the command takes
// them there.
func (l *Line) arguments(words []string, i int) {
	n, ended := 0, false
	for ; i < len(words); i++ {
		if !ended && words[i] == "--" {
			ended = true
			continue
		}
		if !ended && (n == 0 || !l.command.stop) {
			if j := l.flags(l.command, words, i); j > i {
				i = j - 1
				continue
			}
		}
		kind := Text
		if len(l.command.args) > 0 {
			kind = l.command.args[min(n, len(l.command.args)-1)]
		}
		l.Values = append(l.Values, Value{Kind: kind, Text: words[i], Word: i})
		n++
	}
}

// Has tells whether a switch is on, or a flag with a value is there.
func (l Line) Has(name string) bool {
	on := false
	for _, s := range l.switches {
		switch s {
		case name:
			on = true
		case "no " + name:
			on = false
		}
	}
	return on || slices.ContainsFunc(l.Values, func(v Value) bool { return v.Flag == name })
}

// Args are the arguments.
func (l Line) Args() []Value {
	return slices.DeleteFunc(slices.Clone(l.Values), func(v Value) bool { return v.Flag != "" })
}

// Compose tells whether the command is one of docker compose, or that alone.
func (l Line) Compose() bool { return l.Path == "compose" || strings.HasPrefix(l.Path, "compose ") }

// Is tells whether the command is one of these, with or without the word
// container, image or builder that docker's older commands lack.
func (l Line) Is(paths ...string) bool {
	return slices.Contains(paths, l.Path) || slices.ContainsFunc([]string{"container ", "image ", "builder "}, func(group string) bool {
		short, ok := strings.CutPrefix(l.Path, group)
		return ok && slices.Contains(paths, short)
	})
}

// Local tells whether the command asks no engine: it prints help or the CLI's
// own version, or is about the CLI's own files.
func (l Line) Local() bool {
	return l.help || l.Known && l.Path == "" || l.Path == "context" || strings.HasPrefix(l.Path, "context ") ||
		l.Path == "compose version" || l.Path == "compose config"
}
