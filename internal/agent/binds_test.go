//go:build linux

package agent_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/waittest"
)

// TestBindsComeBack: what a container has bound of a mount, a folder and a
// single file, works again after the link or the agent was lost, without the
// container: the mount of before is served again, as its "Transport endpoint is
// not connected" would be for good; issue 13.
func TestBindsComeBack(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("socat"); err != nil {
		t.Skip("no socat here (apt-get install socat), by which the engine's sshfs connects again")
	}
	m := newMachine(t)
	f := folders(t, 1)[0]
	r := m.serve(t, f)
	r.await(t, mounted)
	bound := filepath.Join(t.TempDir(), "bound")
	// A process of the engine stands for the container: it lives in a folder
	// that is a bind of the mount, in a mount namespace of its own.
	script := "mkdir -p " + bound + " && touch " + bound + ".file && unshare -m --propagation private sh -c '" +
		"mount --bind " + f.Target + " " + bound + " && mount --bind " + f.Target + "/a " + bound + ".file && cd " + bound + " && n=0 && " +
		"while [ ! -e stop ]; do echo $n >>log && [ \"$(cat " + bound + ".file)\" = a ] && n=$((n+1)); sleep 0.02; done; echo $n'"
	done := make(chan outcome, 1)
	apart, err := link.Dial(t.Context(), m.engine.endpoint(), link.Options{HostKey: m.engine.HostKey})
	if err != nil {
		t.Fatal(err)
	}
	defer apart.Close()
	go func() { done <- run(t, apart, link.Command{Script: script}) }()
	lines := func() int {
		data, err := os.ReadFile(filepath.Join(f.Source, "log"))
		if err != nil {
			return 0
		}
		return strings.Count(string(data), "\n")
	}
	goesOn := func(when string) {
		t.Helper()
		was := lines()
		if !waittest.Poll(func() bool { return lines() >= was+5 }) {
			t.Fatalf("%s: the container wrote %d lines and no more, want 5 more within %v; mounts of the engine:\n%s", when, was, waittest.Limit,
				m.engine.sh(t, "grep sshfs /proc/self/mounts; ls -l /var/run/fbdock-mounts; timeout 5 ls -l "+f.Target+"; echo status $?; ps -eo pid,ppid,stat,wchan:24,args | grep -F "+strings.Split(f.Target, "/")[2]))
		}
	}
	goesOn("at first")
	for _, event := range []struct {
		name string
		do   func()
	}{
		{"the link is cut", m.wire.cut},
		{"the guest does not answer", func() {
			m.wire.freeze(true)
			for was := -1; was != lines(); time.Sleep(200 * time.Millisecond) { // ten writes of the container
				was = lines()
			}
			m.wire.freeze(false)
			m.wire.cut()
		}},
		{"the agent makes room for another", func() {
			if err := r.Retire(t.Context()); err != nil {
				t.Fatal(err)
			}
			<-r.ended
			r = m.serve(t, f)
		}},
	} {
		event.do()
		r.await(t, mounted)
		goesOn(event.name)
	}
	write(t, filepath.Join(f.Source, "stop"), "")
	got := <-done
	if got.status != 0 {
		t.Errorf("the container ended with %+v, want status 0", got)
	}
	t.Logf("%s writes, %s of the container's failed", got.stdout, strings.TrimSpace(got.stderr))
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-r.ended
	for _, s := range []*sshd{m.freebsd, m.engine} {
		if got := s.sh(t, "mount | grep -F '"+f.Target+"'"); got != "" {
			t.Errorf("mounts after Stop() = %q, want none", got)
		}
	}
}
