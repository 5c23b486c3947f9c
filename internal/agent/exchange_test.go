//go:build linux

package agent_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/mount"
)

// TestMountsAreExchanged: other settings of a running agent move only the
// mounts that they change. What a guest writes through one that stays, by a
// file that it holds open all the time, arrives whole; issue 13, 13.2.
func TestMountsAreExchanged(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	all := folders(t, 4)
	all[2].Target = filepath.Join(all[1].Target, "within")
	r, set := m.serveExchangeable(t, all[0], all[1], all[2])
	before := r.await(t, mounted)
	writer := &opened{}
	for i, user := range []string{agent.UserFreeBSD, agent.UserEngine} {
		file := filepath.Join(all[0].Target, fmt.Sprint("log", i))
		writer.begin(t, r, user, file)
	}
	for _, step := range []struct {
		name string
		want []mount.Folder
	}{
		{"one more", []mount.Folder{all[0], all[1], all[2], all[3]}},
		{"another access", []mount.Folder{all[0], readOnly(all[1]), all[2], all[3]}},
		{"one less", []mount.Folder{all[0], all[3]}},
		{"another target", []mount.Folder{all[0], at(all[3], all[3].Target+"2")}},
	} {
		set.Store(&agent.Settings{ID: step.name, Mounts: step.want})
		if _, err := r.Reload(t.Context()); err != nil {
			t.Fatalf("Reload() with %s: error = %v, want none", step.name, err)
		}
		s, err := r.Mounts(t.Context())
		if err != nil || !mounted(s) || len(s.Mounts) != 2*len(step.want) || s.Settings != step.name || s.PID != before.PID {
			t.Fatalf("Mounts() with %s = %+v, %v, want %d folders in both guests by the same process", step.name, s, err, len(step.want))
		}
		for _, user := range []string{agent.UserFreeBSD, agent.UserEngine} {
			if got := since(s, user, all[0].Target); !got.Equal(since(before, user, all[0].Target)) {
				t.Errorf("%s: the mount that stays on %s is there since %v, want %v", step.name, user, got, since(before, user, all[0].Target))
			}
			for _, f := range step.want {
				got := run(t, r.dial(t, user), link.Command{Args: []string{"cat", f.Target + "/a"}})
				if got.stdout != filepath.Base(f.Source) {
					t.Errorf("%s: cat %s/a on %s = %+v, want output %q", step.name, f.Target, user, got, filepath.Base(f.Source))
				}
			}
		}
	}
	if left := m.engine.sh(t, ofSSHFS(all[0])+" | wc -l"); strings.TrimSpace(left) != "2" {
		t.Errorf("%s mounts are left, want 2", left)
	}
	// The folder itself gets another path, as when the project is moved.
	moved := all[0]
	moved.Source += "-moved"
	if err := os.Rename(all[0].Source, moved.Source); err != nil {
		t.Fatal(err)
	}
	set.Store(&agent.Settings{ID: "moved", Mounts: []mount.Folder{moved}})
	s, err := r.Reload(t.Context())
	if err != nil || len(s.Mounts) != 2 || s.Mounts[0].Source != moved.Source || !s.Mounts[0].Since.Equal(since(before, agent.UserFreeBSD, moved.Target)) {
		t.Errorf("Reload() with a moved folder = %+v, %v, want source %s, mounted since before", s.Mounts, err, moved.Source)
	}
	writer.end(t, moved.Source)
}

func readOnly(f mount.Folder) mount.Folder {
	f.ReadOnly = true
	return f
}

func at(f mount.Folder, target string) mount.Folder {
	f.Target = target
	return f
}

func since(s agent.Status, guest, target string) time.Time {
	for _, m := range s.Mounts {
		if m.Guest == guest && m.Target == target {
			return m.Since
		}
	}
	return time.Time{}
}

// serveExchangeable is serve with settings that a reload takes.
func (m *machine) serveExchangeable(t testing.TB, first ...mount.Folder) (*running, *atomic.Pointer[agent.Settings]) {
	t.Helper()
	var set atomic.Pointer[agent.Settings]
	return startAgentOf(t, &guests{sshd: m.freebsd, other: m.engine, via: m.wire.address()}, func(o *agent.Options) {
		o.Settings.Mounts = first
		o.Reload = func() (agent.Settings, error) { return *set.Load(), nil }
	}), &set
}

// opened are files that guests hold open and append numbers to all the time.
type opened struct{ all []openFile }

type openFile struct {
	name string
	stop func() outcome
}

func (o *opened) begin(t *testing.T, r *running, user, file string) {
	t.Helper()
	script := "exec 3>>'" + file + "'; n=0; while ! [ -e '" + file + ".stop' ]; do echo $n >&3 || exit 1; n=$((n+1)); sleep 0.01; done; echo $n"
	done := make(chan outcome, 1)
	client := r.dial(t, user)
	go func() { done <- run(t, client, link.Command{Script: script}) }()
	o.all = append(o.all, openFile{name: filepath.Base(file), stop: func() outcome { return <-done }})
}

// end ends the writers, whose folder is at source now, and checks that every
// line has arrived.
func (o *opened) end(t *testing.T, source string) {
	t.Helper()
	for _, f := range o.all {
		write(t, filepath.Join(source, f.name+".stop"), "")
		got := f.stop()
		data, err := os.ReadFile(filepath.Join(source, f.name))
		lines := strings.Fields(string(data))
		if err != nil || got.status != 0 || fmt.Sprintln(len(lines)) != got.stdout || len(lines) < 10 {
			t.Errorf("%s: %d lines, error = %v, want as many as the writer has: %+v", f.name, len(lines), err, got)
		}
		for i, line := range lines {
			if line != fmt.Sprint(i) {
				t.Fatalf("%s: line %d = %q, want %q", f.name, i, line, fmt.Sprint(i))
			}
		}
	}
}
