package manual

import (
	"fmt"
	"strings"
)

// columns is the width of help: that of the narrowest terminal in use.
const columns = 80

// Help is the command's help for a terminal.
func (c Command) Help() string {
	var b strings.Builder
	b.WriteString(c.Summary + "\n\nUsage:\n  " + c.usage() + "\n")
	for _, p := range paragraphs(c.Long) {
		b.WriteString("\n" + wrap(p, 0))
	}
	for _, g := range c.groups() {
		head := g.name
		if head == "" {
			head = "Commands"
		}
		rows := make([][2]string, len(g.commands))
		for i, sub := range g.commands {
			rows[i] = [2]string{sub.last(), sub.Summary}
		}
		list(&b, head, rows)
	}
	if len(c.Examples) > 0 {
		b.WriteString("\nExamples:\n")
		for _, e := range c.Examples {
			b.WriteString("  " + e.Line + "\n" + wrap(e.Text, 6))
		}
	}
	list(&b, "Flags", flagRows(c.Flags))
	list(&b, "Flags of every command", flagRows(c.Common))
	if len(c.Exits) > 0 {
		rows := make([][2]string, len(c.Exits))
		for i, e := range c.Exits {
			rows[i] = [2]string{e.Status, e.Text}
		}
		list(&b, "Exit status", rows)
	}
	return b.String()
}

func flagRows(flags []Flag) [][2]string {
	rows := make([][2]string, len(flags))
	for i, f := range flags {
		rows[i] = [2]string{f.String(), f.text()}
	}
	return rows
}

// list writes rows of two columns under a heading.
func list(b *strings.Builder, head string, rows [][2]string) {
	if len(rows) == 0 {
		return
	}
	width := 0
	for _, r := range rows {
		width = max(width, len(r[0]))
	}
	width = min(width, 22)
	fmt.Fprintf(b, "\n%s:\n", head)
	for _, r := range rows {
		first, rest, _ := strings.Cut(wrap(r[1], width+4), "\n")
		if len(r[0]) > width {
			fmt.Fprintf(b, "  %s\n%s\n", r[0], first)
		} else {
			fmt.Fprintf(b, "  %-*s  %s\n", width, r[0], strings.TrimLeft(first, " "))
		}
		b.WriteString(rest)
	}
}

// wrap breaks a text into lines that begin with indent spaces.
func wrap(text string, indent int) string {
	var b strings.Builder
	at := 0
	for word := range strings.FieldsSeq(text) {
		switch {
		case at == 0:
			b.WriteString(strings.Repeat(" ", indent))
			at = indent
		case at+1+len(word) > columns:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			at = indent
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += len(word)
	}
	b.WriteByte('\n')
	return b.String()
}
