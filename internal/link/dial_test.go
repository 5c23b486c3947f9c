package link_test

import (
	"context"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/link/sshdtest"
)

func TestPinOnFirstSight(t *testing.T) {
	t.Parallel()
	s := startServer(t, refuse)
	pins := filepath.Join(t.TempDir(), "ssh", "known_hosts")
	o := link.Options{KnownHosts: pins}

	// A server that does not let us in is not pinned.
	unknown := s.endpoint()
	unknown.KeyFiles = nil
	if _, err := link.Dial(t.Context(), unknown, o); err == nil {
		t.Fatal("Dial() without a key: no error, want one")
	}
	if _, err := os.Stat(pins); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Stat(%s) after a refused login: error = %v, want ErrNotExist: the key must not be pinned", pins, err)
	}

	_ = dial(t, s.endpoint(), o).Close()
	text, err := os.ReadFile(pins)
	if want := "dev " + string(ssh.MarshalAuthorizedKey(s.hostKey)); err != nil || string(text) != want {
		t.Errorf("ReadFile(%s) = %q, %v, want %q", pins, text, err, want)
	}
	// The pin belongs to the name: another port with the same key is fine.
	_ = dial(t, s.endpoint(), o).Close()
	other := s.endpoint()
	other.Name = "two"
	_ = dial(t, other, o).Close()

	s.newHostKey(t)
	_, err = link.Dial(t.Context(), s.endpoint(), o)
	changed, ok := errors.AsType[*link.HostKeyChangedError](err)
	if !ok || changed.Got != ssh.FingerprintSHA256(s.hostKey) || len(changed.Want) != 1 ||
		!strings.Contains(changed.Hint(), pins) || !strings.Contains(changed.Error(), "dev") {
		t.Fatalf("Dial() with a changed host key: error = %v, want a HostKeyChangedError with the key and the file", err)
	}
}

func TestPinRefusals(t *testing.T) {
	t.Parallel()
	s := startServer(t, refuse)
	dir := t.TempDir()
	if _, err := link.Dial(t.Context(), s.endpoint(), link.Options{}); err == nil {
		t.Error("Dial() with neither a host key nor pins: no error, want one")
	}
	broken := filepath.Join(dir, "broken")
	write(t, broken, "dev ssh-ed25519 !!!\n")
	if _, err := link.Dial(t.Context(), s.endpoint(), link.Options{KnownHosts: broken}); err == nil {
		t.Error("Dial() with pins that cannot be read: no error, want one")
	}
	for _, name := range []string{"", "a b", "*", "a,b", "!a", "|1|x", "@cert-authority", "#"} {
		if err := link.Pin(t.Context(), filepath.Join(dir, "pins"), name, s.hostKey); err == nil {
			t.Errorf("Pin(%q): no error, want one", name)
		}
	}
	comment := filepath.Join(dir, "comment")
	write(t, comment, "# by hand\n\n")
	for range 2 {
		if err := link.Pin(t.Context(), comment, "dev", s.hostKey); err != nil {
			t.Fatal(err)
		}
	}
	if text, _ := os.ReadFile(comment); strings.Count(string(text), "dev ") != 1 {
		t.Errorf("Pin() twice: the file is %q, want one line for dev", text)
	}
}

func TestGivenHostKey(t *testing.T) {
	t.Parallel()
	s := startServer(t, refuse)
	old := s.hostKey
	s.newHostKey(t)
	_, err := link.Dial(t.Context(), s.endpoint(), link.Options{HostKey: old})
	changed, ok := errors.AsType[*link.HostKeyChangedError](err)
	if !ok || changed.Hint() == "" || changed.File != "" {
		t.Errorf("Dial() with another host key than the given one: error = %v, want a HostKeyChangedError without a file", err)
	}
}

// TestPinnedTypeIsAskedFor: a server has keys of several types; the one
// that is pinned must be asked for, though others are preferred.
func TestPinnedTypeIsAskedFor(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	dir := t.TempDir()
	pins := filepath.Join(dir, "pins")
	o := link.Options{KnownHosts: pins}
	rsa, public := rsaKey(t)
	write(t, filepath.Join(dir, "rsa"), rsa)
	if err := link.Pin(t.Context(), pins, "dev", public); err != nil {
		t.Fatal(err)
	}
	// The server has no RSA key yet: that is a changed key.
	_, err := link.Dial(t.Context(), s.endpoint(), o)
	if _, ok := errors.AsType[*link.HostKeyChangedError](err); !ok {
		t.Errorf("Dial() when the pinned key type is gone: error = %v, want a HostKeyChangedError", err)
	}
	both := startSSHD(t, "HostKey "+filepath.Join(dir, "rsa"))
	c := dial(t, both.endpoint(), o)
	if !strings.HasPrefix(c.ServerVersion(), "SSH-2.0-OpenSSH") {
		t.Errorf("ServerVersion() = %q, want SSH-2.0-OpenSSH", c.ServerVersion())
	}
}

