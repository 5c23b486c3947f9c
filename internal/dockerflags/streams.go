package dockerflags

import (
	"slices"
	"strings"
)

// Terminal says what a command does with a terminal.
type Terminal int

// What a command does with a terminal.
const (
	NoTerminal    Terminal = iota
	UsesTerminal           // where there is one
	NeedsTerminal          // and fails without
)

// Stdin tells whether the command reads standard input. Of the command of a
// plugin nothing is known, so that it may.
func (l Line) Stdin() bool {
	switch {
	case l.help:
		return false
	case !l.Known:
		return true
	case l.holds(l.command.stdin), l.holds(l.command.prompt):
		return true
	}
	if from := l.Args(); len(from) > 0 && from[0].Kind == Copy && from[0].Text == "-" {
		return true
	}
	return slices.ContainsFunc(l.Values, func(v Value) bool {
		return v.Text == "-" && (v.Kind == Read || v.Kind == Dockerfile || v.Kind == BuildDir || v.Flag == "password")
	})
}

// Terminal tells what the command does with a terminal.
func (l Line) Terminal() Terminal {
	switch {
	case l.help || !l.Known:
		return NoTerminal
	case l.command.terminal.word == "if" && l.holds(l.command.terminal):
		return NeedsTerminal
	case l.holds(l.command.terminal), l.holds(l.command.prompt):
		return UsesTerminal
	}
	return NoTerminal
}

// holds tells whether a rule's condition is met.
func (l Line) holds(r rule) bool {
	if r.word == "" {
		return false
	}
	met := slices.ContainsFunc(r.flags, func(text string) bool {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			return l.Has(name)
		}
		return slices.ContainsFunc(l.Values, func(v Value) bool { return v.Flag == name && strings.EqualFold(v.Text, value) })
	})
	return met == (r.word != "unless")
}
