package hcl_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/hcl"
)

// value evaluates an expression as a setting of the daemon, which takes all.
func value(expr string, opts hcl.Options) (string, hcl.Diagnostics) {
	text := "variable \"list\" { default = [1, 2, 3] }\nvariable \"none\" { default = null }\n" +
		"machine \"dev\" {\n  engine {\n    daemon = { value = " + expr + " }\n  }\n}\n"
	cfg, _, diags := hcl.Parse("fbdock.hcl", []byte(text), opts)
	if cfg == nil {
		return "", diags
	}
	out, err := json.Marshal(cfg.Machines[0].Engine.Daemon["value"])
	if err != nil {
		return err.Error(), diags
	}
	return string(out), diags
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	opts := given(map[string]string{"a.txt": "text\n"}, map[string]string{"USER": "jo", "LATIN": "caf\xe9"})
	tests := map[string]string{
		`1 + 2 * 3`:                                      `7`,
		`9007199254740993`:                               `9007199254740993`,
		`true && !false ? "y" : "n"`:                     `"y"`,
		`"${upper("a")}-${1}"`:                           `"A-1"`,
		`"%{if true}x%{else}y%{endif}"`:                  `"x"`,
		`[for x in var.list : x * 2]`:                    `[2,4,6]`,
		`{for x in ["a"] : x => upper(x)}`:               `{"a":"A"}`,
		`[for i, x in ["a", "b"] : "${i}${x}" if i > 0]`: `["1b"]`,
		`[{ a = 1 }, { a = 2 }][*].a`:                    `[1,2]`,
		`{ (lower("K")) = 1 }`:                           `{"k":1}`,
		`length(var.list)`:                               `3`,
		`length("日本")`:                                   `2`,
		`length({ a = 1 })`:                              `1`,
		`length(toset(["a", "a"]))`:                      `1`,
		`env("USER")`:                                    `"jo"`,
		`env("NONE", "else")`:                            `"else"`,
		`env("LATIN")`:                                   "\"caf\ufffd\"",
		`chomp(file("a.txt"))`:                           `"text"`,
		`merge({ a = 1 }, { b = 2 })`:                    `{"a":1,"b":2}`,
		`lookup({ a = 1 }, "b", 3)`:                      `3`,
		`coalesce(var.none, "x")`:                        `"x"`,
		`join("-", ["a", "b"])`:                          `"a-b"`,
		`split(",", "a,b")`:                              `["a","b"]`,
		`replace("a.b", ".", "-")`:                       `"a-b"`,
		`format("%s-%03d", "a", 7)`:                      `"a-007"`,
		`concat([1], [2])`:                               `[1,2]`,
		`jsonencode({ a = [1] })`:                        `"{\"a\":[1]}"`,
		`jsondecode("[1, null]")`:                        `[1,null]`,
		`trimspace(" a ")`:                               `"a"`,
		`min(3, 1, 2) + max(var.list...)`:                `4`,
		`[abs(-1), ceil(1.2), floor(1.8)]`:               `[1,2,1]`,
		`[tonumber("1"), tostring(2), tobool("true")]`:   `[1,"2",true]`,
		`sort(tolist(["b", "a"]))`:                       `["a","b"]`,
		`keys(zipmap(["a"], [1]))`:                       `["a"]`,
		`var.none`:                                       `null`,
	}
	for expr, want := range tests {
		if got, diags := value(expr, opts); got != want || len(diags) > 0 {
			t.Errorf("%s is %s, want %s; %v", expr, got, want, diags)
		}
	}
}

func TestExpressionsThatFail(t *testing.T) {
	t.Parallel()
	opts := given(map[string]string{"binary": "\x00"}, nil)
	tests := map[string]string{
		`length(1)`:                        "error in function call",
		`env()`:                            "not enough function arguments",
		`env("A", "b", "c")`:               "invalid function argument",
		`file("binary")`:                   "invalid function argument",
		`file("none")`:                     "invalid function argument",
		`var["list"]`:                      "var is not a value",
		`var.list[7]`:                      "invalid index",
		`local`:                            "local is not a value",
		`[for x in 1 : x]`:                 "iteration over non-iterable value",
		`[for var in [1] : var.x]`:         "unsupported attribute",
		`upper(nothing)`:                   `"nothing" is not a known name`,
		`provider::magic()`:                `there is no function "provider::magic"`,
		strings.Repeat("[", 200):           "the configuration nests too deeply",
		`1 ` + strings.Repeat("+ 1 ", 300): "the configuration nests too deeply",
		`1 + "one"`:                        "invalid operand",
		`{ a = 1, a = "${}" }`:             "invalid expression",
	}
	for expr, want := range tests {
		_, diags := value(expr, opts)
		if len(diags) != 1 || diags[0].Summary != want {
			t.Errorf("Parse() with the expression %s = %v, want %s", expr, diags, want)
		}
	}
}

// TestTwoMistakesOfOneExpression: each name is told, once.
func TestTwoMistakesOfOneExpression(t *testing.T) {
	t.Parallel()
	_, diags := value(`[var.a, var.b, uper("x"), var.a]`, hcl.Options{})
	if len(diags) != 3 {
		t.Errorf("Parse() with two mistakes in an expression: %d diagnostics, %v, want 3", len(diags), diags)
	}
}

func TestTypesOfVariables(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"type = string\n default = 1":                            `"1"`,
		"type = list(number)\n default = [\"1\"]":                `[1]`,
		"type = object({ a = string })\n default = {a=1}":        `{"a":"1"}`,
		"type = strin\n default = 1":                             "",
		"type = number\n default = \"one\"":                      "",
		"type = list(string)\n default = {}":                     "",
		"default = 1\n description = 7":                          "",
		"fallback = 1":                                           "",
		"default = [\"a\", 1, true, null, { b = [1.5] }]":        `["a",1,true,null,{"b":[1.5]}]`,
		"type = any\n default = upper(\"x\")":                    `"X"`,
		"description = \"d\"\n type = bool\n default = \"true\"": `true`,
	}
	for block, want := range tests {
		text := "variable \"v\" {\n " + block + "\n}\nmachine \"dev\" {\n  engine {\n    daemon = { value = var.v }\n  }\n}\n"
		cfg, _, diags := hcl.Parse("fbdock.hcl", []byte(text), hcl.Options{})
		if want == "" {
			if cfg != nil || diags[0].Range.Start.Line > 3 {
				t.Errorf("Parse() of the variable %q: diagnostics = %v, want an error in its first 3 lines and no configuration", block, diags)
			}
			continue
		}
		if cfg == nil {
			t.Errorf("Parse() of the variable %q = %v, want a configuration", block, diags)
			continue
		}
		if got, err := json.Marshal(cfg.Machines[0].Engine.Daemon["value"]); err != nil || string(got) != want {
			t.Errorf("value of the variable %q = %s, want %s; %v", block, got, want, err)
		}
	}
}
