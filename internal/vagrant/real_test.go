package vagrant

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/run"
)

// The installed Vagrant is the judge of what is assumed about its output.
func TestInstalledVagrant(t *testing.T) {
	t.Parallel()
	path, err := Find("linux")
	if err != nil {
		t.Skipf("vagrant is not installed: %v", err)
	}
	dir := t.TempDir()
	const file = `Vagrant.configure("2") { |c| c.vm.define("dev") { |m| m.vm.provider("docker") { |d| d.image = "x"; d.has_ssh = true } } }`
	if err := os.WriteFile(filepath.Join(dir, "Vagrantfile"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	v := Vagrant{Runner: run.Runner{}, Path: path, Dir: dir, Env: append(os.Environ(), "VAGRANT_HOME="+t.TempDir())}
	got, err := v.Version(t.Context())
	if err != nil || Check(got, false) != nil {
		t.Errorf("Version() = %v, %v, want a supported version", got, err)
	}
	if err := v.Validate(t.Context(), true); err != nil {
		t.Errorf("Validate() = %v, want no error", err)
	}
	if _, err := v.Plugins(t.Context()); err != nil {
		t.Errorf("Plugins(): error = %v, want none", err)
	}
	if _, err := v.SSHConfig(t.Context(), Target{Machine: "nosuch"}); !errors.Is(err, ErrNoMachine) && !errors.Is(err, ErrProvider) {
		t.Errorf("SSHConfig() of an unknown machine: error = %v, want ErrNoMachine or ErrProvider", err)
	}
	if err := v.Up(t.Context(), Target{Machine: "dev", Provider: "bogus"}, UpOptions{}); !errors.Is(err, ErrProvider) {
		t.Errorf("Up() with an unknown provider: error = %v, want ErrProvider", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "Vagrantfile"), []byte("Vagrant.configure( {"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := v.Validate(t.Context(), true); err == nil || !strings.Contains(err.Error(), "syntax error") {
		t.Errorf("Validate() of a broken Vagrantfile: error = %v, want a syntax error", err)
	}
}
