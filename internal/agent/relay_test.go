//go:build linux

package agent_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/link/sshdtest"
	"github.com/fbdock/fbdock/internal/waittest"
)

type outcome struct {
	status         int
	stdout, stderr string
	err            error
}

func run(t *testing.T, c *link.Client, cmd link.Command) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	status, err := c.Run(t.Context(), cmd)
	return outcome{status, stdout.String(), stderr.String(), err}
}

func TestCommandThroughTheAgent(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	r := startAgent(t, s, nil)
	for _, user := range []string{agent.UserFreeBSD, agent.UserEngine} {
		c := r.dial(t, user)
		got := run(t, c, link.Command{
			Script: "cat; echo to-err >&2; exit 7", Stdin: strings.NewReader("to-out"), Env: []string{"A=b"},
		})
		if got.err != nil || got.status != 7 || got.stdout != "to-out" || got.stderr != "to-err\n" {
			t.Errorf("%s: Run() = %+v, want status 7, output %q, errors %q", user, got, "to-out", "to-err\n")
		}
		if got := run(t, c, link.Command{Script: "kill -TERM $$"}); got.status != 128+15 {
			t.Errorf("%s: Run(kill -TERM $$) = %+v, want status %d", user, got, 128+15)
		}
		if got := run(t, c, link.Command{Script: "tty; stty size", PTY: &link.PTY{Term: "xterm", Size: link.Size{Columns: 91, Rows: 17}}}); !strings.Contains(got.stdout, "/dev/pts/") || !strings.Contains(got.stdout, "17 91") {
			t.Errorf("%s: Run() with a PTY = %+v, want /dev/pts/ and the size 17 91", user, got)
		}
	}
	if n := s.logins(t); n != 2 {
		t.Errorf("%d logins, want one for each guest", n)
	}
}

func TestSignalThroughTheAgent(t *testing.T) {
	t.Parallel()
	c := startAgent(t, startSSHD(t), nil).dial(t, agent.UserFreeBSD)
	signals := make(chan link.Signal, 1)
	status, err := c.Run(t.Context(), link.Command{
		Script:  "trap 'exit 33' INT; echo ready; while :; do sleep 0.1; done",
		Stdout:  writerFunc(func([]byte) { signals <- link.SIGINT }),
		Signals: signals,
	})
	if err != nil || status != 33 {
		t.Errorf("Run() with SIGINT = %d, %v, want 33 and no error", status, err)
	}
}

type writerFunc func([]byte)

func (w writerFunc) Write(p []byte) (int, error) { w(p); return len(p), nil }

// TestBytesThroughTheAgent: both directions at once, more than any window.
func TestBytesThroughTheAgent(t *testing.T) {
	t.Parallel()
	c := startAgent(t, startSSHD(t), nil).dial(t, agent.UserFreeBSD)
	const size = 30 << 20
	sent, got := sha256.New(), sha256.New()
	status, err := c.Run(t.Context(), link.Command{
		Args: []string{"cat"}, Stdin: io.TeeReader(io.LimitReader(rand.NewChaCha8([32]byte{1}), size), sent), Stdout: got,
	})
	if err != nil || status != 0 || !bytes.Equal(sent.Sum(nil), got.Sum(nil)) {
		t.Errorf("Run(cat) with %d bytes = %d, %v, want 0, no error and equal bytes back", size, status, err)
	}
}

// TestHalfClose: the answer to all that was sent comes after its end.
func TestHalfClose(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sshdtest.Serve(t, l, func(conn net.Conn) {
		data, _ := io.ReadAll(conn)
		_, _ = fmt.Fprintf(conn, "%d bytes", len(data))
		_ = conn.Close()
	})
	s := startSSHD(t)
	r := startAgent(t, s, nil)
	for _, user := range []string{agent.UserFreeBSD, agent.UserEngine} {
		conn, err := r.dial(t, user).DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write(make([]byte, 5<<20)); err != nil {
			t.Fatal(err)
		}
		if err := conn.(*link.Conn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if data, err := io.ReadAll(conn); string(data) != "5242880 bytes" || err != nil {
			t.Errorf("%s: ReadAll() after CloseWrite() = %q, %v, want %q", user, data, err, "5242880 bytes")
		}
		_ = conn.Close()
	}
}

func TestUnixTunnelAndRefusal(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	r := startAgent(t, s, nil)
	path := filepath.Join(r.dir, "x.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err == nil {
			_, _ = io.WriteString(conn, "hello")
			_ = conn.Close()
		}
	}()
	c := r.dial(t, agent.UserFreeBSD)
	conn, err := c.DialContext(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if data, _ := io.ReadAll(conn); string(data) != "hello" {
		t.Errorf("ReadAll() = %q, want %q", data, "hello")
	}
	_ = conn.Close()
	_, err = c.DialContext(t.Context(), "tcp", "127.0.0.1:1")
	if _, ok := errors.AsType[*link.RefusedError](err); !ok {
		t.Errorf("DialContext() of a port without a listener: error = %v, want a RefusedError", err)
	}
	if _, err := r.Dial(t.Context(), "somebody", 0); err == nil {
		t.Error("Dial() as an unknown user: no error, want one")
	}
}

// TestMoreSessionsThanTheServerTakes: they queue.
func TestMoreSessionsThanTheServerTakes(t *testing.T) {
	t.Parallel()
	s := startSSHD(t, "MaxSessions 5")
	r := startAgent(t, s, nil)
	c := r.dial(t, agent.UserFreeBSD)
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			if got := run(t, c, link.Command{Script: fmt.Sprintf("sleep 0.2; exit %d", i)}); got.err != nil || got.status != i {
				t.Errorf("Run(exit %d) = %+v, want status %d", i, got, i)
			}
		})
	}
	wg.Wait()
	if n := s.logins(t); n != 1 {
		t.Errorf("logins = %d, want 1", n)
	}
}

