//go:build linux

package agent_test

import (
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/link/sshdtest"
)

// podmanAt serves each connection of a socket in FreeBSD with handle.
func podmanAt(t *testing.T, handle func(net.Conn)) (socket string, l *net.UnixListener) {
	t.Helper()
	socket = filepath.Join(shortDir(t), "podman.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	sshdtest.Serve(t, l, handle)
	return socket, l
}

// withPodman has the agent serve podman's socket in FreeBSD.
func withPodman(socket string) func(*agent.Options) {
	return func(o *agent.Options) {
		o.Podman = filepath.Join(filepath.Dir(o.Socket), "podman.sock")
		o.Settings.Podman = socket
	}
}

// ordinary is what a login that is not root's runs programs as root with.
func ordinary(t *testing.T) []string {
	t.Helper()
	if _, err := exec.LookPath("nc"); err != nil {
		t.Skipf("no netcat: %v (apt-get install netcat-openbsd)", err)
	}
	return []string{"env", "USER=root"}
}

// TestPodmanSocket: both ends of a stream come through to podman's socket,
// which is forwarded to by sshd for root, and by root's nc for others.
func TestPodmanSocket(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		ordinary bool
		config   string
	}{
		{"root", false, "MaxSessions 1"},
		{"root, and sshd forwards to no sockets", false, "AllowStreamLocalForwarding no"},
		{"an ordinary user", true, "MaxSessions 4"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := &guests{}
			if root := ordinary(t); test.ordinary {
				g.root = root
			}
			g.sshd = startSSHD(t, test.config)
			socket, _ := podmanAt(t, countBytes)
			r := startAgentOf(t, g, withPodman(socket))
			halfCloses(t, r.podman, 10)

			ends, _ := podmanAt(t, func(conn net.Conn) {
				_, _ = io.WriteString(conn, "bye")
				_ = conn.Close()
			})
			r = startAgentOf(t, g, withPodman(ends))
			if data, err := io.ReadAll(client1(t, r.podman)); string(data) != "bye" || err != nil {
				t.Errorf("ReadAll() when podman ends first = %q, %v, want %q", data, err, "bye")
			}
		})
	}
}

// TestPodmanLeavesSessions: streams of podman's take no session of the
// connection that `fbdock exec` and the mounts have.
func TestPodmanLeavesSessions(t *testing.T) {
	t.Parallel()
	g := &guests{root: ordinary(t), sshd: startSSHD(t, "MaxSessions 2")}
	socket, _ := podmanAt(t, func(conn net.Conn) {
		_, _ = io.Copy(conn, conn)
		_ = conn.Close()
	})
	r := startAgentOf(t, g, withPodman(socket))
	for range 7 {
		conn := client1(t, r.podman)
		answer := make([]byte, 2)
		if _, err := io.WriteString(conn, "hi"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(conn, answer); err != nil {
			t.Fatalf("ReadFull() of a stream of podman: error = %v, want none", err)
		}
	}
	if n := g.logins(t); n != 1+4 {
		t.Errorf("%d logins for 7 streams with 2 sessions each, want 5", n)
	}
	out, err := r.dial(t, agent.UserFreeBSD).Output(t.Context(), link.Command{Args: []string{"echo", "free"}})
	if out.Stdout != "free\n" || err != nil {
		t.Errorf("Output(echo free) beside 7 streams = %+v, %v, want %q", out, err, "free\n")
	}
}

// TestNoPodman: a client is told why podman is not reached.
func TestNoPodman(t *testing.T) {
	t.Parallel()
	root, s := ordinary(t), startSSHD(t)
	dead, l := podmanAt(t, func(conn net.Conn) { _ = conn.Close() })
	l.SetUnlinkOnClose(false)
	_ = l.Close()
	for _, test := range []struct {
		name, socket, why string
		root              []string
	}{
		{"not asked for", "", "add `podman {}` to it", root},
		{"missing, as root", "/nowhere/podman.sock", "/nowhere/podman.sock is missing", nil},
		{"missing", "/nowhere/podman.sock", "/nowhere/podman.sock is missing: podman_service does not run", root},
		{"left by a service that was killed", dead, "nobody listens at " + dead, root},
		{"sudo", dead, "reach podman: sudo: a password is required", []string{"sh", "-c", "echo sudo: a password is required >&2; exit 1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := startAgentOf(t, &guests{sshd: s, root: test.root}, withPodman(test.socket))
			refused(t, r.podman, test.why)
		})
	}
}
