//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// plantedVagrantfile runs as soon as any vagrant command reads it.
const plantedVagrantfile = `File.write(File.expand_path("../pwned", __dir__), ARGV.join(" "))
Vagrant.configure("2") { |config| config.vm.define "dev" }
`

// TestPlanted: a cloned repository that brings a .fbdock folder along, as the
// versions that kept their state there wrote it, has nothing run by any
// command, with the real Vagrant installed.
func TestPlanted(t *testing.T) {
	p := newProject(t, "  mount \".\" {}\n")
	plant(t, p, ".fbdock/version", "1\n")
	plant(t, p, ".fbdock/Vagrantfile", plantedVagrantfile)
	plant(t, p, ".fbdock/.vagrant/machines/dev/docker/id", "0123456789abcdef\n")
	plant(t, p, ".fbdock/.vagrant/plugins.json", `{"version":"1","installed":{"evil":{"gem_version":"","require":"","sources":[]}}}`)
	plant(t, p, ".fbdock/dev/ssh/config", "Host dev\n  HostName 127.0.0.1\n  User root\n  Port 1\n  ProxyCommand touch pwned\n")
	plant(t, p, ".fbdock/dev/host.json", `{"host":"ssh://root@127.0.0.1","root":["touch","pwned"],"agreed":"0"}`)
	for _, command := range []string{
		"status", "status --json", "list", "plan", "validate", "render", "doctor --guest", "ports", "env", "context", "context use", "ssh-config",
		"mount", "share list", "logs", "logs --layer vagrant", "docker ps", "compose ps", "exec true", "exec --via vagrant true", "ssh",
		"halt", "up --yes", "reload --yes", "destroy --yes", "destroy --all --yes",
	} {
		r := p.run(t, strings.Fields(command)...)
		if r.status == 0 || !strings.Contains(r.stderr, "hint: ") {
			t.Errorf("fbdock %s = status %d, want a refusal with a hint:\n%s%s", command, r.status, r.stdout, r.stderr)
		}
		if text, err := os.ReadFile(filepath.Join(p.dir, "pwned")); err == nil {
			t.Fatalf("fbdock %s ran the planted Vagrantfile, want it not run: %s", command, text)
		}
	}
}

// plant writes a file of the project, private as fbdock's own are.
func plant(t *testing.T, p *project, name, text string) {
	t.Helper()
	file := filepath.Join(p.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
