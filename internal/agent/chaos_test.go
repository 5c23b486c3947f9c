//go:build linux

package agent_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/link/sshdtest"
	"github.com/fbdock/fbdock/internal/mount"
	"github.com/fbdock/fbdock/internal/waittest"
)

// TestChaos: while commands run and mounts are in use, the link is cut and
// stalled, both guests are rebooted, and there are fewer sessions than wanted.
// No command hangs or gives a wrong status, and no byte that a mount has
// acknowledged is lost.
func TestChaos(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	m := newMachine(t, "MaxSessions 10")
	all := folders(t, 3)
	r := m.serve(t, all...)
	r.await(t, mounted)
	stop := make(chan struct{})
	var users sync.WaitGroup
	var ran, lost, written atomic.Int64
	for i := range 12 {
		users.Go(func() { commands(t, r, i, stop, &ran, &lost) })
	}
	for i, f := range all {
		users.Go(func() { writes(t, r, f, []string{agent.UserFreeBSD, agent.UserEngine}[i%2], stop, &written) })
	}
	for _, event := range []struct {
		name string
		do   func()
	}{
		{"cut", m.wire.cut},
		{"stall", func() { m.wire.pause(6 * time.Second) }},
		{"reboot of the engine", func() {
			m.engine.kill()
			time.Sleep(time.Second)
			m.engine.start(t)
		}},
		{"reboot of FreeBSD", func() {
			m.freebsd.kill()
			time.Sleep(time.Second)
			m.freebsd.start(t)
		}},
		{"cut twice", func() {
			m.wire.cut()
			time.Sleep(300 * time.Millisecond)
			m.wire.cut()
		}},
	} {
		time.Sleep(time.Second)
		event.do()
		began := time.Now()
		r.await(t, func(s agent.Status) bool { return s.Link && mounted(s) })
		t.Logf("%s: all is there after %v", event.name, time.Since(began).Round(time.Millisecond))
	}
	time.Sleep(time.Second)
	close(stop)
	users.Wait()
	t.Logf("%d commands, %d of them lost on their way, %d writes", ran.Load(), lost.Load(), written.Load())
	if ran.Load() < 50 || written.Load() < 20 {
		t.Errorf("load: %d commands and %d writes, want 50 and 20 or more", ran.Load(), written.Load())
	}
}

// commands runs one command after the other. Each has its own status, or is
// lost, and none takes long.
func commands(t *testing.T, r *running, seed int, stop <-chan struct{}, ran, lost *atomic.Int64) {
	user := []string{agent.UserFreeBSD, agent.UserEngine}[seed%2]
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		began, want := time.Now(), (seed+i)%100
		status, err := once(t, r, user, want)
		if took := time.Since(began); took > waittest.Limit {
			t.Errorf("Run() on %s took %v, want %v or less: status = %d, error = %v", user, took, waittest.Limit, status, err)
		}
		switch {
		case err != nil:
			lost.Add(1)
			time.Sleep(100 * time.Millisecond)
		case status != want:
			t.Errorf("a command on %s: status %d, want %d", user, status, want)
		}
		ran.Add(1)
	}
}

func once(t *testing.T, r *running, user string, want int) (int, error) {
	c, err := r.Dial(t.Context(), user, 25*time.Second)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	var out strings.Builder
	status, err := c.Run(t.Context(), link.Command{
		Raw: fmt.Sprintf("cat; sleep 0.0%d; exit %d", want, want), Stdin: strings.NewReader("echo"), Stdout: &out,
	})
	if err == nil && out.String() != "echo" {
		t.Errorf("Run(cat) on %s: output = %q, want %q", user, out.String(), "echo")
	}
	return status, err
}

// writes appends lines in a guest and syncs each; what the guest was told is
// done must be in the host's file, once.
func writes(t *testing.T, r *running, f mount.Folder, user string, stop <-chan struct{}, written *atomic.Int64) {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		name := fmt.Sprintf("from-%s-%d", user, i)
		text := strings.Repeat(name+"\n", 500)
		c, err := r.Dial(t.Context(), user, 25*time.Second)
		if err != nil {
			continue
		}
		// Only while it is mounted, and the file is closed before it is said.
		status, err := c.Run(t.Context(), link.Command{
			Script: fmt.Sprintf("%s || exit 9; cat >%s/%s && %s || exit 9", mount.LiveScript(f.Target), f.Target, name, mount.LiveScript(f.Target)),
			Stdin:  strings.NewReader(text),
		})
		_ = c.Close()
		if _, gone := errors.AsType[*link.LostError](err); err != nil && !gone {
			t.Logf("a write on %s: %v", user, err)
		}
		if err != nil || status != 0 {
			time.Sleep(100 * time.Millisecond)
			continue
		}
		if got, err := os.ReadFile(filepath.Join(f.Source, name)); err != nil || string(got) != text {
			t.Errorf("%s after a write that succeeded: %d bytes, error = %v, want %d bytes", name, len(got), err, len(text))
		}
		written.Add(1)
	}
}

// TestHostKeyChanges: another machine in the guest's place is not spoken to,
// and the agent says what has changed; the one of before is taken back.
func TestHostKeyChanges(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	g := &guests{sshd: s}
	r := startAgentOf(t, g, nil)
	r.await(t, func(s agent.Status) bool { return s.Link })
	before, err := os.ReadFile(filepath.Join(s.Dir, "host"))
	if err != nil {
		t.Fatal(err)
	}
	s.kill()
	sshdtest.Key(t, filepath.Join(s.Dir, "host"))
	s.start(t)
	st := r.await(t, func(s agent.Status) bool { return !s.Link && strings.Contains(s.Error, "host key") })
	t.Log(st.Error)
	if _, err := r.Dial(t.Context(), agent.UserFreeBSD, 20*time.Second); err == nil {
		t.Error("Dial() of a guest with a changed host key: no error, want one")
	}
	s.kill()
	write(t, filepath.Join(s.Dir, "host"), string(before))
	s.start(t)
	r.await(t, func(s agent.Status) bool { return s.Link })
}
