//go:build e2e

package e2e

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMounts: laptop folders in both guests and in a container, both ways,
// while `fbdock mount` runs.
func TestMounts(t *testing.T) {
	read := t.TempDir()
	p := newProject(t, "  mount \".\" {}\n  mount \""+read+"\" {\n    target    = \"/readonly\"\n    read_only = true\n  }\n")
	p.destroyAtEnd(t)
	file := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file("a", "one")
	if err := os.WriteFile(filepath.Join(read, "r"), []byte("read"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.up(t)
	p.loadBusybox(t)
	if r := p.run(t, "docker", "run", "--rm", "-v", ".:/src", "busybox", "true"); r.status != 125 || !strings.Contains(r.stderr, "fbdock mount") {
		t.Errorf("a bind into a mount that is not served: status %d\n%s", r.status, r.stderr)
	}
	stop := p.mounts(t, 4)
	for _, guest := range []string{"freebsd", "engine"} {
		script := "cd '" + p.dir + "' && cat a /readonly/r && echo " + guest + " >from-" + guest + " && ls -a && ! touch /readonly/w 2>/dev/null"
		r := p.run(t, "exec", "--on", guest, "--", "sh", "-c", script)
		if r.status != 0 || !strings.HasPrefix(r.stdout, "oneread") || strings.Contains(r.stdout, ".fbdock\n") {
			t.Errorf("on %s: status %d\n%s%s", guest, r.status, r.stdout, r.stderr)
		}
		if text, err := os.ReadFile(filepath.Join(p.dir, "from-"+guest)); err != nil || string(text) != guest+"\n" {
			t.Errorf("written on %s: %q, %v", guest, text, err)
		}
	}
	file("a", "two")
	time.Sleep(1100 * time.Millisecond)
	r := p.run(t, "docker", "run", "--rm", "-v", "./:/src", "-w", "/src", "busybox", "sh", "-c", "cat a && mv from-engine moved")
	if r.status != 0 || r.stdout != "two" {
		t.Errorf("in a container: status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
	if _, err := os.Stat(filepath.Join(p.dir, "moved")); err != nil {
		t.Error(err)
	}
	file("Dockerfile", "FROM busybox\nCOPY a /a\n")
	if r := p.run(t, "docker", "build", "-q", "."); r.status != 0 {
		t.Errorf("docker build . : status %d\n%s", r.status, r.stderr)
	}
	if r := p.run(t, "docker", "run", "--rm", "-v", "/etc:/x", "busybox", "true"); r.status != 125 || !strings.Contains(r.stderr, "mount \"/etc\"") {
		t.Errorf("a folder outside: status %d\n%s", r.status, r.stderr)
	}
	stop()
	for _, guest := range []string{"freebsd", "engine"} {
		if r := p.run(t, "exec", "--on", guest, "--", "sh", "-c", "mount | grep sshfs"); r.status != 1 {
			t.Errorf("left on %s: %s", guest, r.stdout)
		}
	}
}

// mounts keeps `fbdock mount` running from the time that it has said all
// its lines.
func (p *project) mounts(t *testing.T, lines int) (stop func()) {
	t.Helper()
	cmd := p.command(t, "mount")
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make(chan string)
	go func() {
		defer close(said)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			said <- scan.Text()
		}
	}()
	for range lines {
		select {
		case line, ok := <-said:
			if !ok || !strings.Contains(line, " is at ") {
				t.Fatalf("fbdock mount says %q", line)
			}
		case <-time.After(2 * time.Minute):
			t.Fatal("fbdock mount is not ready in two minutes")
		}
	}
	return func() {
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Error(err)
		}
		for range said {
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("fbdock mount ends with %v", err)
		}
	}
}
