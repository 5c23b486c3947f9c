//go:build linux

package agent_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/waittest"
)

// TestWaitingIsStarted: a command starts what waits for a folder, when the
// folder is there and after each boot of FreeBSD; other folders are no reason.
func TestWaitingIsStarted(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	f := folders(t, 2)
	said := filepath.Join(t.TempDir(), "said")
	r := startAgentOf(t, &guests{sshd: m.freebsd, other: m.engine, via: m.wire.address()}, func(o *agent.Options) {
		o.Settings.Mounts = f
		o.Settings.Waiting = agent.Waiting{Folders: []string{f[0].Target}, Start: []string{"sh", "-c", "cat " + f[0].Target + "/a >>" + said + "; echo >>" + said}}
	})
	for boots := 1; boots <= 2; boots++ {
		want := strings.Repeat("a\n", boots)
		got := ""
		if !waittest.Poll(func() bool {
			text, _ := os.ReadFile(said)
			got = string(text)
			return got == want
		}) {
			t.Fatalf("boot %d: what the command has seen = %q, want %q", boots, got, want)
		}
		before := r.await(t, mounted)
		m.freebsd.kill()
		m.freebsd.start(t)
		r.await(t, func(s agent.Status) bool { return mounted(s) && s.Mounts[1].Since.After(before.Mounts[1].Since) })
	}
}
