package arch_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testFunc  = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	namedTest = regexp.MustCompile("`(?:(\\w+)\\.([A-Z]\\w+)|(\\w+\\.txtar))`")
)

// TestThreatsNameTheirTests: each line of the boundaries in docs/security.md
// names tests that prove it, and all of them exist (issue 12, line 11).
func TestThreatsNameTheirTests(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(root, "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, begins := bytes.Cut(text, []byte("\n## The boundaries\n"))
	text, _, ends := bytes.Cut(text, []byte("\n## "))
	if !begins || !ends {
		t.Fatal("docs/security.md has no section of the boundaries, want one")
	}
	tests := testsByPackage(t, root)
	lines := strings.Split(string(text), "\n- ")[1:]
	if len(lines) < 20 {
		t.Errorf("the boundaries have %d lines, want at least 20", len(lines))
	}
	for _, line := range lines {
		title, _, _ := strings.Cut(line, "\n")
		line, _, _ = strings.Cut(line, "\n#")
		names := namedTest.FindAllStringSubmatch(line, -1)
		if len(names) == 0 {
			t.Errorf("%q names no test, want one that proves it", title)
		}
		for _, n := range names {
			if script := n[3]; script != "" {
				if _, err := os.Stat(filepath.Join(root, "cmd", "fbdock", "testdata", "script", script)); err != nil {
					t.Errorf("%q names a script: %v, want an existing one", title, err)
				}
			} else if !tests[n[1]+"."+n[2]] {
				t.Errorf("%q names %s.%s, want an existing test", title, n[1], n[2])
			}
		}
	}
}

// testsByPackage are the tests and fuzz targets of the repository, as
// folder.Name.
func testsByPackage(t *testing.T, root string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, depth := range []string{"*", "*/*", "*/*/*", "*/*/*/*"} {
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(depth), "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range testFunc.FindAllStringSubmatch(string(text), -1) {
				found[filepath.Base(filepath.Dir(file))+"."+name[1]] = true
			}
		}
	}
	return found
}
