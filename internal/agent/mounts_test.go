//go:build linux

package agent_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/mount"
)

// machine is two guests that can mount, each in a namespace of its own, with
// a wire before the first.
type machine struct {
	freebsd, engine *sshd
	wire            *wire
}

func newMachine(t testing.TB, extra ...string) *machine {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root mounts")
	}
	if _, err := exec.LookPath("sshfs"); err != nil {
		t.Skip("no sshfs here (apt-get install sshfs)")
	}
	if out, err := exec.Command("unshare", "-m", "sh", "-c", "mount -t tmpfs none /mnt && : </dev/fuse").CombinedOutput(); err != nil {
		t.Skipf("nothing can be mounted here: %v: %s", err, out)
	}
	m := &machine{freebsd: newSSHD(t, extra...), engine: newSSHD(t)}
	for _, s := range []*sshd{m.freebsd, m.engine} {
		s.liveApart()
		s.start(t)
	}
	m.wire = newWire(t, m.freebsd.Address)
	return m
}

// serve is an agent of the machine with folders to be mounted.
func (m *machine) serve(t testing.TB, folders ...mount.Folder) *running {
	t.Helper()
	return startAgentOf(t, &guests{sshd: m.freebsd, other: m.engine, via: m.wire.address()}, func(o *agent.Options) { o.Settings.Mounts = folders })
}

// folders are n of the host, with the file "a" in each, and where they go.
func folders(t testing.TB, n int) []mount.Folder {
	t.Helper()
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var all []mount.Folder
	for i := range n {
		name := string(rune('a' + i))
		f := mount.Folder{Source: filepath.Join(base, "host", name), Target: filepath.Join(base, "guest", name)}
		if err := os.MkdirAll(f.Source, 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(f.Source, "a"), name)
		all = append(all, f)
	}
	return all
}

// ofSSHFS lists the mounts below the folder that holds f and what folders made with
// it: a guest of these tests begins with the mounts of this computer.
func ofSSHFS(f mount.Folder) string {
	return "mount | grep sshfs | grep -F '" + filepath.Dir(filepath.Dir(f.Source)) + "/'"
}

func mounted(s agent.Status) bool {
	for _, m := range s.Mounts {
		if !m.Mounted {
			return false
		}
	}
	return len(s.Mounts) > 0
}

// TestMounts: folders of the host are in both guests, one of them within
// another, without anybody's doing but the agent's, and gone after it.
func TestMounts(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	all := folders(t, 2)
	all[1].Target, all[1].ReadOnly = filepath.Join(all[0].Target, "in", "ner"), true
	all[0], all[1] = all[1], all[0]
	r := m.serve(t, all...)
	st, err := r.Mounts(t.Context())
	if err != nil || !mounted(st) || len(st.Mounts) != 4 {
		t.Fatalf("Mounts() = %+v, %v, want 4, all mounted", st.Mounts, err)
	}
	for _, user := range []string{agent.UserFreeBSD, agent.UserEngine} {
		c := r.dial(t, user)
		got := run(t, c, link.Command{Dir: all[1].Target, Script: "cat a in/ner/a; echo " + user + " >from-" + user + "; ! echo x 2>/dev/null >in/ner/b"})
		if got.status != 0 || got.stdout != "ab" {
			t.Errorf("%s: cat of both folders and a write into the read-only one = %+v, want status 0 and output %q", user, got, "ab")
		}
		if text, err := os.ReadFile(filepath.Join(all[1].Source, "from-"+user)); err != nil || string(text) != user+"\n" {
			t.Errorf("%s: ReadFile(from-%s) = %q, %v, want %q", user, user, text, err, user+"\n")
		}
	}
	if n := m.freebsd.logins(t) + m.engine.logins(t); n != 2 {
		t.Errorf("%d logins, want one for each guest", n)
	}
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-r.ended
	for _, s := range []*sshd{m.freebsd, m.engine} {
		if got := s.sh(t, ofSSHFS(all[0])); got != "" {
			t.Errorf("mounts after Stop() = %q, want none", got)
		}
	}
}

// sh runs a script in a guest over a login of its own.
func (s *sshd) sh(t *testing.T, script string) string {
	t.Helper()
	c, err := link.Dial(t.Context(), s.endpoint(), link.Options{HostKey: s.HostKey})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	got := run(t, c, link.Command{Script: script})
	return got.stdout + got.stderr
}

// TestMountsComeBack: after the link was cut, the guest stopped answering,
// and after either guest was rebooted.
func TestMountsComeBack(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	f := folders(t, 1)[0]
	r := m.serve(t, f)
	for _, event := range []struct {
		name string
		do   func()
	}{
		{"cut", m.wire.cut},
		{"stall", func() { m.wire.pause(5 * time.Second) }},
		{"reboot of FreeBSD", func() {
			m.freebsd.kill()
			m.freebsd.start(t)
		}},
		{"reboot of the engine", func() {
			m.engine.kill()
			time.Sleep(500 * time.Millisecond)
			m.engine.start(t)
		}},
	} {
		before := r.await(t, mounted)
		event.do()
		began := time.Now()
		r.await(t, func(s agent.Status) bool {
			return mounted(s) && s.Mounts[1].Since.After(before.Mounts[1].Since)
		})
		t.Logf("%s: mounted again after %v", event.name, time.Since(began).Round(time.Millisecond))
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("%s: mounted again after %v, want 30s or less", event.name, took)
		}
		for _, user := range []string{agent.UserFreeBSD, agent.UserEngine} {
			if got := run(t, r.dial(t, user), link.Command{Args: []string{"cat", f.Target + "/a"}}); got.stdout != "a" {
				t.Errorf("%s: cat a on %s = %+v, want output %q", event.name, user, got, "a")
			}
		}
	}
}

// TestMountThatFails takes no other along, is told with its hint, and is
// mounted when that was done.
func TestMountThatFails(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	all := folders(t, 3)
	all[2].Target = filepath.Join(all[1].Target, "within")
	if err := os.MkdirAll(all[1].Target, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(all[1].Target, "file"), "of the guest")
	r := m.serve(t, all...)
	began := time.Now()
	st, err := r.Mounts(t.Context())
	if err != nil || time.Since(began) > 30*time.Second {
		t.Errorf("Mounts() with folders that cannot be mounted: error = %v after %v, want none within 30s", err, time.Since(began))
	}
	for _, one := range st.Mounts {
		switch one.Target {
		case all[0].Target:
			if !one.Mounted || one.Error != "" {
				t.Errorf("Mounts(): %+v, want it mounted without an error", one)
			}
		case all[1].Target:
			if one.Mounted || !strings.Contains(one.Error, "not empty") || !strings.Contains(one.Hint, "another target") {
				t.Errorf("Mounts(): a target that is not empty = %+v, want an error and a hint with another target", one)
			}
		default:
			if one.Mounted || !strings.Contains(one.Error, "lies within") || !strings.Contains(one.Error, "not empty") {
				t.Errorf("Mounts(): a target within another's = %+v, want an error that names the folder", one)
			}
		}
	}
	if err := os.Remove(filepath.Join(all[1].Target, "file")); err != nil {
		t.Fatal(err)
	}
	if st, err = r.Mounts(t.Context()); err != nil || !mounted(st) {
		t.Errorf("Mounts() after the file is deleted = %+v, %v, want all mounted", st.Mounts, err)
	}
}
