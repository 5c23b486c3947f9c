package hcl

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"

	"github.com/fbdock/fbdock/internal/redact"
)

// snippet is the line of a place, cut at the place's start and end.
type snippet struct {
	before, marked, after string
}

// snippetOf finds the line that r begins in; a longer r is marked to its end.
func snippetOf(r Range, sources Sources) (snippet, bool) {
	src, ok := sources[r.File]
	if !ok || r.Start.Line < 1 || r.Start.Byte < 0 || r.Start.Byte > len(src) {
		return snippet{}, false
	}
	start := 1 + bytes.LastIndexByte(src[:r.Start.Byte], '\n')
	end := len(src)
	if i := bytes.IndexByte(src[r.Start.Byte:], '\n'); i >= 0 {
		end = r.Start.Byte + i
	}
	if end == start && len(bytes.TrimSpace(src)) == 0 {
		return snippet{}, false // an empty file has nothing to show
	}
	stop := min(max(r.End.Byte, r.Start.Byte), end)
	line := redact.Config(string(src[start:end])) // each byte is where it was
	return snippet{
		before: line[:r.Start.Byte-start],
		marked: strings.TrimRight(line[r.Start.Byte-start:stop-start], "\r\n"),
		after:  strings.TrimRight(line[stop-start:], "\r\n"),
	}, true
}

// line is the whole line as it stands in the file, but for secrets.
func (s snippet) line() string { return s.before + s.marked + s.after }

// fit makes a printable line of at most width columns around the marked
// part, with the columns before that part and its own.
func (s snippet) fit(width int) (text string, skip, marks int) {
	before, marked, after := printable(s.before), printable(s.marked), printable(s.after)
	const dots = "..."
	w := runewidth.NewCondition()
	w.EastAsianWidth = false // not what the user's LANG says: the same everywhere
	if w.StringWidth(before+marked+after) > width {
		third := max(width/3, 8)
		if w.StringWidth(before) > third {
			before = dots + w.TruncateLeft(before, w.StringWidth(before)-third, "")
		}
		if w.StringWidth(marked) > third {
			marked = w.Truncate(marked, third, dots)
		}
		after = w.Truncate(after, third, dots)
	}
	return strings.TrimRight(before+marked+after, " "), w.StringWidth(before), max(1, w.StringWidth(marked))
}

// printable shows tabs as four columns and control characters as "?": a
// file shall not be able to move the cursor or turn the text around.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, strings.ReplaceAll(s, "\t", "    "))
}

// harmless is printable for our own sentences, which may quote the file's.
func harmless(s string) string { return printable(redact.Config(s)) }

// redacted is d without the secrets of what it quotes.
func (d Diagnostic) redacted() Diagnostic {
	d.Summary, d.Detail, d.Hint = redact.Config(d.Summary), redact.Config(d.Detail), redact.Config(d.Hint)
	d.Related = slices.Clone(d.Related)
	for i := range d.Related {
		d.Related[i].Message = redact.Config(d.Related[i].Message)
	}
	return d
}

// report is the form of diagnostics for programs. Fields are only ever added.
type report struct {
	Valid       bool               `json:"valid"`
	Errors      int                `json:"errors"`
	Warnings    int                `json:"warnings"`
	Diagnostics []reportDiagnostic `json:"diagnostics"`
}

type reportDiagnostic struct {
	Diagnostic
	// Snippet is the first line of the range, as it stands in the file but
	// for secrets.
	Snippet string `json:"snippet,omitempty"`
}

// WriteJSON writes diagnostics as one JSON object, for programs.
func WriteJSON(w io.Writer, diags Diagnostics, sources Sources) error {
	out := report{Diagnostics: []reportDiagnostic{}}
	for _, d := range diags {
		if d.Severity == Error {
			out.Errors++
		} else {
			out.Warnings++
		}
		x := reportDiagnostic{Diagnostic: d.redacted()}
		if s, ok := snippetOf(d.Range, sources); ok {
			x.Snippet = s.line()
		}
		out.Diagnostics = append(out.Diagnostics, x)
	}
	out.Valid = out.Errors == 0
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(out)
}
