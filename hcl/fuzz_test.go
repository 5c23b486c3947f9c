package hcl_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/fbdock/fbdock/hcl"
)

func seed(f *testing.F) {
	f.Helper()
	files, err := filepath.Glob(filepath.Join(configs, "*.hcl"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add(hcl.Template(hcl.TemplateOptions{}))
	// The texts of TestDepth would slow the fuzzer down; these are small ones of their kind.
	f.Add([]byte(`locals { x = [for a in [1, 2] : {for k, v in {b = a} : k => "${v}" if v != 1}] }`))
	f.Add([]byte(`locals { x = "%{if true}${1 + -2 * 3}%{else}%{for x in [1]}${x}%{endfor}%{endif}" }`))
	f.Add([]byte("variable \"a\" {\n  type = list(object({ b = optional(string) }))\n  default = [][*].b[0]\n}\n"))
}

// FuzzLoad holds the loader to its word: whatever the text, it ends soon,
// with a configuration or with an error that has a place in the file, and
// what is written about it cannot steer a terminal.
func FuzzLoad(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		opts := hcl.Options{
			Version:   "1.2.3",
			Env:       func(name string) (string, bool) { return "1", strings.HasSuffix(name, "a") },
			ReadFile:  func(string) ([]byte, error) { return nil, os.ErrNotExist },
			ReadNamed: func(string, string) ([]byte, error) { return nil, os.ErrNotExist },
		}
		cfg, sources, diags := hcl.Parse("fbdock.hcl", src, opts)
		checkResult(t, src, cfg, diags)
		var b bytes.Buffer
		if err := hcl.Write(&b, diags, sources, hcl.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		if bytes.ContainsAny(b.Bytes(), "\x1b\r\x07\x00") {
			t.Errorf("output has control characters, want none: %q", b.String())
		}
		if err := hcl.WriteJSON(io.Discard, diags, sources); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzFormat: formatting twice is formatting once, and the file says the
// same before and after.
func FuzzFormat(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		once, diags := hcl.Format("fbdock.hcl", src)
		if diags.HasErrors() {
			if once != nil {
				t.Fatal("Format() of text with errors gave text, want none")
			}
			return
		}
		twice, diags := hcl.Format("fbdock.hcl", once)
		if diags.HasErrors() {
			t.Fatalf("Format() of formatted text: %v, want no errors:\n%s", diags, once)
		}
		if !bytes.Equal(once, twice) {
			t.Fatalf("Format() gave\n%s\nand of that\n%s\nwant the same", once, twice)
		}
		if a, b := words(bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))), words(once); a != b {
			t.Fatalf("Format() of\n%s\ngave\n%s\nwant the same words", a, b)
		}
	})
}

// words are the tokens of a text that carry meaning.
func words(src []byte) string {
	tokens, _ := hclsyntax.LexConfig(src, "", hclv2.InitialPos)
	var b strings.Builder
	for _, t := range tokens {
		text := t.Bytes
		if t.Type == hclsyntax.TokenComment || t.Type == hclsyntax.TokenCHeredoc {
			text = bytes.TrimSpace(text)
		}
		b.WriteString(string(rune(t.Type)) + string(text) + "\n")
	}
	return b.String()
}
