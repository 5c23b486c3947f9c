//go:build e2e

package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// restartFor is how long TestRestartChaos goes on without FBDOCK_E2E_CHAOS: every
// event comes once at least.
const restartFor = time.Second

// TestRestartChaos: ten containers that dockerd starts by itself have bound
// folders and single files of two mounts, some read-only. After a halt and up, a
// reboot of the engine or of the guest, and after the agent or dockerd was
// killed, in random order, each of them sees the host's files, and what it
// writes is on the host. FBDOCK_E2E_CHAOS is the time that it takes, as in 1h,
// FBDOCK_E2E_SEED the order.
func TestRestartChaos(t *testing.T) {
	limit := restartFor
	if text := os.Getenv("FBDOCK_E2E_CHAOS"); text != "" {
		var err error
		if limit, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("FBDOCK_E2E_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("FBDOCK_E2E_SEED=%d", seed)
	r := newRestarts(t)
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // it is to be repeatable
	began, count, names := time.Now(), map[string]int{}, r.events()
	for done := 0; done < len(names) || time.Since(began) < limit; {
		for _, i := range random.Perm(len(names)) {
			event := names[i]
			t.Logf("event %d: %s", done+1, event.name)
			event.do(t)
			took := await(t, 8*time.Minute, event.name+": all containers see the host's files", func() bool {
				r.wrong = r.look(t)
				return r.wrong == ""
			})
			done++
			count[event.name]++
			t.Logf("event %d: all is back after %s", done, took)
			if done >= len(names) && time.Since(began) >= limit {
				break
			}
		}
	}
	t.Logf("events in %s: %v", time.Since(began).Round(time.Second), count)
}

// restarts is a machine with containers that have bound the host's files.
type restarts struct {
	*chaos
	bound []boundTo
	wrong string
	round int
}

// boundTo is what a container has bound at /b.
type boundTo struct {
	name, source string
	file         bool
	readOnly     bool
}

func newRestarts(t *testing.T) *restarts {
	t.Helper()
	one, two := t.TempDir(), t.TempDir()
	p := newProject(t, fmt.Sprintf("  mount %q {}\n  mount %q { target = \"/srv/two\" }\n", one, two))
	r := &restarts{chaos: &chaos{project: p, folders: []string{one, two}}}
	for i, b := range []boundTo{
		{source: one}, {source: one}, {source: two}, {source: two}, {source: filepath.Join(one, "sub")},
		{source: one, readOnly: true}, {source: two, readOnly: true}, {source: filepath.Join(two, "sub"), readOnly: true},
		{source: filepath.Join(one, "file"), file: true}, {source: filepath.Join(two, "file"), file: true, readOnly: true},
	} {
		b.name = fmt.Sprint("c", i)
		r.bound = append(r.bound, b)
	}
	for _, folder := range r.folders {
		if err := os.MkdirAll(filepath.Join(folder, "sub"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	r.tell(t)
	r.destroyAtEnd(t)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what was wrong last: %s\n%s", r.wrong, r.run(t, "status").stdout)
		}
	})
	r.up(t)
	r.loadBusybox(t)
	for _, b := range r.bound {
		volume := b.source + ":/b"
		if b.readOnly {
			volume += ":ro"
		}
		r.must(t, "docker", "run", "-d", "--init", "--name", b.name, "--restart", "always", "-v", volume, "busybox", "sleep", "1000000")
	}
	if r.wrong = r.look(t); r.wrong != "" {
		t.Fatalf("containers with bind mounts before the first event: %s, want every mount with its files", r.wrong)
	}
	return r
}

// tell writes what containers are to see. A file that is bound is written in
// place: a bind stays with the file that it was made of.
func (r *restarts) tell(t *testing.T) {
	r.round++
	for _, folder := range r.folders {
		for _, name := range []string{"told", "sub/told", "file"} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(r.text()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (r *restarts) text() string { return fmt.Sprintf("round %d", r.round) }

// look tells what is wrong with a container, "" when all of them see what the
// host has just written, and the host what they write.
func (r *restarts) look(t *testing.T) string {
	r.tell(t)
	time.Sleep(1100 * time.Millisecond) // an edit is seen within a second
	for _, b := range r.bound {
		file := "/b/told"
		if b.file {
			file = "/b"
		}
		script := "grep -q ' /b fuse.sshfs ' /proc/mounts || { echo 'it is no mount of the host'; exit 3; }; cat " + file
		switch {
		case b.readOnly && b.file:
			script += "; ! { echo x >>/b; } 2>/dev/null || exit 4"
		case b.readOnly:
			script += "; ! touch /b/no 2>/dev/null || exit 4"
		case !b.file:
			script += "; echo '" + r.text() + "' >/b/from-" + b.name + " || exit 5"
		}
		out := r.run(t, "docker", "exec", b.name, "sh", "-c", script)
		if out.status != 0 || out.stdout != r.text() {
			return fmt.Sprintf("%s, which has bound %s: status %d, %q, want %q\n%s", b.name, b.source, out.status, out.stdout, r.text(), out.stderr)
		}
		if b.readOnly || b.file {
			continue
		}
		if wrote, err := os.ReadFile(filepath.Join(b.source, "from-"+b.name)); err != nil || strings.TrimSpace(string(wrote)) != r.text() {
			return fmt.Sprintf("%s wrote %q, and the host has %q: %v", b.name, r.text(), wrote, err)
		}
	}
	return ""
}

type restartEvent struct {
	name string
	do   func(*testing.T)
}

func (r *restarts) events() []restartEvent {
	return []restartEvent{
		{"halt and up", func(t *testing.T) {
			r.must(t, "halt")
			if out := r.must(t, "up"); strings.Contains(out.stderr, "not empty") {
				t.Errorf("fbdock up after halt: stderr, want no \"not empty\":\n%s", out.stderr)
			}
		}},
		{"the engine reboots", func(t *testing.T) { r.reboot(t, "engine", "cat /proc/sys/kernel/random/boot_id", "reboot") }},
		{"the guest reboots", func(t *testing.T) { r.reboot(t, "freebsd", "sysctl -n kern.boottime", "sudo -n shutdown -r now") }},
		{"the agent is killed", func(t *testing.T) {
			pid := r.agent(t)
			started := r.started(t)
			if pid == 0 {
				t.Fatal("the agent's PID = 0, want a running agent to kill")
			}
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			await(t, time.Minute, "another agent serves", func() bool {
				r.run(t, "docker", "ps", "-q")
				now := r.agent(t)
				return now != 0 && now != pid
			})
			if now := r.started(t); now != started {
				t.Errorf("start times of the containers after the agent was killed:\n%s\nwant them unchanged:\n%s", now, started)
			}
		}},
		{"dockerd is killed", func(t *testing.T) {
			r.must(t, "exec", "--on", "engine", "--", "sh", "-c", "kill -9 $(pidof dockerd)")
			r.must(t, "up")
		}},
	}
}

// started is when each container was started.
func (r *restarts) started(t *testing.T) string {
	args := []string{"docker", "inspect", "-f", "{{.Name}} {{.State.StartedAt}}"}
	for _, b := range r.bound {
		args = append(args, b.name)
	}
	return r.run(t, args...).stdout
}
