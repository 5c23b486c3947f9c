package hcl

import (
	"cmp"
	"fmt"
	"maps"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// setting is one attribute of the file with its value.
type setting struct {
	Attribute
	s     *scope
	expr  hclsyntax.Expression
	at    Range
	value cty.Value
}

// get evaluates an attribute; ok is false when it is not set, is null, or
// has been told to be wrong.
func (s *scope) get(name string) (setting, bool) {
	schema, ok := s.schema.attribute(name)
	if !ok {
		panic("hcl: no attribute " + name + " in the schema of " + s.schema.Name)
	}
	a, ok := s.body.Attributes[name]
	if !ok {
		return setting{}, false
	}
	x := setting{Attribute: schema, s: s, expr: a.Expr, at: rangeOf(a.Expr.Range())}
	s.record(name, x.at)
	if x.value, ok = s.d.eval.value(a.Expr); !ok || x.value.IsNull() {
		return setting{}, false
	}
	return x, true
}

// fail tells what is wrong with the value, and what its variables are.
func (x setting) fail(problem, detail, hint string) {
	x.failAt(x.at, x.value, problem, detail, hint)
}

func (x setting) failAt(at Range, value cty.Value, problem, detail, hint string) {
	detail = strings.TrimSpace(detail + " " + x.s.d.eval.origins(x.expr))
	x.s.d.c.fail(at, fmt.Sprintf("%s %s %s", x.Name, show(value), problem), detail, hint)
}

// article is the type with its article.
func (t Type) article() string {
	switch t {
	case TypeBool:
		return string(t)
	case TypeNetwork, TypeAddress, TypeObject:
		return "an " + string(t)
	}
	return "a " + string(t)
}

func (x setting) wrongType() {
	hint := "write it as in " + x.Name + " = " + x.Example
	if x.value.Type() == cty.Number && x.Type == TypeConstraint {
		hint = "write it in quotes; as a number 1.10 would be 1.1"
	}
	x.fail("is not "+x.Type.article(), "", hint)
}

// text is the value if it is a string.
func (x setting) text() (string, bool) {
	if x.value.Type() != cty.String {
		x.wrongType()
		return "", false
	}
	return x.value.AsString(), true
}

// String is the text of an attribute, "" when there is none.
// Duration is 0 when it is not set, or wrong.
func (s *scope) Duration(name string) time.Duration {
	d, err := time.ParseDuration(s.String(name))
	if err != nil {
		return 0
	}
	return d
}

func (s *scope) String(name string) string {
	x, ok := s.get(name)
	if !ok {
		return ""
	}
	text, ok := x.text()
	if !ok {
		return ""
	}
	if len(x.Values) > 0 {
		return x.choice(text)
	}
	if problem, detail, hint := checkText(x.check, text); problem != "" {
		x.fail(problem, detail, hint)
		return ""
	}
	return text
}

func (x setting) choice(text string) string {
	if slices.Contains(x.Values, text) {
		return text
	}
	if now, ok := x.renamed[text]; ok {
		x.s.d.c.warn(x.at, fmt.Sprintf("%s %s is called %q now", x.Name, show(x.value), now),
			"The old word still works.", fmt.Sprintf("write %s = %q", x.Name, now))
		return now
	}
	detail := "It can be " + list(x.Values) + "."
	if len(x.Values) > 12 {
		detail = "It can be " + strings.Join(x.Values[:8], ", ") + " and others."
	}
	x.fail("is not known", detail, didYouMean(text, x.Values))
	return ""
}

// checkText applies a check, after what holds for every text: a NUL byte
// ends strings in shells, environments and C.
func checkText(c check, text string) (problem, detail, hint string) {
	if strings.ContainsRune(text, 0) {
		return "has a NUL character", "", ""
	}
	if c == nil {
		return "", "", ""
	}
	return c(text)
}

// Bool is an attribute that is true or false.
func (s *scope) Bool(name string) bool {
	x, ok := s.get(name)
	if !ok {
		return false
	}
	v, err := convert.Convert(x.value, cty.Bool)
	if err != nil || v.IsNull() {
		x.wrongType()
		return false
	}
	return v.True()
}

// Int is a whole number, 0 when there is none. A string of digits will do,
// because variables from the environment are strings.
func (s *scope) Int(name string) int {
	x, ok := s.get(name)
	if !ok {
		return 0
	}
	v, err := x.value, error(nil)
	if v.Type() == cty.String && len(v.AsString()) < 20 {
		v, err = convert.Convert(v, cty.Number)
	}
	if err != nil || v.Type() != cty.Number {
		x.wrongType()
		return 0
	}
	most := int64(cmp.Or(x.Max, 1024))
	n, accuracy := v.AsBigFloat().Int64()
	switch {
	case accuracy != big.Exact && n > 0 && n < most:
		x.fail("is not a whole number", "", "")
	case n < int64(x.Min):
		x.fail("is too small", fmt.Sprintf("It must be at least %d.", x.Min), "")
	case n > most:
		x.fail("is too large", fmt.Sprintf("It may be at most %d.", most), "")
	default:
		return int(n)
	}
	return 0
}

// Constraint is a version constraint.
func (s *scope) Constraint(name string) string {
	x, ok := s.get(name)
	if !ok {
		return ""
	}
	text, ok := x.text()
	if !ok {
		return ""
	}
	if _, err := version.NewConstraint(text); err != nil || len(text) > 200 {
		x.fail("is not a version constraint", `Constraints are written as in "1.2.0", ">= 1.0, < 2.0" or "~> 202510.26".`, "")
		return ""
	}
	return text
}

// Address is an IP address.
func (s *scope) Address(name string) netip.Addr {
	x, ok := s.get(name)
	if !ok {
		return netip.Addr{}
	}
	text, ok := x.text()
	if !ok {
		return netip.Addr{}
	}
	return x.address(x.at, text)
}

func (x setting) address(at Range, text string) netip.Addr {
	a, err := netip.ParseAddr(text)
	switch {
	case err != nil:
		x.failAt(at, cty.StringVal(text), "is not an IP address", `It is written as in "127.0.0.1" or "::1".`, "")
	case a.IsMulticast() || a.Is4In6():
		x.failAt(at, cty.StringVal(text), "cannot be used", "It is a multicast or mapped address.", "")
		return netip.Addr{}
	}
	return a
}

// show is a value as one would write it, in brief.
func show(v cty.Value) string {
	switch {
	case v == cty.NilVal || !v.IsKnown():
		return "(unknown)"
	case v.IsNull():
		return "null"
	case v.Type() == cty.String:
		return quote(v.AsString())
	case v.Type() == cty.Number:
		f := v.AsBigFloat()
		if f.IsInt() && f.MantExp(nil) < 64 {
			return f.Text('f', 0)
		}
		return f.Text('g', 10)
	case v.Type() == cty.Bool:
		return fmt.Sprint(v.True())
	}
	return "(" + kindOf(v) + ")"
}

// kindOf names the kind of a value that has elements.
func kindOf(v cty.Value) string {
	if t := v.Type(); t.IsObjectType() || t.IsMapType() {
		return "an object"
	}
	return "a list"
}

func sorted(words []string) []string { return slices.Sorted(slices.Values(words)) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
