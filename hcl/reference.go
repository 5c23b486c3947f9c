package hcl

import (
	"fmt"
	"strings"
)

// Reference is all that fbdock.hcl can say, as Markdown for docs/configuration.md. It
// is made from the schema that the loader goes by.
func Reference() string {
	var b strings.Builder
	for _, block := range Schema().Blocks {
		writeBlock(&b, block, "")
	}
	b.WriteString("### Values\n\n")
	for _, v := range ValueKinds() {
		fmt.Fprintf(&b, "- **%s**: %s\n", v.Name, v.Text)
	}
	return b.String()
}

// ValueKind is a kind of value and how it is written.
type ValueKind struct{ Name, Text string }

// ValueKinds are the kinds of values that need a word.
func ValueKinds() []ValueKind {
	return []ValueKind{
		{"size", "a number with a unit: `512MiB`, `6GiB`, `1.5TiB`. Units are binary; `2g` and `2GB` are `2GiB`."},
		{"version constraint", "`1.2.0`, `>= 1.0, < 2.0`, `~> 202510.26`."},
		{"IPv4 network", "from /8 to /29, as `10.77.0.0/24`."},
		{"names", fmt.Sprintf("of machines, shares and provisions: lower-case letters, digits and hyphens, at most %d.", maxLabel)},
		{"functions", "`" + strings.Join(Functions(), "`, `") + "`. `env(\"NAME\", \"default\")` is a variable of the host's environment; " +
			"`file(\"path\")` the text of a file in the folder of the configuration or below it; `fbdock up` asks before one elsewhere is read."},
	}
}

func writeBlock(b *strings.Builder, block Block, above string) {
	head := block.Name
	if block.Label != "" {
		head += fmt.Sprintf(" %q", block.Label)
	}
	title := strings.TrimSpace(above + " " + head)
	fmt.Fprintf(b, "### `%s`\n\n%s", title, block.Doc)
	if block.Many {
		b.WriteString(" There may be several.")
	}
	b.WriteString("\n\n")
	if len(block.Attributes) > 0 {
		b.WriteString("| attribute | type | default | meaning |\n|---|---|---|---|\n")
		for _, a := range block.Attributes {
			fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", a.Name, a.Type(), code(a.Default), a.Meaning())
		}
		b.WriteString("\n")
	}
	for _, child := range block.Blocks {
		writeBlock(b, child, block.Name)
	}
}

// code marks a default that is a value; a sentence stays one.
func code(text string) string {
	if text == "" || strings.ContainsAny(text, " ,;") {
		return text
	}
	return "`" + text + "`"
}

// Meaning is what the attribute is for, with its values and an example.
func (a Attribute) Meaning() string {
	text := a.Doc
	if len(a.Values) <= 12 && !names(text, a.Values) {
		text += ": `" + strings.Join(a.Values, "`, `") + "`"
	}
	switch {
	case a.Min > 1 && a.Type() == TypeSize:
		text += "; at least " + Size(a.Min).String()
	case a.Min > 1:
		text += fmt.Sprintf("; at least %d", a.Min)
	}
	if example := strings.Trim(a.Example, `"`); example != a.Default && len(a.Values) == 0 {
		text += "; as in `" + a.Example + "`"
	}
	return text
}

// names holds when a text has every one of the words as code.
func names(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, "`"+w+"`") {
			return false
		}
	}
	return true
}
