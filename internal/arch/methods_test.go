package arch_test

import (
	"go/ast"
	"path"
	"testing"
)

// maxMethods is how many methods a type has at most. One with more does the
// work of several (issue 16).
const maxMethods = 40

// TestTypesStaySmall counts the methods of every type. One that several
// systems have each in a file of its own counts once.
func TestTypesStaySmall(t *testing.T) {
	t.Parallel()
	methods := map[string]map[string]bool{} // by folder and type
	for _, s := range sources(t, false) {
		for _, d := range s.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil {
				of := path.Dir(s.name) + "." + receiver(f.Recv.List[0].Type)
				if methods[of] == nil {
					methods[of] = map[string]bool{}
				}
				methods[of][f.Name.Name] = true
			}
		}
	}
	if len(methods) < 50 {
		t.Errorf("%d types have methods, want at least 50", len(methods))
	}
	for of, names := range methods {
		if len(names) > maxMethods {
			t.Errorf("%s has %d methods, want at most %d: give a part of them a type of their own", of, len(names), maxMethods)
		}
	}
}

// receiver is the name of a method's type.
func receiver(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.StarExpr:
		return receiver(t.X)
	case *ast.IndexExpr:
		return receiver(t.X)
	case *ast.Ident:
		return t.Name
	}
	return "?"
}
