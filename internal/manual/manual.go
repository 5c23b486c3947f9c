// Package manual describes commands to people: help at the terminal, manual
// pages and the table of the README, all from one description. It knows
// neither the command-line library nor what a command does.
package manual

import "strings"

// Command describes one command.
type Command struct {
	// Name is all words of it: "fbdock image pull".
	Name string
	// Args are its arguments, as in "[NAME...]".
	Args string
	// Summary is one line that begins with a verb.
	Summary string
	// Long is paragraphs, separated by empty lines. `code` is marked so.
	Long string
	// Group is the heading that the command stands under.
	Group    string
	Flags    []Flag
	Examples []Example
	Exits    []Exit
	Commands []Command
	// Common are flags that every command takes.
	Common []Flag
	// See names other pages: "fbdock-up(1)".
	See []string
}

// Flag is one flag.
type Flag struct {
	// Names without dashes, the shorter ones first.
	Names []string
	// Value names its value; "" for a switch.
	Value string
	Text  string
	// Default is shown when it is not "".
	Default string
}

// Example is a command line and what it does.
type Example struct{ Line, Text string }

// Exit is an exit status and what it means.
type Exit struct{ Status, Text string }

// String is the flag as it is typed.
func (f Flag) String() string {
	words := make([]string, len(f.Names))
	for i, name := range f.Names {
		words[i] = "-" + name
		if len(name) > 1 {
			words[i] = "--" + name
		}
	}
	text := strings.Join(words, ", ")
	if f.Value != "" {
		text += " " + f.Value
	}
	return text
}

func (f Flag) text() string {
	if f.Default != "" {
		return f.Text + " (default: " + f.Default + ")"
	}
	return f.Text
}

// last is the command's own name.
func (c Command) last() string {
	return c.Name[strings.LastIndexByte(c.Name, ' ')+1:]
}

// usage is the command line.
func (c Command) usage() string {
	words := []string{c.Name}
	if len(c.Commands) > 0 {
		words = append(words, "COMMAND")
	}
	if len(c.Flags)+len(c.Common) > 0 {
		words = append(words, "[FLAGS]")
	}
	if c.Args != "" {
		words = append(words, c.Args)
	}
	return strings.Join(words, " ")
}

// group is the commands under one heading.
type group struct {
	name     string
	commands []Command
}

// groups are the commands in their order, by heading.
func (c Command) groups() []group {
	var all []group
	for _, sub := range c.Commands {
		at := -1
		for i := range all {
			if all[i].name == sub.Group {
				at = i
			}
		}
		if at < 0 {
			all = append(all, group{name: sub.Group})
			at = len(all) - 1
		}
		all[at].commands = append(all[at].commands, sub)
	}
	return all
}

// paragraphs of a text, each on one line.
func paragraphs(text string) []string {
	var all []string
	for p := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if p = strings.Join(strings.Fields(p), " "); p != "" {
			all = append(all, p)
		}
	}
	return all
}
