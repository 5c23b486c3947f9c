package hcl

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// WriteOptions say how diagnostics are written.
type WriteOptions struct {
	// Color marks severities and carets for terminals that can.
	Color bool
	// Width is the most columns of a source line; 0 is 100.
	Width int
}

// painter adds colour where it is wanted.
type painter bool

func (p painter) paint(code, text string) string {
	if !p || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

const (
	red    = "1;31"
	yellow = "1;33"
	bold   = "1"
	blue   = "34"
)

func (p painter) severity(s Severity) string {
	if s == Warning {
		return p.paint(yellow, string(s))
	}
	return p.paint(red, string(s))
}

// Write tells diagnostics to a person:
//
//	error: memory "lots" is not a size
//	  --> fbdock.hcl:2:12
//	   |
//	 2 |   memory = "lots"
//	   |            ^^^^^^
//	   A size is a number with a unit, as in "512MiB".
//	   hint: ...
//
// What the file says is shown with its control characters made harmless.
func Write(w io.Writer, diags Diagnostics, sources Sources, opts WriteOptions) error {
	if opts.Width == 0 {
		opts.Width = 100
	}
	var b strings.Builder
	for i, d := range diags {
		if i > 0 {
			b.WriteByte('\n')
		}
		writeOne(&b, d, sources, opts)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeOne(b *strings.Builder, d Diagnostic, sources Sources, opts WriteOptions) {
	p := painter(opts.Color)
	fmt.Fprintf(b, "%s: %s\n", p.severity(d.Severity), p.paint(bold, harmless(d.Summary)))
	gutter := len(strconv.Itoa(d.Range.Start.Line))
	for _, r := range d.Related {
		gutter = max(gutter, len(strconv.Itoa(r.Range.Start.Line)))
	}
	color := red
	if d.Severity == Warning {
		color = yellow
	}
	writePlace(b, d.Range, sources, placeStyle{gutter: gutter, mark: '^', color: color, options: opts})
	for _, r := range d.Related {
		fmt.Fprintf(b, "%*s %s\n", gutter+2, "", harmless(r.Message)+":")
		writePlace(b, r.Range, sources, placeStyle{gutter: gutter, mark: '-', color: blue, options: opts})
	}
	pad := strings.Repeat(" ", gutter+3)
	for line := range strings.Lines(strings.TrimSpace(d.Detail)) {
		b.WriteString(pad + harmless(strings.TrimRight(line, "\r\n")) + "\n")
	}
	if d.Hint != "" {
		b.WriteString(pad + p.paint(bold, "hint:") + " " + harmless(d.Hint) + "\n")
	}
}

type placeStyle struct {
	gutter  int
	mark    rune
	color   string
	options WriteOptions
}

func writePlace(b *strings.Builder, r Range, sources Sources, style placeStyle) {
	if r.File == "" {
		return
	}
	p := painter(style.options.Color)
	fmt.Fprintf(b, "%*s%s %s\n", style.gutter+1, "", p.paint(blue, "-->"), harmless(r.String()))
	s, ok := snippetOf(r, sources)
	if !ok {
		return
	}
	text, skip, width := s.fit(style.options.Width)
	bar := p.paint(blue, "|")
	fmt.Fprintf(b, "%*s %s\n", style.gutter+1, "", bar)
	fmt.Fprintf(b, " %s %s %s\n", p.paint(blue, fmt.Sprintf("%*d", style.gutter, r.Start.Line)), bar, text)
	marks := strings.Repeat(string(style.mark), width)
	fmt.Fprintf(b, "%*s %s %s%s\n", style.gutter+1, "", bar, strings.Repeat(" ", skip), p.paint(style.color, marks))
}
