package hcl

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// scope is one block of the file beside what the schema says of it.
type scope struct {
	d      *decoder
	schema Block
	body   *hclsyntax.Body
	// at is the head of the block; labelAt its label, or the head as well.
	at, labelAt Range
	label       string
	// again holds for a block whose label another one of its kind had before.
	again bool
	// labels are the places of the labels of the blocks within.
	labels map[string]Range
	// where and path record the places of values; nil where nobody asks.
	where map[string]Range
	path  string
}

func newScope(d *decoder, schema Block, body *hclsyntax.Body, at Range) *scope {
	return &scope{d: d, schema: schema, body: body, at: at, labels: map[string]Range{}}
}

// read takes what the block says to where the schema has it go, and then the
// blocks within it.
func (s *scope) read() {
	if s.schema.begin != nil {
		s.schema.begin(s)
	}
	s.record("", s.at)
	for _, a := range s.schema.Attributes {
		s.set(a)
	}
	for _, b := range s.schema.Blocks {
		for _, child := range s.occurrences(b) {
			child.read()
		}
	}
	if s.schema.end != nil {
		s.schema.end(s)
	}
}

// occurrences are the blocks of one kind in s, checked for label and number.
func (s *scope) occurrences(schema Block) []*scope {
	kind := schema.Name
	var found []*scope
	for _, b := range s.body.Blocks {
		if b.Type != kind {
			continue
		}
		at := rangeOf(b.DefRange())
		if !schema.Many && len(found) > 0 {
			s.d.c.add(Diagnostic{
				Severity: Error, Summary: "there is another " + kind + " block", Range: at,
				Hint:    "merge the two",
				Related: []Related{{Message: "the first is here", Range: found[0].at}},
			})
			continue
		}
		child := newScope(s.d, schema, b.Body, at)
		child.where, child.path = s.where, join(s.path, kind)
		if schema.Many {
			child.path = join(child.path, strconv.Itoa(len(found)))
		}
		child.takeLabel(b)
		child.names()
		if schema.Many && child.label != "" {
			child.again = !s.d.once(s.labels, kind, child.key(), child.labelAt)
		}
		found = append(found, child)
	}
	return found
}

// key is what no other block of the kind may have.
func (s *scope) key() string {
	if s.schema.key != nil {
		return s.schema.key(s.label)
	}
	return s.label
}

// valueAt is the place of an attribute's value, or of the block where it is not set.
func (s *scope) valueAt(name string) Range {
	if a, ok := s.body.Attributes[name]; ok {
		return rangeOf(a.Expr.Range())
	}
	return s.at
}

func join(path, name string) string {
	if path == "" || name == "" {
		return path + name
	}
	return path + "." + name
}

func (s *scope) record(name string, at Range) {
	if s.where == nil {
		return
	}
	s.where[join(s.path, name)] = at
}

func (s *scope) takeLabel(b *hclsyntax.Block) {
	s.labelAt = s.at
	if len(b.LabelRanges) > 0 {
		s.labelAt = rangeOf(b.LabelRanges[0])
	}
	kind, want := s.schema.Name, s.schema.Label
	switch {
	case want == "" && len(b.Labels) > 0:
		s.d.c.fail(s.labelAt, kind+" takes no label", "", "write "+kind+" { ... }")
		return
	case want == "":
		return
	case len(b.Labels) == 0:
		s.d.c.fail(s.at, kind+" needs a label", "", fmt.Sprintf("write %s %q { ... }", kind, want))
		return
	case len(b.Labels) > 1:
		s.d.c.fail(rangeOf(b.LabelRanges[1]), kind+" takes one label only", "", "")
	}
	s.label = b.Labels[0]
	if s.schema.check == nil {
		return
	}
	if problem, detail, hint := checkText(s.schema.check, s.label); problem != "" {
		s.d.c.fail(s.labelAt, fmt.Sprintf("%s %s %s", kind, quote(s.label), problem), detail, hint)
	}
}

// title names the block in messages: machine "dev", storage.
func (s *scope) title() string {
	switch {
	case s.schema.Name == "":
		return "the file"
	case s.label != "":
		return s.schema.Name + " " + quote(s.label)
	}
	return s.schema.Name
}

// names tells of every attribute and block that the schema does not know.
func (s *scope) names() {
	for _, a := range attributes(s.body) {
		if _, ok := s.schema.attribute(a.Name); ok || s.schema.Open {
			continue
		}
		s.d.c.fail(rangeOf(a.NameRange), fmt.Sprintf("%s has no attribute %s", s.title(), quote(a.Name)), "", s.attributeHint(a.Name))
	}
	for _, b := range s.body.Blocks {
		if _, ok := s.schema.block(b.Type); ok {
			continue
		}
		s.d.c.fail(rangeOf(b.TypeRange), fmt.Sprintf("%s has no block %s", s.title(), quote(b.Type)), "", s.blockHint(b.Type))
	}
}

func (s *scope) attributeHint(name string) string {
	if b, ok := s.schema.block(name); ok {
		return "it is a block: write " + usage(b)
	}
	if home := home(Schema(), name, "", false); home != "" && home != s.schema.Name {
		return fmt.Sprintf("%s belongs in %s { ... }", name, home)
	}
	var known []string
	for _, a := range s.schema.Attributes {
		known = append(known, a.Name)
	}
	return didYouMean(name, known)
}

func (s *scope) blockHint(name string) string {
	if a, ok := s.schema.attribute(name); ok {
		return fmt.Sprintf("it is an attribute: write %s = %s", name, a.Example)
	}
	if home := home(Schema(), name, "", true); home != "" && home != s.schema.Name {
		return fmt.Sprintf("%s belongs in %s { ... }", name, home)
	}
	var known []string
	for _, b := range s.schema.Blocks {
		known = append(known, b.Name)
	}
	return didYouMean(name, known)
}

func usage(b Block) string {
	if b.Label != "" {
		return fmt.Sprintf("%s %q { ... }", b.Name, b.Label)
	}
	return b.Name + " { ... }"
}

// home is the only block that has an attribute or block of this name, as
// it is written: "engine", `machine "NAME"`; "" when there are several.
func home(b Block, name, found string, block bool) string {
	has := false
	if block {
		_, has = b.block(name)
	} else {
		_, has = b.attribute(name)
	}
	if has && b.Name != "" {
		if found != "" {
			return ""
		}
		found = b.Name
	}
	for _, child := range b.Blocks {
		deeper := home(child, name, found, block)
		if found != "" && deeper == "" {
			return ""
		}
		found = deeper
	}
	return found
}

// attributes of a body in the order of the file.
func attributes(body *hclsyntax.Body) []*hclsyntax.Attribute {
	var list []*hclsyntax.Attribute
	for _, a := range body.Attributes {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b *hclsyntax.Attribute) int {
		return cmp.Compare(a.SrcRange.Start.Byte, b.SrcRange.Start.Byte)
	})
	return list
}
