package state_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/fbdock/fbdock/internal/state"
)

func TestCheckVagrantfile(t *testing.T) {
	t.Parallel()
	sum := sha256.Sum256([]byte("# ours\n"))
	ours := hex.EncodeToString(sum[:])
	write := func(name, text string) func(string) error {
		return func(dir string) error {
			file := filepath.Join(dir, filepath.FromSlash(name))
			return errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600))
		}
	}
	for _, tt := range []struct {
		what  string
		unix  bool
		plant func(dir string) error
	}{
		{"another text", false, write("Vagrantfile", "# theirs\n")},
		{"plugins in Ruby", false, write(".vagrantplugins", "")},
		{"plugins as gems", false, write(".vagrant/plugins.json", "{}")},
		{"none", false, func(dir string) error { return os.Remove(filepath.Join(dir, "Vagrantfile")) }},
		{"one that others write to", true, func(dir string) error { return os.Chmod(filepath.Join(dir, "Vagrantfile"), 0o622) }},
		{"a link", true, func(dir string) error {
			file := filepath.Join(dir, "Vagrantfile")
			return errors.Join(os.Rename(file, file+".rb"), os.Symlink(file+".rb", file))
		}},
	} {
		if tt.unix && runtime.GOOS == "windows" {
			continue
		}
		dir := t.TempDir()
		must(t, write("Vagrantfile", "# ours\n")(dir))
		if err := state.CheckVagrantfile(dir, ours); err != nil {
			t.Errorf("CheckVagrantfile() of the rendered file: error = %v, want none", err)
		}
		must(t, tt.plant(dir))
		err := state.CheckVagrantfile(dir, ours)
		if refused, ok := errors.AsType[*state.VagrantfileError](err); !ok || refused.Hint() == "" {
			t.Errorf("CheckVagrantfile() with %s: error = %v, want a VagrantfileError with a hint", tt.what, err)
		}
	}
}
