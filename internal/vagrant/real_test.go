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
		t.Errorf("version %v: %v", got, err)
	}
	if err := v.Validate(t.Context(), true); err != nil {
		t.Errorf("validate: %v", err)
	}
	if _, err := v.Plugins(t.Context()); err != nil {
		t.Errorf("plugins: %v", err)
	}
	if _, err := v.SSHConfig(t.Context(), Target{Machine: "nosuch"}); !errors.Is(err, ErrNoMachine) && !errors.Is(err, ErrProvider) {
		t.Errorf("ssh-config of a machine that is not there: %v", err)
	}
	if err := v.Up(t.Context(), Target{Machine: "dev", Provider: "bogus"}, UpOptions{}); !errors.Is(err, ErrProvider) {
		t.Errorf("up with a provider that is not there: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "Vagrantfile"), []byte("Vagrant.configure( {"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := v.Validate(t.Context(), true); err == nil || !strings.Contains(err.Error(), "syntax error") {
		t.Errorf("validate of a broken file: %v", err)
	}
}
