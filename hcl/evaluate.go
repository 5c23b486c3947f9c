package hcl

import (
	"fmt"
	"slices"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// symbol is a variable or a local: something that expressions can name.
type symbol struct {
	name  string // as it is written: var.memory
	place Range
	// expr gives the value, unless one is known already.
	expr hclsyntax.Expression
	// want converts and checks the value; nil leaves it as it is.
	want  func(cty.Value) (cty.Value, bool)
	value cty.Value
	state state
	// origin tells where the value is from: "-var", "FBDOCK_VAR_x".
	origin string
}

// state of a symbol's value.
type state int

const (
	pending state = iota
	active        // its value is being worked out
	known
	broken // it has been told why
)

// evaluator gives expressions their values.
type evaluator struct {
	c         *collector
	functions map[string]function.Function
	symbols   map[string]*symbol // by name: var.x, local.y
	// named are the symbols of the expressions that were evaluated.
	named map[hclsyntax.Expression][]*symbol
}

// value evaluates expr. When that is impossible it tells why, unless what
// expr depends on has been told already.
func (e *evaluator) value(expr hclsyntax.Expression) (cty.Value, bool) {
	refs, ok := e.references(expr)
	if !ok || !e.knows(expr) {
		return cty.NilVal, false
	}
	e.named[expr] = refs
	scope := map[string]map[string]cty.Value{}
	for _, ref := range refs {
		if !e.settle(ref, nil) {
			return cty.NilVal, false
		}
		kind, name, _ := strings.Cut(ref.name, ".")
		if scope[kind] == nil {
			scope[kind] = map[string]cty.Value{}
		}
		scope[kind][name] = ref.value
	}
	ctx := &hclv2.EvalContext{Functions: e.functions, Variables: map[string]cty.Value{}}
	for kind, values := range scope {
		ctx.Variables[kind] = cty.ObjectVal(values)
	}
	place := rangeOf(expr.Range())
	v, diags := expr.Value(ctx)
	e.c.library(diags, place)
	if diags.HasErrors() {
		return cty.NilVal, false
	}
	if !v.IsWhollyKnown() {
		e.c.fail(place, "the expression has no known value", "", "")
		return cty.NilVal, false
	}
	return v, true
}

// references are the symbols that expr names.
func (e *evaluator) references(expr hclsyntax.Expression) ([]*symbol, bool) {
	var refs []*symbol
	ok := true
	for _, t := range expr.Variables() {
		s, found := e.reference(t)
		if !found {
			ok = false
			continue
		}
		refs = append(refs, s)
	}
	return refs, ok
}

func (e *evaluator) reference(t hclv2.Traversal) (*symbol, bool) {
	place, root := rangeOf(t.SourceRange()), t.RootName()
	if root != "var" && root != "local" {
		e.unknownName(place, t, root)
		return nil, false
	}
	var attr hclv2.TraverseAttr
	if len(t) > 1 {
		attr, _ = t[1].(hclv2.TraverseAttr)
	}
	if attr.Name == "" {
		e.c.fail(place, root+" is not a value", "", "write "+root+".NAME")
		return nil, false
	}
	name := root + "." + attr.Name
	if s, ok := e.symbols[name]; ok {
		return s, true
	}
	var names []string
	for n := range e.symbols {
		if strings.HasPrefix(n, root+".") {
			names = append(names, n)
		}
	}
	kind := "variable"
	hint := fmt.Sprintf("declare it: variable %q {}", attr.Name)
	if root == "local" {
		kind, hint = "local", fmt.Sprintf("declare it: locals { %s = ... }", attr.Name)
	}
	if near := didYouMean(name, sorted(names)); near != "" {
		hint = near
	}
	e.c.fail(place, fmt.Sprintf("there is no %s %s", kind, quote(attr.Name)), "", hint)
	return nil, false
}

// unknownName is a bare word; most often it lacks quotes.
func (e *evaluator) unknownName(place Range, t hclv2.Traversal, root string) {
	hint := "write it in quotes if it is a text: " + quote(root)
	if _, ok := e.symbols["var."+root]; ok {
		hint = "did you mean var." + root + "?"
	} else if len(t) > 1 {
		hint = "names are written var.NAME or local.NAME"
	}
	e.c.fail(place, fmt.Sprintf("%s is not a known name", quote(root)), "", hint)
}

// knows checks the names of the functions that expr calls.
func (e *evaluator) knows(expr hclsyntax.Expression) bool {
	ok := true
	// The callback reports nothing, so neither does the walk.
	_ = hclsyntax.VisitAll(expr, func(n hclsyntax.Node) hclv2.Diagnostics {
		call, isCall := n.(*hclsyntax.FunctionCallExpr)
		if !isCall {
			return nil
		}
		if _, found := e.functions[call.Name]; !found {
			ok = false
			e.c.fail(rangeOf(call.NameRange), "there is no function "+quote(call.Name), "",
				didYouMean(call.Name, sortedKeys(e.functions)))
		}
		return nil
	})
	return ok
}

// settle works out the value of s; chain are the symbols that wait for it.
func (e *evaluator) settle(s *symbol, chain []*symbol) bool {
	switch s.state {
	case known:
		return true
	case broken:
		return false
	case active:
		e.cycle(s, chain)
		return false
	}
	s.state = active
	chain = append(chain, s)
	if !e.settleNext(s, chain) {
		s.state = broken
		return false
	}
	s.state = known
	return true
}

func (e *evaluator) settleNext(s *symbol, chain []*symbol) bool {
	if s.expr != nil {
		refs, ok := e.references(s.expr)
		if !ok {
			return false
		}
		for _, ref := range refs {
			if !e.settle(ref, chain) {
				return false
			}
		}
		if s.value, ok = e.value(s.expr); !ok {
			return false
		}
	}
	if s.want != nil {
		var ok bool
		s.value, ok = s.want(s.value)
		return ok
	}
	return true
}

// cycle tells of symbols that need each other; each is broken afterwards.
func (e *evaluator) cycle(s *symbol, chain []*symbol) {
	var names []string
	for _, link := range chain[max(0, slices.Index(chain, s)):] {
		names = append(names, link.name)
	}
	names = append(names, s.name)
	if len(names) > 12 {
		names = append(append(names[:6:6], "..."), names[len(names)-5:]...)
	}
	e.c.fail(s.place, s.name+" needs its own value", strings.Join(names, " -> "), "")
}

// origins tells what the variables in expr are, for the detail of a
// diagnostic: the text at its place shows only their names.
func (e *evaluator) origins(expr hclsyntax.Expression) string {
	var told []string
	seen := map[*symbol]bool{}
	for _, s := range e.named[expr] {
		if s.state != known || seen[s] || len(told) == 3 {
			continue
		}
		seen[s] = true
		text := s.name + " is " + show(s.value)
		if s.origin != "" {
			text += ", from " + s.origin
		}
		told = append(told, text+".")
	}
	return strings.Join(told, " ")
}
