package vagrantfiles

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/plan"
)

// The real Vagrant reads every file, and checks the provider's own part
// where the provider is there.
func TestVagrantValidates(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds for each provider")
	}
	vagrant, err := exec.LookPath("vagrant")
	if err != nil {
		t.Skipf("vagrant is not installed: %v", err)
	}
	home := t.TempDir()
	list, err := vagrantIn(t, vagrant, t.TempDir(), home, "plugin", "list")
	if err != nil {
		t.Fatalf("plugin list: %v\n%s", err, list)
	}
	t.Run("all providers", func(t *testing.T) {
		t.Parallel()
		// Without the provider's part one run does for all machines.
		var all plan.Plan
		for name, p := range plans() {
			for i, m := range p.Machines {
				m.Name = fmt.Sprintf("%s-%d", strings.ReplaceAll(name, "_", "-"), i)
				all.Machines = append(all.Machines, m)
			}
		}
		validate(t, vagrant, home, all, "--ignore-provider")
	})
	t.Run("libvirt", func(t *testing.T) {
		t.Parallel()
		if !strings.Contains(list, "vagrant-libvirt") {
			t.Skip("vagrant-libvirt is not installed")
		}
		validate(t, vagrant, home, plans()["libvirt"])
	})
	t.Run("docker", func(t *testing.T) {
		t.Parallel()
		if out, err := exec.CommandContext(t.Context(), "docker", "version").CombinedOutput(); err != nil {
			t.Skipf("no docker daemon answers: %v %s", err, out)
		}
		validate(t, vagrant, home, plans()["docker"])
	})
}

func validate(t *testing.T, vagrant, home string, p plan.Plan, args ...string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Vagrantfile"), render(t, p), 0o600); err != nil {
		t.Fatal(err)
	}
	// Vagrant checks that what is to be uploaded is there.
	for _, m := range p.Machines {
		if err := os.MkdirAll(filepath.Join(dir, m.Name, "guest"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := vagrantIn(t, vagrant, dir, home, append([]string{"validate"}, args...)...); err != nil {
		t.Errorf("vagrant validate %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func vagrantIn(t *testing.T, vagrant, dir, home string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), vagrant, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "VAGRANT_HOME="+home, "VAGRANT_CHECKPOINT_DISABLE=1", "VAGRANT_NO_COLOR=1", "VAGRANT_CWD="+dir)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
