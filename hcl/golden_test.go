package hcl_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/hcl"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const configs = "../testdata/config"

// TestGolden loads every configuration of testdata/config and compares what
// is said about it. Comments at its head give it a surrounding:
// "# var: a=b", "# env: A=b", "# version: 1.0.0".
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(configs, "*.hcl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("Glob(*.hcl) = no configurations, %v, want some", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".hcl"), func(t *testing.T) {
			t.Parallel()
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := tell(t, filepath.Base(file), src)
			golden := strings.TrimSuffix(file, ".hcl") + ".golden"
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("what is said changed (-want +got):\n%s", diff)
			}
		})
	}
}

func tell(t *testing.T, name string, src []byte) []byte {
	t.Helper()
	cfg, sources, diags := hcl.Parse(name, src, surroundings(src))
	checkResult(t, src, cfg, diags)
	var b bytes.Buffer
	if err := hcl.Write(&b, diags, sources, hcl.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	if cfg != nil {
		for i := range cfg.Machines {
			cfg.Machines[i].Where = nil // TestWhere looks at it
		}
		text, err := json.MarshalIndent(cfg, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(text, '\n'))
	}
	return b.Bytes()
}

func surroundings(src []byte) hcl.Options {
	env := map[string]string{}
	opts := hcl.Options{
		Vars:    map[string]string{},
		Version: "1.2.3",
		Env:     func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		// The golden files shall not depend on how a system words its errors.
		ReadFile:  func(string) ([]byte, error) { return nil, os.ErrNotExist },
		ReadNamed: func(string, string) ([]byte, error) { return nil, os.ErrNotExist },
	}
	for line := range strings.Lines(string(src)) {
		kind, rest, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "# ")), ": ")
		name, value, _ := strings.Cut(rest, "=")
		switch kind {
		case "var":
			opts.Vars[name] = value
		case "env":
			env[name] = value
		case "version":
			opts.Version = rest
		}
	}
	return opts
}

// checkResult holds for every text: there is a configuration, or there is an
// error; and each diagnostic has a place within its file.
func checkResult(t *testing.T, src []byte, cfg *hcl.Config, diags hcl.Diagnostics) {
	t.Helper()
	if (cfg == nil) != diags.HasErrors() {
		t.Fatalf("Parse(): configuration = %v, diagnostics = %v, want a configuration exactly where there are no errors", cfg != nil, diags)
	}
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	for _, d := range diags {
		if d.Summary == "" {
			t.Errorf("diagnostic %+v has no summary, want one", d)
		}
		r := d.Range
		if strings.HasPrefix(r.File, "-var ") || strings.HasPrefix(r.File, "FBDOCK_VAR_") {
			continue
		}
		if r.File == "" || r.Start.Line < 1 || r.Start.Column < 1 || r.Start.Byte < 0 ||
			r.End.Byte < r.Start.Byte || r.End.Byte > len(src) || r.Start.Line > 1+bytes.Count(src, []byte("\n")) {
			t.Errorf("diagnostic %q has the range %+v, want one within the file", d.Summary, r)
		}
	}
}
