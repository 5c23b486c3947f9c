package hcl_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/hcl"
)

// file() reads what lies beside the configuration and nothing else of the
// host, by whatever way the path leads there.
func TestFileStaysInTheFolder(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	dir := filepath.Join(top, "project")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	put := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	secret := filepath.Join(top, "secret")
	put(secret, "hunter2")
	put(filepath.Join(dir, "beside"), "true")
	if err := os.Symlink(secret, filepath.Join(dir, "link")); err != nil {
		t.Skipf("no links here: %v", err)
	}
	if err := os.Symlink("beside", filepath.Join(dir, "inner")); err != nil {
		t.Fatal(err)
	}
	load := func(path string) (*hcl.Config, hcl.Diagnostics) {
		file := filepath.Join(dir, "fbdock.hcl")
		put(file, `machine "dev" {`+"\n"+`provision "p" { inline = file("`+filepath.ToSlash(path)+`") }`+"\n}\n")
		cfg, _, diags := hcl.Load(file, hcl.Options{})
		return cfg, diags
	}
	for _, path := range []string{"beside", "./beside", "inner", filepath.Join(dir, "beside")} {
		if cfg, diags := load(path); cfg == nil || cfg.Machines[0].Provisions[0].Inline != "true" {
			t.Errorf("file(%q): %v, want the text", path, diags)
		}
	}
	for _, path := range []string{secret, "../secret", "link", "x/../../secret", "/etc/passwd"} {
		cfg, diags := load(path)
		if cfg != nil || len(diags) != 1 || !strings.Contains(diags[0].Detail, "outside of") || strings.Contains(diags[0].Detail, "hunter2") {
			t.Errorf("file(%q): %v, want an error that says where it leads", path, diags)
		}
	}
}
