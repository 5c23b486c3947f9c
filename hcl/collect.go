package hcl

import (
	"strings"
	"unicode"
	"unicode/utf8"

	hclv2 "github.com/hashicorp/hcl/v2"
)

// maxDiagnostics bounds what garbage can make us say.
const maxDiagnostics = 200

// collector gathers diagnostics while a file is read.
type collector struct {
	diags Diagnostics
	full  bool
}

func (c *collector) add(d Diagnostic) {
	if len(c.diags) >= maxDiagnostics {
		c.full = true
		return
	}
	c.diags = append(c.diags, d)
}

func (c *collector) fail(at Range, summary, detail, hint string) {
	c.add(Diagnostic{Severity: Error, Summary: summary, Detail: detail, Hint: hint, Range: at})
}

func (c *collector) warn(at Range, summary, detail, hint string) {
	c.add(Diagnostic{Severity: Warning, Summary: summary, Detail: detail, Hint: hint, Range: at})
}

// library takes over what the HCL library found; at is used where it names
// no place of its own.
func (c *collector) library(found hclv2.Diagnostics, at Range) {
	for _, f := range found {
		d := Diagnostic{Severity: Error, Summary: lowerFirst(f.Summary), Detail: f.Detail, Range: at}
		if f.Severity == hclv2.DiagWarning {
			d.Severity = Warning
		}
		if f.Subject != nil {
			d.Range = rangeOf(*f.Subject)
		}
		c.add(d)
	}
}

// result is everything found, sorted, with a last word if that is not all.
func (c *collector) result() Diagnostics {
	out := c.diags.Sorted()
	if c.full && len(out) > 0 {
		last := &out[len(out)-1]
		last.Hint = strings.TrimSpace(last.Hint + " (there are more mistakes than are shown)")
	}
	return out
}

func rangeOf(r hclv2.Range) Range {
	return Range{File: r.Filename, Start: Pos(r.Start), End: Pos(r.End)}
}

// startOf is the first place of a file, for mistakes of the file as a whole.
func startOf(file string) Range {
	first := Pos{Line: 1, Column: 1}
	return Range{File: file, Start: first, End: first}
}

func lowerFirst(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	second, _ := utf8.DecodeRuneInString(s[size:])
	if unicode.IsUpper(second) {
		return s // an acronym
	}
	return string(unicode.ToLower(first)) + s[size:]
}
