package vagrantfiles

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/run/runtest"
)

// The real Vagrant reads every file, and checks the provider's own part
// where the provider is there.
func TestVagrantValidates(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds for each provider")
	}
	path, err := exec.LookPath("vagrant")
	if err != nil {
		t.Skipf("vagrant is not installed: %v", err)
	}
	v := vagrantCLI{path: path, home: t.TempDir()}
	list, err := v.run(t, t.TempDir(), "plugin", "list")
	if err != nil {
		t.Fatalf("vagrant plugin list: %v, want no error\n%s", err, list)
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
		validate(t, v, all, "--ignore-provider")
	})
	t.Run("libvirt", func(t *testing.T) {
		t.Parallel()
		if !strings.Contains(list, "vagrant-libvirt") {
			t.Skip("vagrant-libvirt is not installed")
		}
		both := plans()["libvirt"]
		sibling := beside("other", "libvirt", "amd64")
		both.Machines = append(both.Machines, sibling)
		validate(t, v, both)
	})
	// The providers that come with Vagrant check their settings once their
	// program answers; its version is all that validate asks of it.
	for provider, program := range map[string]string{"docker": "docker", "virtualbox": "VBoxManage"} {
		t.Run(provider, func(t *testing.T) {
			t.Parallel()
			bin := t.TempDir()
			script := "#!/bin/sh\necho 7.0.14r161095\n"
			if err := runtest.WriteProgram(filepath.Join(bin, program), []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
			v := vagrantCLI{path: v.path, home: v.home, env: []string{
				"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"), "VAGRANT_DEFAULT_PROVIDER=" + provider,
			}}
			all := plans()[provider]
			all.Machines = append(all.Machines, beside("other", provider, "amd64"))
			validate(t, v, all)
			wrong := strings.Replace(string(render(t, plans()[provider])), "v.name =", "v.nane =", 1)
			out, err := v.validate(t, []byte(wrong), plans()[provider])
			if err == nil || !strings.Contains(out, "nane") {
				t.Errorf("vagrant validate of a setting that does not exist: %v, want an error that names nane\n%s", err, out)
			}
		})
	}
}

// vagrantCLI is the installed Vagrant with a home of its own.
type vagrantCLI struct {
	path, home string
	env        []string
}

func (v vagrantCLI) run(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), v.path, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "VAGRANT_HOME="+v.home, "VAGRANT_CHECKPOINT_DISABLE=1", "VAGRANT_NO_COLOR=1", "VAGRANT_CWD="+dir)
	cmd.Env = append(cmd.Env, v.env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (v vagrantCLI) validate(t *testing.T, text []byte, p plan.Plan, args ...string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Vagrantfile"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	// Vagrant checks that what is to be uploaded is there.
	for _, m := range p.Machines {
		if err := os.MkdirAll(filepath.Join(dir, m.Name, "guest"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return v.run(t, dir, append([]string{"validate"}, args...)...)
}

func validate(t *testing.T, v vagrantCLI, p plan.Plan, args ...string) {
	t.Helper()
	if out, err := v.validate(t, render(t, p), p, args...); err != nil {
		t.Errorf("vagrant validate %s: %v, want no error\n%s", strings.Join(args, " "), err, out)
	}
}
