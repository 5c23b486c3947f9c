//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestByAgent is an engine beside FreeBSD that FreeBSD has no network to, as with
// Hyper-V and UTM. The lab's provider makes a network, so that the fbdock of this test
// is built with another list of those that do; all else is the product's own.
func TestByAgent(t *testing.T) {
	p := newPlaced(t, sibling, "  mount \".\" {}\n  provision \"tells\" {\n    on     = \"engine\"\n    inline = \"hostname >/root/told\"\n  }\n")
	p.binary = withoutNetwork(t)
	p.destroyAtEnd(t)
	p.file(t, "a", "one")
	p.up(t)
	if r := p.must(t, "plan"); !strings.Contains(r.stdout, "none: the agent on this host leads FreeBSD's 127.0.0.1:2376") {
		t.Errorf("fbdock plan = %s, want no network", r.stdout)
	}
	p.loadBusybox(t)
	for _, part := range []struct {
		name string
		test func(*testing.T)
	}{
		{"no second card", p.oneCard}, {"docker in FreeBSD", p.dockerByAgent}, {"the engine's script has run", func(t *testing.T) {
			if r := p.must(t, "exec", "--on", "engine", "--", "cat", "/root/told"); strings.TrimSpace(r.stdout) != "dev" {
				t.Errorf("/root/told of the engine = %q, want %q", r.stdout, "dev")
			}
		}},
		{"closed to the provider's network", p.closedByAgent}, {"a mount in a container", func(t *testing.T) {
			if r := p.must(t, "docker", "run", "--rm", "-v", p.dir+":/x", "busybox", "cat", "/x/a"); r.stdout != "one" {
				t.Errorf("a container reads %q of the mount, want %q", r.stdout, "one")
			}
		}},
		{"FreeBSD's connection is lost", p.agentComesBack}, {"halt and up", func(t *testing.T) {
			p.must(t, "halt")
			p.must(t, "up")
			p.dockerByAgent(t)
		}},
	} {
		t.Run(part.name, part.test)
	}
}

// withoutNetwork builds fbdock with docker left out of the providers that make a
// network between the two VMs.
func withoutNetwork(t *testing.T) string {
	t.Helper()
	const of = "platforms/placement/placement.go"
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, of))
	if err != nil {
		t.Fatal(err)
	}
	const list = `"vmware_desktop", "parallels", "docker":`
	if strings.Count(string(text), list) != 1 {
		t.Fatalf("%s: want the list that ends with %s once", of, list)
	}
	dir := t.TempDir()
	other, overlay, binary := filepath.Join(dir, "placement.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "fbdock")
	if err := os.WriteFile(other, []byte(strings.Replace(string(text), list, `"vmware_desktop", "parallels":`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, of): other}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, data, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-overlay", overlay, "-o", binary, "./cmd/fbdock")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v, want exit status 0\n%s", err, out)
	}
	return binary
}

// oneCard: the engine has the provider's card and no other.
func (p *project) oneCard(t *testing.T) {
	cards := p.must(t, "exec", "--on", "engine", "--", "sh", "-c", "ls -d /sys/class/net/*/device | wc -l")
	if got := strings.TrimSpace(cards.stdout); got != "1" {
		t.Errorf("the engine has %s network cards with a device, want 1", got)
	}
	if r := p.run(t, "exec", "--", "ifconfig", "vtnet1"); r.status == 0 {
		t.Errorf("FreeBSD has a second card, want none:\n%s", r.stdout)
	}
}

// dockerByAgent: FreeBSD's own client, by its context, and every layer.
func (p *project) dockerByAgent(t *testing.T) {
	if r := p.must(t, "exec", "--", "docker", "run", "--rm", "busybox", "echo", "from FreeBSD"); strings.TrimSpace(r.stdout) != "from FreeBSD" {
		t.Errorf("docker in FreeBSD says %q, want %q", r.stdout, "from FreeBSD")
	}
	r := p.must(t, "status")
	for _, want := range []string{"127.0.0.1:2376 leads to dockerd, by the agent", "127.0.0.1:7322 leads to the engine's sshd, by the agent", "root@127.0.0.1"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("fbdock status = %s, want %q in it", r.stdout, want)
		}
	}
	if strings.Contains(r.stdout, "FAIL") {
		t.Errorf("fbdock status = %s, want all layers to work", r.stdout)
	}
}

// closedByAgent: what a container publishes, and dockerd, are not at the address of
// the provider's card.
func (p *project) closedByAgent(t *testing.T) {
	p.must(t, "docker", "run", "-d", "--rm", "--name", "web", "-p", "8080:80", "busybox", "httpd", "-f", "-p", "80")
	defer p.run(t, "docker", "stop", "-t", "1", "web")
	listening := p.must(t, "exec", "--on", "engine", "--", "sh", "-c", "cat /proc/net/tcp /proc/net/tcp6 | awk '$4 == \"0A\" { print $2 }'").stdout
	for line := range strings.Lines(listening) {
		if address, port, _ := strings.Cut(strings.TrimSpace(line), ":"); port == "0948" && address != "0100007F" { // 2376 and 127.0.0.1
			t.Errorf("dockerd listens at %s as well, want 127.0.0.1 (0100007F) alone", address)
		}
	}
	rules := p.must(t, "exec", "--on", "engine", "--", "nft", "list", "table", "inet", "fbdock").stdout
	if !strings.Contains(rules, "tcp dport 22 accept") || strings.Contains(rules, "10.77.") {
		t.Errorf("the engine's packet filter = %s, want sshd open and no network of FreeBSD's", rules)
	}
}

// agentComesBack: FreeBSD's sshd ends, and the listeners are there again soon.
func (p *project) agentComesBack(t *testing.T) {
	p.run(t, "exec", "--", "sudo", "-n", "sh", "-c", "pkill -9 -f '^sshd: vagrant'")
	took := await(t, 2*time.Minute, "docker works in FreeBSD again", func() bool {
		return p.run(t, "exec", "--", "docker", "version").status == 0
	})
	t.Logf("docker in FreeBSD works again after %s", took)
}
