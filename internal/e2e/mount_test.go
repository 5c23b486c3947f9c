//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMounts: host folders in both guests and in a container, both ways,
// kept there by the agent that `up` has started.
func TestMounts(t *testing.T) { inBothPlaces(t, mountsIn) }

func mountsIn(t *testing.T, place string) {
	read := t.TempDir()
	copied := t.TempDir()
	p := newPlaced(t, place, "  mount \""+copied+"\" {\n    target  = \"/srv/copied\"\n    type    = \"copy\"\n    exclude = [\"*.tmp\"]\n  }\n  mount \".\" {}\n  mount \""+read+"\" {\n    target    = \"/readonly\"\n    read_only = true\n  }\n")
	p.destroyAtEnd(t)
	p.file(t, "a", "one")
	if err := os.WriteFile(filepath.Join(read, "r"), []byte("read"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(copied, "c"), []byte("first"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := p.must(t, "up"); strings.Count(r.stderr, " is at ") != 6 {
		t.Errorf("fbdock up: stderr, want six lines \"... is at ...\", one for each mount and guest:\n%s", r.stderr)
	}
	p.loadBusybox(t)
	for _, part := range []struct {
		name string
		test func(*testing.T)
	}{
		{"in both guests", p.mountsInGuests}, {"in a container", p.mountsInContainer}, {"outside", p.mountsOutside},
		{"a copy follows", func(t *testing.T) { p.copyFollows(t, copied, "before") }},
		{"sshd restarts", p.mountsComeBack},
		{"a copy follows again", func(t *testing.T) { p.copyFollows(t, copied, "after") }},
	} {
		t.Run(part.name, part.test)
	}
}

// copyFollows: what changes in the folder is in both guests and in a container
// soon, and what a guest writes there stays there.
func (p *project) copyFollows(t *testing.T, folder, text string) {
	for name, text := range map[string]string{"c": text, "left.tmp": text} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, guest := range []string{"freebsd", "engine"} {
		took := await(t, 30*time.Second, guest+" has it", func() bool {
			return p.run(t, "exec", "--on", guest, "--", "cat", "/srv/copied/c").stdout == text
		})
		t.Logf("%s has it after %s", guest, took)
		p.must(t, "exec", "--on", guest, "--", "sh", "-c", "test ! -e /srv/copied/left.tmp && echo made here >/srv/copied/own")
	}
	if r := p.run(t, "docker", "run", "--rm", "-v", folder+":/x", "busybox", "cat", "/x/c", "/x/own"); r.stdout != text+"made here\n" {
		t.Errorf("cat of the copied files in a container = status %d, %q, want %q: %s", r.status, r.stdout, text+"made here\n", r.stderr)
	}
	// A docker command has what was written just before it.
	if err := os.WriteFile(filepath.Join(folder, "c"), []byte("at once "+text), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := p.run(t, "docker", "run", "--rm", "-v", folder+":/x", "busybox", "cat", "/x/c"); r.stdout != "at once "+text {
		t.Errorf("cat of a file just written, in a container = status %d, %q, want %q: %s", r.status, r.stdout, "at once "+text, r.stderr)
	}
	if _, err := os.Stat(filepath.Join(folder, "own")); err == nil {
		t.Error("the guest's file \"own\" is in the host's folder, want a one-way copy to leave it in the guest")
	}
}

func (p *project) file(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p *project) mountsInGuests(t *testing.T) {
	for _, guest := range []string{"freebsd", "engine"} {
		script := "cd '" + p.dir + "' && cat a /readonly/r && echo " + guest + " >from-" + guest + " && ls -a && ! touch /readonly/w 2>/dev/null"
		r := p.run(t, "exec", "--on", guest, "--", "sh", "-c", script)
		if r.status != 0 || !strings.HasPrefix(r.stdout, "oneread") || strings.Contains(r.stdout, ".fbdock\n") {
			t.Errorf("read and write in the mounts on %s = status %d, want 0, the files' text and no .fbdock\n%s%s",
				guest, r.status, r.stdout, r.stderr)
		}
		if text, err := os.ReadFile(filepath.Join(p.dir, "from-"+guest)); err != nil || string(text) != guest+"\n" {
			t.Errorf("from-%s on the host = %q, %v, want %q", guest, text, err, guest+"\n")
		}
	}
	p.await(t)
}

// await waits until `fbdock mount` tells that all mounts are there.
func (p *project) await(t *testing.T) {
	t.Helper()
	var last string
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(500 * time.Millisecond) {
		last = p.run(t, "mount", "--json").stdout
		var mounts []struct{ Mounted bool }
		if json.Unmarshal([]byte(last), &mounts) != nil || len(mounts) != 6 {
			continue
		}
		missing := false
		for _, m := range mounts {
			missing = missing || !m.Mounted
		}
		if !missing {
			return
		}
	}
	t.Errorf("fbdock mount still says that a mount is missing, want all mounted:\n%s", last)
}

func (p *project) mountsInContainer(t *testing.T) {
	p.file(t, "a", "two")
	time.Sleep(1100 * time.Millisecond)
	r := p.run(t, "docker", "run", "--rm", "-v", "./:/src", "-w", "/src", "busybox", "sh", "-c", "cat a && mv from-engine moved")
	if r.status != 0 || r.stdout != "two" {
		t.Errorf("cat a && mv from-engine moved in a container = status %d, %q, want 0, \"two\": %s", r.status, r.stdout, r.stderr)
	}
	if _, err := os.Stat(filepath.Join(p.dir, "moved")); err != nil {
		t.Error(err)
	}
	p.file(t, "Dockerfile", "FROM busybox\nCOPY a /a\n")
	if r := p.run(t, "docker", "build", "-q", "."); r.status != 0 {
		t.Errorf("docker build . = status %d, want 0\n%s", r.status, r.stderr)
	}
}

func (p *project) mountsOutside(t *testing.T) {
	if r := p.run(t, "docker", "run", "--rm", "-v", "/etc:/x", "busybox", "true"); r.status != 125 || !strings.Contains(r.stderr, "mount \"/etc\"") {
		t.Errorf("docker run -v /etc:/x = status %d, want 125 and a hint to mount \"/etc\"\n%s", r.status, r.stderr)
	}
	p.file(t, "compose.yaml", "services: {a: {image: busybox, volumes: ['/etc:/x']}}\n")
	if r := p.run(t, "compose", "up"); r.status != 125 || !strings.Contains(r.stderr, "mount \"/etc\"") {
		t.Errorf("fbdock compose up with the volume /etc:/x = status %d, want 125 and a hint to mount \"/etc\"\n%s", r.status, r.stderr)
	}
}

// mountsComeBack kills the server's side of every connection.
func (p *project) mountsComeBack(t *testing.T) {
	p.run(t, "exec", "--", "sudo", "-n", "sh", "-c", "pkill -9 -f '^sshd: vagrant'")
	p.await(t)
	for _, guest := range []string{"freebsd", "engine"} {
		if r := p.run(t, "exec", "--on", guest, "--", "cat", p.dir+"/a"); r.stdout != "two" {
			t.Errorf("cat of a mounted file on %s = status %d, %q, want \"two\" after the reconnect: %s", guest, r.status, r.stdout, r.stderr)
		}
	}
}
