//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestGuest is what one machine's layers survive. Its parts run in order.
func TestGuest(t *testing.T) {
	const shares = "  share \"a\" { type = \"9p\" }\n  share \"b\" { type = \"nfs\" }\n"
	g := &guestTest{project: newProject(t, shares), shares: shares}
	g.destroyAtEnd(t)
	up(t, g.project)
	g.keep(t)
	for _, part := range []struct {
		name string
		test func(*testing.T)
	}{
		{"shares are written from both sides", g.bothSides},
		{"share list", g.shareList},
		{"the engine is killed", g.killed},
		{"the engine's disk is full", g.full},
		{"the guest reboots", g.reboots},
		{"the engine's image is replaced", g.replaced},
	} {
		if !t.Run(part.name, part.test) {
			t.Logf("status:\n%s", g.run(t, "status").stdout)
		}
	}
}

type guestTest struct {
	*project
	shares string // of the configuration
	kept   string // what must stay as it is
}

func (g *guestTest) freebsd(t *testing.T, script string) string {
	t.Helper()
	return g.must(t, "exec", "--", "sudo", "-n", "sh", "-c", script).stdout
}

// keep makes a container, an image and a volume that the rest must not touch.
func (g *guestTest) keep(t *testing.T) {
	t.Helper()
	g.must(t, "docker", "run", "-d", "--name", "keeper", "--restart", "always", "-v", "keep:/keep", "busybox", "sh", "-c", "trap exit TERM; while :; do sleep 1; done")
	g.must(t, "docker", "exec", "keeper", "sh", "-c", "head -c 5000000 /dev/urandom >/keep/data; head -c 1000000 /dev/urandom >/own")
	g.must(t, "docker", "commit", "keeper", "kept:1")
	g.must(t, "exec", "--on", "engine", "--", "sync")
	g.kept = g.sums(t)
}

// sums are the checksums of all that is kept; the container must run.
func (g *guestTest) sums(t *testing.T) string {
	t.Helper()
	return g.must(t, "docker", "exec", "keeper", "sha256sum", "/keep/data", "/own").stdout +
		g.must(t, "docker", "image", "inspect", "-f", "{{.Id}} {{.RootFS.Layers}}", "busybox", "kept:1").stdout +
		g.must(t, "docker", "inspect", "-f", "{{.Id}} {{.Created}} {{.Image}}", "keeper").stdout +
		g.must(t, "docker", "run", "--rm", "kept:1", "sha256sum", "/own").stdout
}

func (g *guestTest) stillKept(t *testing.T) {
	t.Helper()
	if now := g.sums(t); now != g.kept {
		t.Errorf("checksums of images, volumes and containers:\n%swant them unchanged:\n%s", now, g.kept)
	}
}

// await tries until the test is true.
func await(t *testing.T, limit time.Duration, what string, test func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !test() {
		if time.Since(began) > limit {
			t.Fatalf("%s: not true after %s, want it within %s", what, time.Since(began).Round(time.Second), limit)
		}
		time.Sleep(500 * time.Millisecond)
	}
	return time.Since(began).Round(100 * time.Millisecond)
}

func (g *guestTest) containerRuns(t *testing.T) func() bool {
	return func() bool { return g.run(t, "docker", "exec", "keeper", "true").status == 0 }
}

func (g *guestTest) killed(t *testing.T) {
	const log = "/var/log/fbdock-engine.log"
	before := g.freebsd(t, "wc -l <"+log)
	old := g.freebsd(t, "cat /var/run/fbdock/vm.pid; kill -9 $(cat /var/run/fbdock/vm.pid)")
	took := await(t, 30*time.Second, "the engine is started again", func() bool {
		now := g.run(t, "exec", "--", "sudo", "-n", "cat", "/var/run/fbdock/vm.pid")
		return now.status == 0 && now.stdout != "" && now.stdout != old
	})
	words := g.freebsd(t, "tail -n +"+strings.TrimSpace(before)+" "+log+" | grep backoff")
	if !strings.Contains(words, "status 137, next start in 2 s") {
		t.Errorf("new lines with backoff in %s = %q, want \"status 137, next start in 2 s\"", log, words)
	}
	ready := await(t, 15*time.Minute, "the container runs again", g.containerRuns(t))
	t.Logf("started again after %s, its containers run %s later", took, ready)
	g.stillKept(t)
}

