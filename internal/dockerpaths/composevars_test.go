package dockerpaths_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/dockerpaths"
)

func TestVariablesOfFiles(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"services: {x: {image: '$A:${B}${C:-${D:-e}}${E:?f}'}}":                                                        "A B C D E",
		"services: {x: {environment: [A, B=c, 'C=${D}']}}":                                                             "A D",
		"services: {x: {environment: {A: null, B: c, C: }}}":                                                           "A C",
		"services: {x: {build: {args: [A, B=c]}}, y: {build: .}}":                                                      "A",
		"services: {}\nsecrets: {s: {environment: A}}\nconfigs: {c: {environment: B}}":                                 "A B",
		"services: {x: {env_file: a}}":                                                                                 "| a",
		"services: {x: {env_file: [a, {path: b, required: false}]}}":                                                   "| a b",
		"services: {x: {environment: ['', A], env_file: ['', a], build: {args: {'': null}}}}\nsecrets: {s: {file: f}}": "A| a",
		"{ broken ${A}": "A",
	} {
		names, files := dockerpaths.ComposeVariables([]byte(text))
		slices.Sort(names)
		got := strings.Join(names, " ")
		if len(files) > 0 {
			got += "| " + strings.Join(files, " ")
		}
		if got != want {
			t.Errorf("ComposeVariables(%q) = %q, want %q", text, got, want)
		}
	}
	if got := dockerpaths.EnvFileVariables([]byte("A\n# B\nC=${D}\n\n E \n")); strings.Join(got, " ") != "D A E" {
		t.Errorf("EnvFileVariables() = %q, want D, A and E", got)
	}
	if got := dockerpaths.BakeVariables([]byte("variable \"A\" {}\n{\"variable\": {\"B\": {}}}")); !slices.Contains(got, "A") || !slices.Contains(got, "B") {
		t.Errorf("BakeVariables() = %q, want A and B", got)
	}
}
