package arch_test

import (
	"go/ast"
	"testing"
)

// TestOutputIsCollectedInOnePlace: what a command in a guest writes is
// collected by link.Client.Output alone, which bounds it. A command whose
// stream goes to a variable by its address (a bytes.Buffer) collects by itself.
func TestOutputIsCollectedInOnePlace(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, s := range sources(t, false) {
		ast.Inspect(s.File, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if !ok || !isCommand(literal.Type) {
				return true
			}
			seen++
			for _, e := range literal.Elts {
				field, ok := e.(*ast.KeyValueExpr)
				if !ok {
					continue
				}
				key, _ := field.Key.(*ast.Ident)
				_, address := field.Value.(*ast.UnaryExpr)
				if key != nil && (key.Name == "Stdout" || key.Name == "Stderr") && address {
					t.Errorf("%s collects the output of a command, want Output of internal/link", s.at(field))
				}
			}
			return true
		})
	}
	if seen < 10 {
		t.Errorf("commands seen = %d, want 10 or more", seen)
	}
}

// isCommand tells whether a type is written link.Command.
func isCommand(t ast.Expr) bool {
	s, ok := t.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	p, ok := s.X.(*ast.Ident)
	return ok && p.Name == "link" && s.Sel.Name == "Command"
}
