package hcl

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/fbdock/fbdock/internal/redact"
)

// Pos is a place in a file; lines and columns count from 1, columns in
// grapheme clusters as HCL counts them.
type Pos struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Byte   int `json:"byte"`
}

// Range is a stretch of a file.
type Range struct {
	File  string `json:"file"`
	Start Pos    `json:"start"`
	End   Pos    `json:"end"`
}

// String is FILE:LINE:COLUMN, what editors and terminals turn into a link.
func (r Range) String() string {
	if r.Start.Line == 0 {
		return r.File
	}
	return fmt.Sprintf("%s:%d:%d", r.File, r.Start.Line, r.Start.Column)
}

// Severity of a diagnostic.
type Severity string

// The two severities; an error keeps the configuration from being used.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Diagnostic is one mistake in a configuration, or one warning about it.
type Diagnostic struct {
	Severity Severity `json:"severity"`
	Summary  string   `json:"summary"`
	Detail   string   `json:"detail,omitempty"`
	// Hint is the next step for the user.
	Hint  string `json:"hint,omitempty"`
	Range Range  `json:"range"`
	// Related are other places that belong to the mistake, such as the
	// first of two machines of the same name.
	Related []Related `json:"related,omitempty"`
}

// Related is a further place of a diagnostic.
type Related struct {
	Message string `json:"message"`
	Range   Range  `json:"range"`
}

// Diagnostics are all that was found, in the order of the file.
type Diagnostics []Diagnostic

// HasErrors tells whether the configuration cannot be used.
func (d Diagnostics) HasErrors() bool {
	return slices.ContainsFunc(d, func(x Diagnostic) bool { return x.Severity == Error })
}

// Err is the diagnostics as an error, or nil when there are none but warnings.
func (d Diagnostics) Err() error {
	if !d.HasErrors() {
		return nil
	}
	return d
}

// Error is the first error and the number of the others; Write tells all.
func (d Diagnostics) Error() string {
	var first *Diagnostic
	more := 0
	for i := range d {
		switch {
		case d[i].Severity != Error:
		case first == nil:
			first = &d[i]
		default:
			more++
		}
	}
	if first == nil {
		return "no errors"
	}
	text := redact.Config(first.Summary)
	if place := first.Range.String(); place != "" {
		text = place + ": " + text
	}
	switch more {
	case 0:
		return text
	case 1:
		return text + ", and 1 more error"
	default:
		return fmt.Sprintf("%s, and %d more errors", text, more)
	}
}

// Sorted is the diagnostics by place, each once. Files stand in the order in
// which they first occur.
func (d Diagnostics) Sorted() Diagnostics {
	order := map[string]int{}
	for _, x := range d {
		if _, ok := order[x.Range.File]; !ok {
			order[x.Range.File] = len(order)
		}
	}
	sorted := slices.Clone(d)
	slices.SortStableFunc(sorted, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(order[a.Range.File], order[b.Range.File]),
			cmp.Compare(a.Range.Start.Byte, b.Range.Start.Byte),
		)
	})
	return slices.CompactFunc(sorted, func(a, b Diagnostic) bool {
		return a.Range == b.Range && a.Summary == b.Summary
	})
}
