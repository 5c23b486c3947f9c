package hcl_test

import (
	"fmt"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/hcl"
)

// deep are texts that nest, chain or repeat more than any configuration does.
func deep() map[string]string {
	nested := strings.Repeat("[", 1000) + strings.Repeat("]", 1000)
	locals := func(expr string) string { return "locals {\n  x = " + expr + "\n}\nmachine \"dev\" {}\n" }
	return map[string]string{
		"nested lists":       locals(nested),
		"nested parentheses": locals(strings.Repeat("(", 100_000)),
		"nested objects":     locals(strings.Repeat("{a=", 100_000)),
		"nested templates":   locals(strings.Repeat(`"${`, 100_000)),
		"nested blocks":      strings.Repeat("machine \"x\" {\n", 50_000),
		"negations":          locals(strings.Repeat("!", 100_000) + "true"),
		"minus signs":        locals(strings.Repeat("-", 100_000) + "1"),
		"sums":               locals(strings.Repeat("1+", 100_000) + "1"),
		"conditions":         locals(strings.Repeat("true?1:", 100_000) + "1"),
		"indexes":            locals("[]" + strings.Repeat("[0]", 100_000)),
		"splats":             locals("[]" + strings.Repeat("[*]", 100_000)),
		"attribute splats":   locals("[]" + strings.Repeat(".*", 100_000)),
		"template ifs":       locals(`"` + strings.Repeat("%{if true}", 50_000) + `"`),
		"many machines":      strings.Repeat("machine \"x\" {}\n", 60_000),
		"many mistakes":      "machine \"x\" {\n" + strings.Repeat("x {}\n", 100_000) + "}\n",
		"many variables":     chain(20_000),
		"one long line":      `machine "dev" { box = "` + strings.Repeat("x", 1_000_000) + `" }`,
	}
}

func chain(n int) string {
	var b strings.Builder
	b.WriteString("variable \"v0\" { default = 1 }\n")
	for i := range n {
		fmt.Fprintf(&b, "variable \"v%d\" { default = var.v%d }\n", i+1, i)
	}
	b.WriteString("machine \"dev\" { cpus = var.v" + fmt.Sprint(n) + " }\n")
	return b.String()
}

// TestDepth loads files nested too deeply: each ends, within the memory of the
// stack and with a short message.
func TestDepth(t *testing.T) {
	debug.SetMaxStack(256 << 20)
	for name, text := range deep() {
		t.Run(name, func(t *testing.T) {
			cfg, sources, diags := hcl.Parse("fbdock.hcl", []byte(text), hcl.Options{})
			checkResult(t, []byte(text), cfg, diags)
			var b strings.Builder
			if err := hcl.Write(&b, diags, sources, hcl.WriteOptions{}); err != nil {
				t.Fatal(err)
			}
			if b.Len() > 100_000 {
				t.Errorf("output = %d bytes, want at most 100000", b.Len())
			}
		})
	}
}
