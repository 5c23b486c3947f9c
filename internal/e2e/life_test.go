//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"
)

// TestLife breaks what the engine lives on, part by part: `up` repairs it,
// nothing says that it is down while it runs, and docker commands say what is
// wrong. Its parts run in order.
func TestLife(t *testing.T) {
	p := newProject(t, nfsShare)
	p.destroyAtEnd(t)
	up(t, p)
	l := &lifeTest{p}
	for _, part := range []struct {
		name string
		test func(*testing.T)
	}{
		{"layers that are broken", l.broken},
		{"the supervisor is killed", l.supervisor},
		{"nobody looks after the engine", l.orphan},
		{"the engine boots", l.boots},
	} {
		if !t.Run(part.name, part.test) {
			return
		}
	}
}

type lifeTest struct{ *project }

// root runs a script as root in FreeBSD.
func (l *lifeTest) root(t *testing.T, script string) string {
	t.Helper()
	return strings.TrimSpace(l.must(t, "exec", "--", "sudo", "sh", "-c", script).stdout)
}

const (
	killSupervisor = "kill -9 $(cat /var/run/fbdock/supervisor.pid)"
	killDaemon     = "kill -9 $(cat /var/run/fbdock/daemon.pid)"
	machinePID     = "ps -ax -o pid= -o comm= | awk '$2 == \"bhyve\" { print $1 }'"
)

func (l *lifeTest) says(t *testing.T, what, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%s: output = %q, want it to contain %q", what, text, w)
		}
	}
}

// broken: pf, nfsd and a dataset are gone. The share hangs in the engine, and
// hides no other layer.
func (l *lifeTest) broken(t *testing.T) {
	l.root(t, "pfctl -d; service nfsd onestop; exit 0")
	began := time.Now()
	status := l.must(t, "status")
	t.Logf("status with a share that hangs: %s", time.Since(began).Round(time.Second))
	for _, want := range []string{"pf", "nfs", "shares"} {
		if !failing(status.stdout, want) {
			t.Errorf("fbdock status with pf and nfsd stopped, want %s to fail:\n%s", want, status.stdout)
		}
	}
	for _, works := range []string{"engine-ssh", "dockerd", "hypervisor", "tls"} {
		if failing(status.stdout, works) {
			t.Errorf("fbdock status with pf and nfsd stopped, want %s to work:\n%s", works, status.stdout)
		}
	}
	l.must(t, "docker", "ps")
	began = time.Now()
	out := l.must(t, "up")
	t.Logf("up repairs: %s", time.Since(began).Round(time.Second))
	l.says(t, "up", out.stderr, "pf does not work: pf is not enabled", "nfs does not work: nfsd does not run")
	if status := l.must(t, "status"); strings.Contains(status.stdout, "FAIL") {
		t.Errorf("fbdock status after the repair by up, want no FAIL:\n%s", status.stdout)
	}
	if out := l.must(t, "up"); !strings.Contains(out.stderr, "nothing to do") {
		t.Errorf("second fbdock up after the repair: stderr, want \"nothing to do\":\n%s", out.stderr)
	}
}

func failing(status, layer string) bool {
	for line := range strings.Lines(status) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == layer && words[1] == "FAIL" {
			return true
		}
	}
	return false
}

// supervisor: daemon(8) starts another one, which takes the machine over.
func (l *lifeTest) supervisor(t *testing.T) {
	before := l.root(t, machinePID)
	l.root(t, killSupervisor)
	took := await(t, time.Minute, "another supervisor", func() bool { return !failing(l.must(t, "status").stdout, "supervisor") })
	t.Logf("another supervisor: %s", took)
	if after := l.root(t, machinePID); after != before || after == "" {
		t.Errorf("PID of the VM with another supervisor = %q, want %q as before", after, before)
	}
	l.root(t, killDaemon+" "+strings.TrimPrefix(killSupervisor, "kill -9 "))
	if out := l.must(t, "status"); !failing(out.stdout, "supervisor") || failing(out.stdout, "docker") {
		t.Errorf("fbdock status without a supervisor, want supervisor to fail and docker to work:\n%s", out.stdout)
	}
	l.says(t, "up", l.must(t, "up").stderr, "supervisor does not work: the engine runs and nobody looks after it")
	if after := l.root(t, machinePID); after != before {
		t.Errorf("PID of the VM after fbdock up = %q, want %q as before", after, before)
	}
}

// orphan: what stops the engine believes in its absence alone.
func (l *lifeTest) orphan(t *testing.T) {
	l.root(t, killDaemon+" "+strings.TrimPrefix(killSupervisor, "kill -9 "))
	began := time.Now()
	left := l.root(t, "service fbdock onestop >/dev/null || echo failed; ls -d /dev/vmm/fbdock 2>/dev/null; "+machinePID)
	t.Logf("stopped: %s", time.Since(began).Round(time.Second))
	if left != "" {
		t.Errorf("after service fbdock onestop = %q, want no failure, no VM and no process", left)
	}
	out := l.run(t, "docker", "ps")
	if out.status != 125 {
		t.Errorf("docker ps without an engine: status %d, want 125", out.status)
	}
	l.says(t, "docker ps", out.stderr, "supervisor: the engine is not started", "fbdock up")
}

// boots: pf is disabled again, the engine starts all the same, and a docker
// command waits for it.
func (l *lifeTest) boots(t *testing.T) {
	l.root(t, "pfctl -d; service fbdock onestart >/dev/null 2>&1 </dev/null")
	began := time.Now()
	told := false
	await(t, 10*time.Minute, "docker ps", func() bool {
		out := l.run(t, "docker", "ps")
		told = told || strings.Contains(out.stderr, "boots, waiting for it")
		return out.status == 0
	})
	if !told {
		t.Error("docker ps while the engine boots: no stderr said so, want \"boots, waiting for it\"")
	}
	t.Logf("docker ps while it boots: %s", time.Since(began).Round(time.Second))
	if got := l.root(t, "pfctl -s info | grep Status"); !strings.Contains(got, "Enabled") {
		t.Errorf("pfctl -s info after the boot = %q, want pf enabled", got)
	}
}
