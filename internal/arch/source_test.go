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

// source is a Go file of the repository.
type source struct {
	*ast.File
	name  string // from the repository's root, with slashes
	files *token.FileSet
}

// at is where something is in the file: NAME:LINE.
func (s source) at(n ast.Node) token.Position {
	p := s.files.Position(n.Pos())
	p.Filename = s.name
	return p
}

// sources are the repository's Go files: its tests, or all others.
func sources(t *testing.T, tests bool) []source {
	t.Helper()
	root, files := filepath.Join("..", ".."), token.NewFileSet()
	var all []source
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != root {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") != tests {
			return nil
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = append(all, source{file, filepath.ToSlash(name), files})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 100 {
		t.Fatalf("%d Go files, want 100 or more", len(all))
	}
	return all
}
