//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestBinds: containers that dockerd starts by itself have the host's folders,
// however the engine came up, and nothing is written where they would be.
func TestBinds(t *testing.T) {
	p := newProject(t, "  mount \"n\" {}\n")
	if err := os.Mkdir(filepath.Join(p.dir, "n"), 0o755); err != nil {
		t.Fatal(err)
	}
	p.destroyAtEnd(t)
	up(t, p)
	// The mount point of before is in the way of the one around it.
	p.configure(t, labBox, "", "  mount \".\" {}\n")
	if r := p.must(t, "up"); strings.Contains(r.stderr, "not empty") || strings.Count(r.stderr, p.dir+" is at ") != 2 {
		t.Fatalf("fbdock up with a mount around the former one: stderr, want two lines \"%s is at\" and no \"not empty\":\n%s", p.dir, r.stderr)
	}
	b := &bindsTest{project: p}
	b.file(t, "n/f", "of the host\n")
	b.file(t, "single", "one file\n")
	for name, bind := range map[string]string{"below": "./n:/d", "whole": ".:/d", "file": "./single:/d/n/f:ro"} {
		p.must(t, "docker", "run", "-d", "--restart", "always", "--name", name, "-v", bind, "busybox", "sh", "-c", "while :; do sleep 1; done")
	}
	for _, part := range []struct {
		name string
		test func(*testing.T)
	}{
		{"halt and up", b.halted}, {"the engine reboots", b.rebooted}, {"dockerd is killed", b.killed},
		{"the engine reboots without an agent", b.alone}, {"what was written meanwhile is moved aside", b.aside},
	} {
		t.Run(part.name, part.test)
	}
}

type bindsTest struct{ *project }

// sees waits until each container has the host's files, and writes there.
func (b *bindsTest) sees(t *testing.T) {
	t.Helper()
	took := await(t, 3*time.Minute, "the containers have the host's files", func() bool {
		return b.read(t, "below", "/d/f") == "of the host\n" && b.read(t, "whole", "/d/n/f") == "of the host\n" && b.read(t, "file", "/d/n/f") == "one file\n"
	})
	t.Logf("the containers have the host's files after %s", took)
	b.must(t, "docker", "exec", "below", "sh", "-c", "echo "+t.Name()+" >/d/written")
	if text, err := os.ReadFile(filepath.Join(b.dir, "n", "written")); err != nil || string(text) != t.Name()+"\n" {
		t.Errorf("file that the container wrote, on the host = %q, %v, want %q", text, err, t.Name()+"\n")
	}
}

func (b *bindsTest) read(t *testing.T, container, name string) string {
	t.Helper()
	return b.run(t, "docker", "exec", container, "cat", name).stdout
}

func (b *bindsTest) halted(t *testing.T) {
	b.must(t, "halt")
	if r := b.must(t, "up"); strings.Contains(r.stderr, "warning") {
		t.Errorf("fbdock up after halt: stderr, want no warning:\n%s", r.stderr)
	}
	b.sees(t)
}

func (b *bindsTest) rebooted(t *testing.T) {
	b.reboot(t)
	b.sees(t)
}

// reboot returns when the engine has another boot.
func (b *bindsTest) reboot(t *testing.T) {
	t.Helper()
	boot := func() string {
		return b.run(t, "exec", "--on", "engine", "--", "cat", "/proc/sys/kernel/random/boot_id").stdout
	}
	before := boot()
	b.run(t, "exec", "--on", "engine", "--", "reboot")
	await(t, 5*time.Minute, "the engine boots", func() bool { now := boot(); return now != "" && now != before })
}

// killed: dockerd comes back by itself, and the containers have run on.
func (b *bindsTest) killed(t *testing.T) {
	b.must(t, "exec", "--on", "engine", "--", "pkill", "-9", "-x", "dockerd")
	b.sees(t)
}

// alone: dockerd waits as long as it says, and starts no container without its
// folder. The agent that comes later has them started.
func (b *bindsTest) alone(t *testing.T) {
	b.must(t, "halt")
	env := b.env
	b.env = append(without(env, "FBDOCK_AGENT"), "FBDOCK_AGENT=off")
	b.must(t, "up")
	b.reboot(t)
	waits := func() string {
		return b.must(t, "exec", "--", "sudo", "-n", "cat", "/var/log/fbdock-console.log").stdout
	}
	await(t, 4*time.Minute, "dockerd answers", func() bool { return b.run(t, "docker", "version").status == 0 })
	if log := waits(); !strings.Contains(log, "dockerd waits for folders of the host, 120 s at most: "+b.dir) || !strings.Contains(log, "did not come within 120 s") {
		t.Errorf("end of fbdock-console.log, want it to name %s as what dockerd waits for, and the timeout of 120 s:\n%s",
			b.dir, log[max(0, len(log)-2000):])
	}
	if r := b.run(t, "docker", "ps", "--format", "{{.Names}}"); strings.TrimSpace(r.stdout) != "" {
		t.Errorf("docker ps with the mounts missing = %q, want no container", r.stdout)
	}
	if r := b.run(t, "exec", "--on", "engine", "--", "sh", "-c", "find '"+b.dir+"' -mindepth 1; mkdir '"+b.dir+"/x'"); r.status == 0 || r.stdout != "" {
		t.Errorf("mkdir in the unmounted mount point = status %d, %q, %q, want an error and an empty folder", r.status, r.stdout, r.stderr)
	}
	b.env = env
	b.must(t, "up")
	b.sees(t)
}

// aside: an fbdock of before had its mount points written to.
func (b *bindsTest) aside(t *testing.T) {
	b.must(t, "halt")
	env := b.env
	b.env = append(without(env, "FBDOCK_AGENT"), "FBDOCK_AGENT=off")
	b.must(t, "up")
	b.must(t, "exec", "--on", "engine", "--", "sh", "-c", "umount '"+b.dir+"'; chattr -i '"+b.dir+"' && mkdir -p '"+b.dir+"/n' && echo lost >'"+b.dir+"/n/f'")
	b.env = env
	r := b.must(t, "up")
	if !strings.Contains(r.stderr, "warning: engine: what was written to "+b.dir+" while nothing was mounted there is in /var/lib/docker/fbdock/aside/") {
		t.Errorf("fbdock up after a write to the unmounted mount point: stderr, want a warning that names .../fbdock/aside/:\n%s", r.stderr)
	}
	if r := b.must(t, "exec", "--on", "engine", "--", "sh", "-c", "cat /var/lib/docker/fbdock/aside/*/n/f"); r.stdout != "lost\n" {
		t.Errorf("file n/f in /var/lib/docker/fbdock/aside = %q, want \"lost\\n\"", r.stdout)
	}
	b.sees(t)
}