func TestAuthFailures(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	wrong, locked, rubbish := filepath.Join(dir, "wrong"), filepath.Join(dir, "locked"), filepath.Join(dir, "rubbish")
	sshdtest.Key(t, wrong)
	_, private, _ := ed25519.GenerateKey(nil)
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, locked, string(pem.EncodeToMemory(block)))
	write(t, rubbish, "rubbish")

	inner, real := startServer(t, refuse), startSSHD(t)
	for name, to := range map[string]link.Endpoint{"in-process": inner.endpoint(), "sshd": real.endpoint()} {
		to.KeyFiles = []string{wrong, locked, rubbish, filepath.Join(dir, "missing")}
		o := link.Options{HostKey: inner.hostKey, AgentSocket: filepath.Join(dir, "no-agent")}
		if name == "sshd" {
			o.HostKey = real.HostKey
		}
		_, err := link.Dial(t.Context(), to, o)
		refused, ok := errors.AsType[*link.AuthError](err)
		if !ok || len(refused.Tried) != 1 || len(refused.Unusable) != 4 || refused.Hint() == "" {
			t.Errorf("Dial() of %s: error = %#v, want an AuthError with 1 method tried and 4 unusable keys", name, err)
			continue
		}
		if !strings.Contains(refused.Error(), "ssh-agent") || !strings.Contains(refused.Error(), locked) {
			t.Errorf("Dial() of %s: error = %v, want it to name ssh-agent and %s", name, err, locked)
		}
	}
}

func TestAgentIsTheFallback(t *testing.T) {
	t.Parallel()
	s := startServer(t, refuse)
	text, err := os.ReadFile(s.keyFile)
	if err != nil {
		t.Fatal(err)
	}
	private, err := ssh.ParseRawPrivateKey(text)
	if err != nil {
		t.Fatal(err)
	}
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: private}); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(shortDir(t), "agent"))
	if err != nil {
		t.Fatal(err)
	}
	sshdtest.Serve(t, l, func(conn net.Conn) { _ = agent.ServeAgent(ring, conn) })
	o := link.Options{HostKey: s.hostKey, AgentSocket: l.Addr().String()}
	to := s.endpoint()
	to.KeyFiles = []string{"/no/such/key"}
	to.KeysOnly = true
	dial(t, to, o)

	wrong := filepath.Join(t.TempDir(), "wrong")
	sshdtest.Key(t, wrong)
	to.KeyFiles = []string{wrong}
	if _, err := link.Dial(t.Context(), to, o); err == nil {
		t.Error("Dial() with KeysOnly and a wrong key: no error, want one without ssh-agent")
	}
	to.KeysOnly = false
	dial(t, to, o)
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	s := startServer(t, refuse)
	for name, address := range map[string]string{
		"nothing listens": closed.Addr().String(), "it says nothing": silent.Addr().String(), "no address": "nonsense",
	} {
		to := s.endpoint()
		to.Address = address
		_, err := link.Dial(t.Context(), to, link.Options{HostKey: s.hostKey, Timeout: 200 * time.Millisecond})
		gone, ok := errors.AsType[*link.UnreachableError](err)
		if !ok || gone.Hint() == "" || !strings.Contains(gone.Error(), address) {
			t.Errorf("Dial() when %s: error = %v, want an UnreachableError with %s", name, err, address)
		}
	}
	why := errors.New("enough")
	for name, address := range map[string]string{"in the handshake": silent.Addr().String(), "before": s.address} {
		ctx, cancel := context.WithCancelCause(t.Context())
		if name == "before" {
			cancel(why)
		}
		time.AfterFunc(50*time.Millisecond, func() { cancel(why) })
		to := s.endpoint()
		to.Address = address
		if _, err := link.Dial(ctx, to, link.Options{HostKey: s.hostKey}); !errors.Is(err, why) {
			t.Errorf("Dial() cancelled %s: error = %v, want %v", name, err, why)
		}
	}
}

// TestSlowLogin: a server that is there may take its time for the login, more
// than the one that connects has for a host that may be down.
func TestSlowLogin(t *testing.T) {
	t.Parallel()
	s := startServer(t, refuse)
	o := link.Options{HostKey: s.hostKey, Connect: time.Second}
	o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return lateConn{conn, time.Now().Add(2 * time.Second)}, err
	}
	c, err := link.Dial(t.Context(), s.endpoint(), o)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	o.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	began := time.Now()
	_, err = link.Dial(t.Context(), s.endpoint(), o)
	if _, ok := errors.AsType[*link.UnreachableError](err); !ok || time.Since(began) > 10*time.Second {
		t.Errorf("Dial of a host that does not answer = %v after %v, want an UnreachableError at once", err, time.Since(began))
	}
}

// lateConn gives what it reads from a time on.
type lateConn struct {
	net.Conn
	from time.Time
}

func (l lateConn) Read(p []byte) (int, error) {
	if d := time.Until(l.from); d > 0 {
		<-time.After(d)
	}
	return l.Conn.Read(p)
}
