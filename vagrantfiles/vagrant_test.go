package vagrantfiles

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
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
	all := plans()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "Vagrantfile"), render(t, all[name]), 0o600); err != nil {
				t.Fatal(err)
			}
			// Vagrant checks that what is to be uploaded is there.
			for _, m := range all[name].Machines {
				if err := os.MkdirAll(filepath.Join(dir, m.Name, "guest"), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			args := []string{"validate", "--ignore-provider"}
			if name == "libvirt" && strings.Contains(list, "vagrant-libvirt") {
				args = args[:1]
			}
			if out, err := vagrantIn(t, vagrant, dir, home, args...); err != nil {
				t.Errorf("vagrant %s: %v\n%s", strings.Join(args, " "), err, out)
			}
		})
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
