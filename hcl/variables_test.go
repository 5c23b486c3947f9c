package hcl_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/hcl"
)

const variables = `
variable "box" { default = "a/default" }
variable "cpus" {
  type    = number
  default = 1
}
variable "mirrors" { default = [] }
machine "dev" {
  box  = var.box
  cpus = var.cpus
  engine { registry_mirrors = var.mirrors }
}
`

// given is an Options whose files and environment are maps.
func given(files, env map[string]string) hcl.Options {
	read := func(path string) ([]byte, error) {
		if text, ok := files[path]; ok {
			return []byte(text), nil
		}
		return nil, os.ErrNotExist
	}
	return hcl.Options{
		ReadFile:  read,
		ReadNamed: func(_, path string) ([]byte, error) { return read(path) },
		Env:       func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	}
}

func TestVariablesPrecedence(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"one.hcl":   "box = \"a/file\"\ncpus = 2\n",
		"two.json":  `{"box": "a/json", "mirrors": ["https://json.example.com"], "cpus": "3"}`,
		"none.json": "{}",
	}
	env := map[string]string{"FBDOCK_VAR_box": "a/env", "FBDOCK_VAR_mirrors": `["https://env.example.com"]`}
	tests := map[string]struct {
		files   []string
		vars    map[string]string
		env     map[string]string
		box     string
		cpus    int
		mirrors []string
	}{
		"default":          {box: "a/default", cpus: 1},
		"environment":      {env: env, box: "a/env", cpus: 1, mirrors: []string{"https://env.example.com"}},
		"file":             {env: env, files: []string{"one.hcl"}, box: "a/file", cpus: 2, mirrors: []string{"https://env.example.com"}},
		"later file":       {env: env, files: []string{"one.hcl", "two.json"}, box: "a/json", cpus: 3, mirrors: []string{"https://json.example.com"}},
		"empty file":       {files: []string{"none.json"}, box: "a/default", cpus: 1},
		"command line":     {env: env, files: []string{"two.json"}, vars: map[string]string{"box": "a/var", "cpus": "5"}, box: "a/var", cpus: 5, mirrors: []string{"https://json.example.com"}},
		"a list of no use": {vars: map[string]string{"mirrors": "[]"}, box: "a/default", cpus: 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := given(files, test.env)
			opts.VarFiles, opts.Vars = test.files, test.vars
			cfg, _, diags := hcl.Parse("fbdock.hcl", []byte(variables), opts)
			if len(diags) > 0 {
				t.Fatalf("Parse() = diagnostics %v, want none", diags)
			}
			m := cfg.Machines[0]
			if m.Box != test.box || m.CPUs != test.cpus || !cmp.Equal(m.Engine.RegistryMirrors, test.mirrors) {
				t.Errorf("box, CPUs, mirrors = %q, %d, %q, want %q, %d, %q", m.Box, m.CPUs, m.Engine.RegistryMirrors, test.box, test.cpus, test.mirrors)
			}
		})
	}
}

func TestVariablesFromOutsideThatAreWrong(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"typo.hcl":    "boxx = \"a/file\"\n",
		"block.hcl":   "machine \"x\" {}\n",
		"name.hcl":    "box = var.cpus\n",
		"call.hcl":    "box = upper(\"x\")\n",
		"syntax.hcl":  "box = \n",
		"type.hcl":    "cpus = [1]\n",
		"list.json":   `[1]`,
		"broken.json": `{"box": }`,
		"typo.json":   `{"bo": "a/b"}`,
		"deep.json":   `{"box": ` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`,
		"nul.hcl":     "box = \"\x00\"\n",
		"large.hcl":   strings.Repeat(" ", hcl.MaxFileSize+1),
	}
	tests := map[string]struct {
		file, value, name string
		place, says       string
	}{
		"missing":            {file: "none.hcl", place: "none.hcl", says: "there is no such file of variables"},
		"unknown":            {file: "typo.hcl", place: "typo.hcl:1:1", says: `there is no variable "boxx"`},
		"block":              {file: "block.hcl", place: "block.hcl:1:1", says: "unexpected \"machine\" block"},
		"name":               {file: "name.hcl", place: "name.hcl:1:7", says: `there is no variable "cpus"`},
		"call":               {file: "call.hcl", place: "call.hcl:1:7", says: `there is no function "upper"`},
		"syntax":             {file: "syntax.hcl", place: "syntax.hcl:1:7", says: "invalid expression"},
		"type":               {file: "type.hcl", place: "type.hcl:1:8", says: `the value of variable "cpus" has the wrong type`},
		"json list":          {file: "list.json", place: "list.json:1:1", says: "incorrect JSON value type"},
		"broken json":        {file: "broken.json", place: "broken.json:1:9", says: "missing json value"},
		"unknown in json":    {file: "typo.json", place: "typo.json:1:2", says: `there is no variable "bo"`},
		"deep json":          {file: "deep.json", place: "deep.json:1:1", says: "the file nests too deeply"},
		"binary":             {file: "nul.hcl", place: "nul.hcl:1:8", says: "the file is binary: it has a NUL byte"},
		"large":              {file: "large.hcl", place: "large.hcl:1:1", says: "the file is too large"},
		"-var unknown":       {name: "bocks", value: "x", place: "-var bocks", says: `there is no variable "bocks"`},
		"-var number":        {name: "cpus", value: "many", place: "-var cpus:1:1", says: `the value of variable "cpus" has the wrong type`},
		"-var list":          {name: "mirrors", value: "[", place: "-var mirrors:1:2", says: "missing expression"},
		"-var names":         {name: "mirrors", value: "[var.box]", place: "-var mirrors:1:2", says: `there is no variable "box"`},
		"-var nested deeply": {name: "mirrors", value: strings.Repeat("[", 200), place: "-var mirrors:1:100", says: "the configuration nests too deeply"},
		"-var not UTF-8":     {name: "box", value: "caf\xe9", place: "-var box:1:4", says: "the byte 0xe9 is not UTF-8"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := given(files, nil)
			if test.file != "" {
				opts.VarFiles = []string{test.file}
			} else {
				opts.Vars = map[string]string{test.name: test.value}
			}
			cfg, _, diags := hcl.Parse("fbdock.hcl", []byte(variables), opts)
			if cfg != nil || len(diags) == 0 {
				t.Fatalf("Parse() with a wrong variable: diagnostics = %v, want an error and no configuration", diags)
			}
			d := diags[0]
			if got := d.Range.String(); got != test.place || !strings.HasPrefix(strings.ToLower(d.Summary), strings.ToLower(test.says)) {
				t.Errorf("diagnostic at %s: %s (%s), want one at %s: %s", got, d.Summary, d.Detail, test.place, test.says)
			}
			if len(diags) > 1 {
				t.Errorf("further diagnostics = %v, want none", diags[1:])
			}
		})
	}
}

func TestVersionThatIsNoneSatisfiesAll(t *testing.T) {
	t.Parallel()
	const text = "fbdock { required_version = \"> 99\" }\nmachine \"dev\" {}\n"
	for version, fits := range map[string]bool{"": true, "devel": true, "0.1.0": false, "v0.2.0-dev+abc": false, "100.0.0-rc1": true} {
		cfg, _, _ := hcl.Parse("fbdock.hcl", []byte(text), hcl.Options{Version: version})
		if (cfg != nil) != fits {
			t.Errorf("Parse() with fbdock %q: accepted = %v, want %v", version, cfg != nil, fits)
		}
	}
}