func (g *guestTest) full(t *testing.T) {
	fill := `free=$(df -P -k /keep | awk 'NR == 2 { print $4 }'); fallocate -l $((free * 1024)) /keep/fill; dd if=/dev/zero of=/keep/rest bs=1M 2>&1; sync`
	if out := g.run(t, "docker", "exec", "keeper", "sh", "-c", fill); !strings.Contains(out.stdout+out.stderr, "No space left") {
		t.Errorf("write to the full disk in a container = status %d, want \"No space left\"\n%s%s", out.status, out.stdout, out.stderr)
	}
	out := g.run(t, "status")
	if !strings.Contains(out.stdout, "disk          FAIL") && !strings.Contains(out.stderr, "/var/lib/docker is 100% full") {
		t.Errorf("fbdock status with the disk full = %q, %q, want a failing disk or \"100%% full\"", out.stdout, out.stderr)
	}
	if out := g.run(t, "docker", "exec", "keeper", "sh", "-c", "rm /keep/fill /keep/rest && sync"); out.status != 0 {
		t.Fatalf("rm in the container with the disk full = status %d, want 0: %s", out.status, out.stderr)
	}
	if out := g.must(t, "status"); strings.Contains(out.stdout, "FAIL") {
		t.Errorf("fbdock status after the disk has space again, want no FAIL:\n%s", out.stdout)
	}
	g.stillKept(t)
}

func (g *guestTest) reboots(t *testing.T) {
	boot := func() string { return g.run(t, "exec", "--", "sysctl", "-n", "kern.boottime").stdout }
	before := boot()
	g.run(t, "exec", "--", "sudo", "-n", "shutdown", "-r", "now")
	down := await(t, 10*time.Minute, "the guest boots anew", func() bool { now := boot(); return now != "" && now != before })
	ready := await(t, 15*time.Minute, "the container runs again", g.containerRuns(t))
	t.Logf("FreeBSD is back after %s, containers %s later", down, ready)
	g.stillKept(t)
	await(t, time.Minute, "the shares are there again", func() bool { return g.run(t, "share", "list").status == 0 })
	if out := g.run(t, "exec", "--on", "engine", "--", "sh", "-c", "dmesg | grep 'no channels'"); out.stdout != "" {
		t.Errorf("two mounts wanted one 9P device:\n%s", out.stdout)
	}
	if out := g.must(t, "up"); !strings.Contains(out.stderr, "nothing to do") {
		t.Errorf("fbdock up after the reboot: stderr, want \"nothing to do\":\n%s", out.stderr)
	}
}

// replaced gives the engine another image, of the same system with a file more.
func (g *guestTest) replaced(t *testing.T) {
	dir := g.dir // it is part of the configuration until the end
	raw, image, mark := filepath.Join(dir, "raw"), filepath.Join(dir, "second.qcow2"), filepath.Join(dir, "mark")
	if err := os.WriteFile(mark, []byte("second\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"qemu-img", "convert", "-O", "raw", os.Getenv("FBDOCK_LAB_IMAGE"), raw},
		// The root file system begins where the lab puts it, at 42 MiB.
		{"debugfs", "-w", "-R", "write " + mark + " etc/second-image", raw + "?offset=44040192"},
		{"qemu-img", "convert", "-O", "qcow2", raw, image},
	} {
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Env = append(os.Environ(), "PATH=/usr/sbin:/sbin:"+os.Getenv("PATH"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%q: %v, want exit status 0\n%s", args, err, out)
		}
	}
	if err := os.Remove(raw); err != nil {
		t.Error(err)
	}
	g.configure(t, labBox, "    image = \""+image+"\"\n", g.shares)
	g.up(t)
	if got := g.must(t, "exec", "--on", "engine", "--", "cat", "/etc/second-image").stdout; got != "second\n" {
		t.Errorf("/etc/second-image in the engine = %q, want \"second\\n\" of the new image", got)
	}
	await(t, 5*time.Minute, "the container runs again", g.containerRuns(t))
	g.stillKept(t)
	g.must(t, "share", "list")
}
