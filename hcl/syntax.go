package hcl

import (
	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// What the library calls two mistakes that want other words, or fewer.
const (
	setTwice  = "Attribute redefined"
	multiLine = "Invalid multi-line string"
)

// parse turns one file into its syntax tree. Without one there is nothing
// to go on with; an attribute that is set twice alone does not stop it.
func (d *decoder) parse(filename string, src []byte) (*hclsyntax.Body, bool) {
	text, ok := readable(filename, src, d.c)
	if !ok {
		return nil, false
	}
	d.sources[filename] = text
	if !nesting(filename, text, d.c) {
		return nil, false
	}
	file, found := hclsyntax.ParseConfig(text, filename, hclv2.InitialPos)
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok {
		d.c.library(found, startOf(filename))
		return nil, false
	}
	for _, f := range withoutCascades(found) {
		if f.Summary == setTwice && f.Subject != nil {
			d.setTwice(body, rangeOf(*f.Subject))
			continue
		}
		ok = false
		d.c.library(hclv2.Diagnostics{f}, startOf(filename))
	}
	return body, ok
}

// withoutCascades leaves out what the parser says only because of what it
// said before: several things of one place, and a quote that is not closed
// on each line that follows.
func withoutCascades(found hclv2.Diagnostics) hclv2.Diagnostics {
	var kept hclv2.Diagnostics
	last := hclv2.Range{}
	open := false
	for _, f := range found {
		if f.Subject != nil {
			if f.Subject.Start == last.Start && len(kept) > 0 {
				continue
			}
			last = *f.Subject
		}
		if f.Summary == multiLine && open {
			continue
		}
		open = f.Summary == multiLine
		kept = append(kept, f)
	}
	return kept
}

// setTwice tells of an attribute that its block has already.
func (d *decoder) setTwice(body *hclsyntax.Body, second Range) {
	x := Diagnostic{
		Severity: Error, Summary: "the attribute is set twice", Range: second, Hint: "keep one of them",
	}
	name := string(d.sources[second.File][second.Start.Byte:second.End.Byte])
	if a, ok := holder(body, second.Start.Byte).Attributes[name]; ok {
		x.Summary = name + " is set twice"
		x.Related = []Related{{Message: "the first is here", Range: rangeOf(a.NameRange)}}
	}
	d.c.add(x)
}

// holder is the innermost body around an offset.
func holder(body *hclsyntax.Body, offset int) *hclsyntax.Body {
	for _, b := range body.Blocks {
		if b.TypeRange.Start.Byte <= offset && offset < b.CloseBraceRange.End.Byte {
			return holder(b.Body, offset)
		}
	}
	return body
}

// MachineNames are the labels of machine blocks, as far as the text can be
// parsed.
func MachineNames(src []byte) []string {
	body, _ := newDecoder("", Options{}).parse("", src)
	if body == nil {
		return nil
	}
	var names []string
	for _, b := range body.Blocks {
		if b.Type == "machine" && len(b.Labels) == 1 {
			names = append(names, b.Labels[0])
		}
	}
	return names
}
