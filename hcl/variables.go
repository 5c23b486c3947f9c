package hcl

import (
	"fmt"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// envPrefix begins the environment variables that give variables a value.
const envPrefix = "FBDOCK_VAR_"

// given is a value from outside: raw text, or typed from a file.
type given struct {
	origin string // what to call it: "-var", the name of a file
	raw    string
	isRaw  bool
	value  cty.Value
	place  Range
}

// declare makes symbols of the variables and locals of the file.
func (d *decoder) declare(root *scope, f file) {
	for _, b := range root.occurrences(f.variable) {
		if b.label == "" || b.again {
			continue
		}
		v := &variable{symbol: &symbol{name: "var." + b.label, place: b.at}, name: b.label, kind: cty.DynamicPseudoType}
		b.schema = variableSchema(v)
		b.read()
		d.eval.symbols[v.symbol.name] = v.symbol
		d.variables = append(d.variables, v)
	}
	for _, b := range root.occurrences(f.locals) {
		for _, a := range attributes(b.body) {
			place := rangeOf(a.NameRange)
			if d.once(root.labels, "local", a.Name, place) {
				d.eval.symbols["local."+a.Name] = &symbol{name: "local." + a.Name, place: place, expr: a.Expr}
				d.locals = append(d.locals, "local."+a.Name)
			}
		}
	}
}

// variable is one variable block.
type variable struct {
	*symbol
	name string
	// kind is the declared type, DynamicPseudoType for any.
	kind cty.Type
	// describe gives the description; nil where there is none.
	describe func() string
}

// variableSchema fills v. What a variable is described by and its default may
// name variables that are not declared yet, so neither is evaluated.
func variableSchema(v *variable) Block {
	return Block{
		Name: "variable", Label: "NAME", Many: true, check: variableName,
		Doc: "A value from outside, written `var.NAME`: from `-var NAME=VALUE`, else from a `-var-file`, " +
			"else from the environment as `FBDOCK_VAR_NAME`, else its default.",
		Attributes: []Attribute{
			{
				Name: "default", into: unevaluated(TypeAny, func(x setting) { v.expr = x.expr }), Example: `"6GiB"`,
				Doc: "the value when none is given; without it one must be given",
			},
			{
				Name: "description", into: later(&v.describe), Example: `"memory of the guest"`,
				Doc: "what it is for; shown when no value is given",
			},
			{
				Name: "type", into: unevaluated(TypeKind, v.setKind), Example: `string`,
				Doc: "`string`, `number`, `bool`, `list(string)`, `map(string)` ...; values are converted to it",
			},
		},
	}
}

func (v *variable) setKind(x setting) {
	kind, diags := typeexpr.TypeConstraint(x.expr)
	x.s.d.c.library(diags, x.at)
	if !diags.HasErrors() {
		v.kind = kind
	}
}

// description is evaluated even where nobody reads it, to tell of its mistakes.
func (v *variable) description() string {
	if v.describe == nil {
		return ""
	}
	return v.describe()
}

// assign gives the variables what comes from outside and settles them all,
// so that a mistake is told even where nothing uses the value.
func (d *decoder) assign() {
	from := d.outside()
	for _, v := range d.variables {
		description := v.description()
		g, ok := from[v.name]
		switch {
		case ok:
			d.take(v, g)
		case v.expr == nil:
			d.noValue(v, description)
		case v.kind != cty.DynamicPseudoType:
			expr := v.expr
			v.want = func(value cty.Value) (cty.Value, bool) {
				return d.as(value, v, rangeOf(expr.Range()))
			}
		}
	}
	for _, v := range d.variables {
		d.eval.settle(v.symbol, nil)
	}
	for _, name := range d.locals {
		d.eval.settle(d.eval.symbols[name], nil)
	}
}

func (d *decoder) noValue(v *variable, description string) {
	v.state = broken
	detail := ""
	if description != "" {
		detail = "It is: " + description
	}
	d.c.fail(v.place, fmt.Sprintf("variable %q has no value", v.name), detail,
		fmt.Sprintf("give it one with -var %s=..., with %s%s in the environment, or with a default", v.name, envPrefix, v.name))
}

// take puts a value from outside in the place of the default.
func (d *decoder) take(v *variable, g given) {
	v.origin = g.origin
	kind := v.kind
	if kind == cty.DynamicPseudoType && g.isRaw {
		kind = d.kindOfDefault(v)
	}
	v.expr = nil
	v.value = g.value
	if g.isRaw {
		value, ok := d.rawValue(kind, g)
		if !ok {
			v.state = broken
			return
		}
		v.value = value
	}
	v.want = func(value cty.Value) (cty.Value, bool) {
		u := *v
		u.kind = kind
		if g.isRaw && !kind.IsPrimitiveType() {
			u.kind = v.kind // a default tells only that an expression is meant
		}
		return d.as(value, &u, g.place)
	}
}

// kindOfDefault is what a text given for an untyped variable is to become.
func (d *decoder) kindOfDefault(v *variable) cty.Type {
	if v.expr == nil || len(v.expr.Variables()) > 0 {
		return cty.String
	}
	value, ok := d.eval.value(v.expr)
	if !ok || value.IsNull() {
		return cty.String
	}
	return value.Type()
}

// rawValue reads a text from the command line or the environment: words
// for simple types, an expression without names for lists and maps.
func (d *decoder) rawValue(kind cty.Type, g given) (cty.Value, bool) {
	text, ok := readable(g.place.File, []byte(g.raw), d.c)
	if !ok {
		return cty.NilVal, false
	}
	d.sources[g.place.File] = text
	if kind.IsPrimitiveType() {
		return cty.StringVal(string(text)), true
	}
	if !nesting(g.place.File, text, d.c) {
		return cty.NilVal, false
	}
	expr, diags := hclsyntax.ParseExpression(text, g.place.File, hclv2.InitialPos)
	d.c.library(diags, g.place)
	if diags.HasErrors() {
		return cty.NilVal, false
	}
	return d.literals().value(expr)
}

// literals is an evaluator that knows no names.
func (d *decoder) literals() *evaluator {
	return &evaluator{c: d.c, named: map[hclsyntax.Expression][]*symbol{}}
}

// as converts a value to the type of its variable.
func (d *decoder) as(value cty.Value, v *variable, place Range) (cty.Value, bool) {
	out, err := convert.Convert(value, v.kind)
	if err != nil {
		d.c.fail(place, fmt.Sprintf("the value of variable %q has the wrong type", v.name),
			fmt.Sprintf("It is %s, but must be %s: %v.", show(value), typeexpr.TypeString(v.kind), err), "")
		return cty.NilVal, false
	}
	return out, true
}

// once tells of the second of two things with one name.
func (d *decoder) once(first map[string]Range, kind, name string, at Range) bool {
	key := kind + " " + name
	before, taken := first[key]
	if !taken {
		first[key] = at
		return true
	}
	d.c.add(Diagnostic{
		Severity: Error, Range: at,
		Summary: fmt.Sprintf("there is another %s %s", kind, quote(name)),
		Hint:    "rename or remove one of them",
		Related: []Related{{Message: "the first is here", Range: before}},
	})
	return false
}
