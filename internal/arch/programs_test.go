package arch_test

import (
	"go/ast"
	"go/parser"
	"strconv"
	"testing"
)

// TestProgramsAreWrittenForTests keeps os.WriteFile and os.OpenFile from
// writing the programs that tests run: another test's process may hold such a
// file open, and its start fails then, now and again. Tests write them with
// internal/run/runtest.
func TestProgramsAreWrittenForTests(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t, true) {
		ast.Inspect(s.File, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && writesProgram(call) {
				t.Errorf("%s writes a program, want runtest.WriteProgram", s.at(call))
			}
			return true
		})
	}
}

// writesProgram tells whether a call of os.WriteFile or os.OpenFile has a
// literal mode that lets somebody run the file.
func writesProgram(call *ast.CallExpr) bool {
	fun, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || len(call.Args) == 0 {
		return false
	}
	if from, ok := fun.X.(*ast.Ident); !ok || from.Name != "os" || (fun.Sel.Name != "WriteFile" && fun.Sel.Name != "OpenFile") {
		return false
	}
	mode, ok := call.Args[len(call.Args)-1].(*ast.BasicLit)
	if !ok {
		return false
	}
	bits, err := strconv.ParseInt(mode.Value, 0, 64)
	return err == nil && bits&0o111 != 0
}

// TestWritesProgram shows the rule above what it refuses, and what it does not.
func TestWritesProgram(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"os.WriteFile(f, d, 0o700)":          true,
		"os.WriteFile(f, d, 0755)":           true,
		"os.OpenFile(f, os.O_CREATE, 0o711)": true,
		"os.WriteFile(f, d, 0o600)":          false,
		"os.Mkdir(f, 0o700)":                 false,
		"runtest.WriteProgram(f, d, 0o700)":  false,
		"os.OpenFile(f, os.O_RDONLY, 0)":     false,
		"c.OpenFile(f, os.O_CREATE, 0o755)":  false,
	} {
		expr, err := parser.ParseExpr(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := writesProgram(expr.(*ast.CallExpr)); got != want {
			t.Errorf("writesProgram(%s) = %t, want %t", text, got, want)
		}
	}
}
