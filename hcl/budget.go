package hcl

import (
	"fmt"
	"math/big"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// budget bounds the work that the expressions of one file can ask for. A
// few lines can otherwise ask for anything: lists of lists of lists, nested
// "for", strings that double. Each value that comes up on the way is paid
// for by its size; when nothing is left, evaluation ends with an error.
type budget struct {
	left int
	told bool
}

const (
	// evaluationBudget is in bytes of strings and elements of collections.
	evaluationBudget = 4 << 20
	// maxExponent is of base 2; it keeps the decimal form of a number short.
	maxExponent = 4096
)

// spend pays for v. It fails when v is larger than what is left, or has a
// number that cannot be written down.
func (b *budget) spend(v cty.Value) error {
	b.measure(v)
	if b.left < 0 {
		return fmt.Errorf("the expressions of this file ask for too much work or memory")
	}
	return nil
}

// measure takes the size of v from what is left and stops as soon as
// nothing is: a value may share its parts and unfold exponentially.
func (b *budget) measure(v cty.Value) {
	b.left--
	if b.left < 0 || v == cty.NilVal || v.IsMarked() || v.IsNull() || !v.IsKnown() {
		return
	}
	switch t := v.Type(); {
	case t == cty.String:
		b.left -= len(v.AsString())
	case t == cty.Number:
		b.left -= numberCost(v.AsBigFloat())
	case t.IsCollectionType(), t.IsTupleType(), t.IsObjectType():
		for it := v.ElementIterator(); b.left >= 0 && it.Next(); {
			key, element := it.Element()
			b.measure(key)
			b.measure(element)
		}
	}
}

func numberCost(f *big.Float) int {
	if e := f.MantExp(nil); e > maxExponent || e < -maxExponent {
		return evaluationBudget + 1
	}
	return 1
}

// bounded is an expression whose value is paid for. It has all of the
// wrapped expression's methods but Value.
type bounded struct {
	hclsyntax.Expression
	budget *budget
}

func (e bounded) Value(ctx *hclv2.EvalContext) (cty.Value, hclv2.Diagnostics) {
	if e.budget.left < 0 {
		return e.refuse()
	}
	v, diags := e.Expression.Value(ctx)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	if err := e.budget.spend(v); err != nil {
		return e.refuse()
	}
	return v, diags
}

// refuse says so once; the loops on the way out would repeat it.
func (e bounded) refuse() (cty.Value, hclv2.Diagnostics) {
	if e.budget.told {
		return cty.DynamicVal, nil
	}
	e.budget.told = true
	return cty.DynamicVal, hclv2.Diagnostics{{
		Severity: hclv2.DiagError,
		Summary:  "the expression is too costly",
		Detail:   "It makes a value, or a number of values, that no configuration needs.",
		Subject:  e.Range().Ptr(),
	}}
}

// bind wraps every expression within expr that can multiply work. It must
// come after expr.Variables(), which does not see through the wrapping.
func (b *budget) bind(expr hclsyntax.Expression) hclsyntax.Expression {
	var nodes []hclsyntax.Node
	// The callback reports nothing, so neither does the walk.
	_ = hclsyntax.VisitAll(expr, func(n hclsyntax.Node) hclv2.Diagnostics {
		nodes = append(nodes, n)
		return nil
	})
	for _, n := range nodes {
		b.bindNode(n)
	}
	return bounded{expr, b}
}

func (b *budget) bindNode(n hclsyntax.Node) {
	switch e := n.(type) {
	case *hclsyntax.ForExpr:
		b.wrap(&e.CollExpr, &e.KeyExpr, &e.ValExpr, &e.CondExpr)
	case *hclsyntax.TemplateExpr:
		for i := range e.Parts {
			if !isStringLiteral(e.Parts[i]) {
				b.wrap(&e.Parts[i])
			}
		}
	case *hclsyntax.TemplateJoinExpr:
		b.wrap(&e.Tuple)
	case *hclsyntax.FunctionCallExpr:
		for i := range e.Args {
			b.wrap(&e.Args[i])
		}
	case *hclsyntax.ConditionalExpr:
		b.wrap(&e.Condition, &e.TrueResult, &e.FalseResult)
	case *hclsyntax.BinaryOpExpr:
		b.wrap(&e.LHS, &e.RHS)
	case *hclsyntax.UnaryOpExpr:
		b.wrap(&e.Val)
	case *hclsyntax.SplatExpr:
		b.wrap(&e.Source)
	case *hclsyntax.IndexExpr:
		b.wrap(&e.Key)
	case *hclsyntax.ObjectConsKeyExpr:
		// A bare name as key is told from a reference by its type.
		if e.ForceNonLiteral {
			b.wrap(&e.Wrapped)
		}
	}
}

func (b *budget) wrap(fields ...*hclsyntax.Expression) {
	for _, f := range fields {
		if *f != nil {
			*f = bounded{*f, b}
		}
	}
}

func isStringLiteral(e hclsyntax.Expression) bool {
	lit, ok := e.(*hclsyntax.LiteralValueExpr)
	return ok && lit.Val.Type() == cty.String
}
