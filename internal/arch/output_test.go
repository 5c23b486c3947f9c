package arch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestOutputIsCollectedInOnePlace: what a command in a guest writes is
// collected by link.Client.Output alone, which bounds it. A command whose
// stream goes to a variable by its address (a bytes.Buffer) collects by itself.
func TestOutputIsCollectedInOnePlace(t *testing.T) {
	t.Parallel()
	files := token.NewFileSet()
	seen := 0
	err := filepath.WalkDir("../..", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
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
					t.Errorf("%s collects the output of a command, want Output of internal/link", files.Position(field.Pos()))
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
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
