package hcl_test

import (
	"fmt"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/hcl"
)

// costly are short texts that ask for more than there is.
func costly() map[string]string {
	nested := strings.Repeat("[", 1000) + strings.Repeat("]", 1000)
	loops := `"x"`
	for i := range 40 {
		loops = fmt.Sprintf(`[for v%d in [1,2,3,4] : %s]`, i, loops)
	}
	shared := `[v]`
	for range 60 {
		shared = `[for v in [[v, v]] : ` + shared + `]`
	}
	var strs, lists, numbers strings.Builder
	strs.WriteString("locals {\n  s0 = \"xxxxxxxxxx\"\n")
	lists.WriteString("locals {\n  s0 = [1]\n")
	numbers.WriteString("locals {\n  s0 = 1e99\n")
	for i := range 60 {
		fmt.Fprintf(&strs, "  s%d = \"${local.s%d}${local.s%d}\"\n", i+1, i, i)
		fmt.Fprintf(&lists, "  s%d = [local.s%d, local.s%d]\n", i+1, i, i)
		fmt.Fprintf(&numbers, "  s%d = local.s%d * local.s%d\n", i+1, i, i)
	}
	const end = "  end = \"${local.s60}\"\n}\nmachine \"dev\" {}\n"
	locals := func(expr string) string { return "locals {\n  x = " + expr + "\n}\nmachine \"dev\" {}\n" }
	return map[string]string{
		"nested lists":         locals(nested),
		"nested parentheses":   locals(strings.Repeat("(", 100_000)),
		"nested objects":       locals(strings.Repeat("{a=", 100_000)),
		"nested templates":     locals(strings.Repeat(`"${`, 100_000)),
		"nested blocks":        strings.Repeat("machine \"x\" {\n", 50_000),
		"negations":            locals(strings.Repeat("!", 100_000) + "true"),
		"minus signs":          locals(strings.Repeat("-", 100_000) + "1"),
		"sums":                 locals(strings.Repeat("1+", 100_000) + "1"),
		"conditions":           locals(strings.Repeat("true?1:", 100_000) + "1"),
		"indexes":              locals("[]" + strings.Repeat("[0]", 100_000)),
		"splats":               locals("[]" + strings.Repeat("[*]", 100_000)),
		"attribute splats":     locals("[]" + strings.Repeat(".*", 100_000)),
		"template ifs":         locals(`"` + strings.Repeat("%{if true}", 50_000) + `"`),
		"loops in loops":       locals(loops),
		"shared parts":         locals(`[for v in [1] : ` + shared + `]`),
		"doubled strings":      strs.String() + end,
		"doubled lists":        lists.String() + end,
		"squared numbers":      numbers.String() + end,
		"huge literal":         locals(`"${1e999999999}"`),
		"huge number in text":  locals(`"${-"1e999999999"}"`),
		"huge number decoded":  locals(`tostring(jsondecode("1e999999999"))`),
		"huge number to text":  locals(`upper(-"1e99999999")`),
		"wide format":          locals(`format("%999999999s", "x")`),
		"wide format by value": locals(`format("%*d%[9999999999]s", 1)`),
		"replace":              locals(`replace(replace(replace("` + strings.Repeat("a", 1000) + `", "a", "` + strings.Repeat("a", 1000) + `"), "a", "` + strings.Repeat("a", 1000) + `"), "a", "b")`),
		"join":                 locals(`join("` + strings.Repeat("a", 100_000) + `", [` + strings.Repeat(`"",`, 1000) + `])`),
		"many machines":        strings.Repeat("machine \"x\" {}\n", 60_000),
		"many mistakes":        "machine \"x\" {\n" + strings.Repeat("x {}\n", 100_000) + "}\n",
		"many variables":       chain(20_000),
		"one long line":        `machine "dev" { box = "` + strings.Repeat("x", 1_000_000) + `" }`,
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

// TestCost loads what asks for too much: it ends, within the memory of the
// stack and with a short message.
func TestCost(t *testing.T) {
	debug.SetMaxStack(256 << 20)
	for name, text := range costly() {
		t.Run(name, func(t *testing.T) {
			cfg, sources, diags := hcl.Parse("fbdock.hcl", []byte(text), hcl.Options{})
			checkResult(t, []byte(text), cfg, diags)
			var b strings.Builder
			if err := hcl.Write(&b, diags, sources, hcl.WriteOptions{}); err != nil {
				t.Fatal(err)
			}
			if b.Len() > 100_000 {
				t.Errorf("%d bytes are said", b.Len())
			}
		})
	}
}