// TestClientLeaves: what it ran ends with it, and nothing is left behind.
func TestClientLeaves(t *testing.T) {
	t.Parallel()
	r := startAgent(t, startSSHD(t), nil)
	r.await(t, func(s agent.Status) bool { return s.Link })
	mark := filepath.Join(r.dir, "left")
	c := r.dial(t, agent.UserFreeBSD)
	ready := make(chan struct{})
	var once sync.Once
	go func() {
		_, _ = c.Run(t.Context(), link.Command{
			Script: "trap 'echo > " + mark + "' HUP; echo ready; while :; do echo; sleep 0.1; done; ",
			Stdout: writerFunc(func([]byte) { once.Do(func() { close(ready) }) }),
		})
	}()
	<-ready
	_ = c.Close()
	r.await(t, func(s agent.Status) bool { return s.Open == 1 }) // the question's own
}

func TestOpenSSHClients(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ssh", "scp", "sftp"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip(err)
		}
	}
	s := startSSHD(t)
	r := startAgent(t, s, nil)
	socat, err := exec.LookPath("socat")
	proxy := socat + " - UNIX-CONNECT:" + r.Address
	if err != nil {
		nc, err := exec.LookPath("nc")
		if err != nil {
			t.Skip("neither socat nor nc")
		}
		proxy = nc + " -N -U " + r.Address
	}
	write(t, filepath.Join(r.dir, "known"), "agent "+string(ssh.MarshalAuthorizedKey(r.HostKey)))
	config := filepath.Join(r.dir, "config")
	write(t, config, "Host dev\n  HostKeyAlias agent\n  User freebsd\n  ProxyCommand "+proxy+
		"\n  UserKnownHostsFile "+filepath.Join(r.dir, "known")+"\n  StrictHostKeyChecking yes\n  BatchMode yes\n  SendEnv FBDOCK_X\n")
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), name, append([]string{"-F", config}, args...)...)
		cmd.Env = append(cmd.Environ(), "FBDOCK_X=passed")
		return cmd
	}
	cmd := command("ssh", "dev", "echo $FBDOCK_X; cat; exit 9")
	cmd.Stdin = strings.NewReader("in")
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 9 || string(out) != "passed\nin" {
		t.Errorf("ssh: output = %q, error = %v, want %q and status 9", out, err, "passed\nin")
	}
	file := filepath.Join(r.dir, "file")
	write(t, file, strings.Repeat("0123456789", 1<<18))
	for _, how := range [][]string{{"-O"}, {"-s"}} { // the old protocol, and sftp
		if out, err := command("scp", append(how, "-q", file, "dev:"+file+".copy")...).CombinedOutput(); err != nil {
			t.Errorf("scp %v: error = %v, want none\n%s", how, err, out)
		}
		if out, err := exec.CommandContext(t.Context(), "cmp", file, file+".copy").CombinedOutput(); err != nil {
			t.Errorf("cmp after scp %v: %s, want no difference", how, out)
		}
	}
	if n := s.logins(t); n != 1 {
		t.Errorf("logins = %d, want 1", n)
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	r := startAgent(t, startSSHD(t), nil)
	c := r.dial(t, agent.UserFreeBSD)
	if got := run(t, c, link.Command{Script: "true"}); got.err != nil {
		t.Fatalf("Run(true): error = %v, want none", got.err)
	}
	before := runtime.NumGoroutine()
	for range 20 {
		one := r.dial(t, agent.UserFreeBSD)
		if got := run(t, one, link.Command{Script: "exit 3", Stdin: strings.NewReader("x")}); got.status != 3 {
			t.Fatalf("Run(exit 3) = %+v, want status 3", got)
		}
		_ = one.Close()
	}
	if !waittest.Poll(func() bool { return runtime.NumGoroutine() <= before }) {
		t.Errorf("goroutines = %d, want %d or less", runtime.NumGoroutine(), before)
	}
}
