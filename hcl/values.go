package hcl

import (
	"cmp"
	"fmt"
	"maps"
	"math/big"
	"net/netip"
	"slices"
	"strings"

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
	if x.value.Type() == cty.Number && x.Type() == TypeConstraint {
		hint = "write it in quotes; as a number 1.10 would be 1.1"
	}
	x.fail("is not "+x.Type().article(), "", hint)
}

// text is the value if it is a string.
func (x setting) text() (string, bool) {
	if x.value.Type() != cty.String {
		x.wrongType()
		return "", false
	}
	return x.value.AsString(), true
}

// parseText is a text that its check accepts, or one of its choices.
func (x setting) parseText() (string, bool) {
	text, ok := x.text()
	if !ok {
		return "", false
	}
	if len(x.Values) > 0 {
		return x.choice(text)
	}
	if problem, detail, hint := checkText(x.check, text); problem != "" {
		x.fail(problem, detail, hint)
		return "", false
	}
	return text, true
}

func (x setting) choice(text string) (string, bool) {
	if slices.Contains(x.Values, text) {
		return text, true
	}
	if now, ok := x.renamed[text]; ok {
		x.s.d.c.warn(x.at, fmt.Sprintf("%s %s is called %q now", x.Name, show(x.value), now),
			"The old word still works.", fmt.Sprintf("write %s = %q", x.Name, now))
		return now, true
	}
	detail := "It can be " + list(x.Values) + "."
	if len(x.Values) > 12 {
		detail = "It can be " + strings.Join(x.Values[:8], ", ") + " and others."
	}
	x.fail("is not known", detail, didYouMean(text, x.Values))
	return "", false
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

// parseBool is true or false.
func (x setting) parseBool() (bool, bool) {
	v, err := convert.Convert(x.value, cty.Bool)
	if err != nil || v.IsNull() {
		x.wrongType()
		return false, false
	}
	return v.True(), true
}

// parseInt is a whole number. A string of digits will do, because variables
// from the environment are strings.
func (x setting) parseInt() (int, bool) {
	v, err := x.value, error(nil)
	if v.Type() == cty.String && len(v.AsString()) < 20 {
		v, err = convert.Convert(v, cty.Number)
	}
	if err != nil || v.Type() != cty.Number {
		x.wrongType()
		return 0, false
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
		return int(n), true
	}
	return 0, false
}

func (x setting) parseConstraint() (string, bool) {
	text, ok := x.text()
	if !ok {
		return "", false
	}
	if _, err := version.NewConstraint(text); err != nil || len(text) > 200 {
		x.fail("is not a version constraint", `Constraints are written as in "1.2.0", ">= 1.0, < 2.0" or "~> 202510.26".`, "")
		return "", false
	}
	return text, true
}

func (x setting) parseAddress() (netip.Addr, bool) {
	text, ok := x.text()
	if !ok {
		return netip.Addr{}, false
	}
	a := x.address(x.at, text)
	return a, a.IsValid()
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
