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
		t.Fatal("a login without a key")
	}
	if _, err := os.Stat(pins); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an unknown key was pinned: %v", err)
	}

	_ = dial(t, s.endpoint(), o).Close()
	text, err := os.ReadFile(pins)
	if want := "dev " + string(ssh.MarshalAuthorizedKey(s.hostKey)); err != nil || string(text) != want {
		t.Errorf("the pins are %q, not %q, %v", text, want, err)
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
		t.Fatalf("a changed key: %v", err)
	}
}

func TestPinRefusals(t *testing.T) {
	t.Parallel()
	s := startServer(t, refuse)
	dir := t.TempDir()
	if _, err := link.Dial(t.Context(), s.endpoint(), link.Options{}); err == nil {
		t.Error("neither a key nor pins, and it was accepted")
	}
	broken := filepath.Join(dir, "broken")
	write(t, broken, "dev ssh-ed25519 !!!\n")
	if _, err := link.Dial(t.Context(), s.endpoint(), link.Options{KnownHosts: broken}); err == nil {
		t.Error("pins that cannot be read were taken for none")
	}
	for _, name := range []string{"", "a b", "*", "a,b", "!a", "|1|x", "@cert-authority", "#"} {
		if err := link.Pin(t.Context(), filepath.Join(dir, "pins"), name, s.hostKey); err == nil {
			t.Errorf("pinned the name %q", name)
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
		t.Errorf("pinned twice: %q", text)
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
		t.Errorf("a key that is not the given one: %v", err)
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
		t.Errorf("the pinned type is gone: %v", err)
	}
	both := startSSHD(t, "HostKey "+filepath.Join(dir, "rsa"))
	c := dial(t, both.endpoint(), o)
	if !strings.HasPrefix(c.ServerVersion(), "SSH-2.0-OpenSSH") {
		t.Errorf("server version %q", c.ServerVersion())
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
			t.Errorf("%s: %#v", name, err)
			continue
		}
		if !strings.Contains(refused.Error(), "ssh-agent") || !strings.Contains(refused.Error(), locked) {
			t.Errorf("%s: %v", name, err)
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
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(ring, conn) }()
		}
	}()
	o := link.Options{HostKey: s.hostKey, AgentSocket: l.Addr().String()}
	to := s.endpoint()
	to.KeyFiles = []string{"/no/such/key"}
	to.KeysOnly = true
	dial(t, to, o)

	wrong := filepath.Join(t.TempDir(), "wrong")
	sshdtest.Key(t, wrong)
	to.KeyFiles = []string{wrong}
	if _, err := link.Dial(t.Context(), to, o); err == nil {
		t.Error("KeysOnly with a key that can be read, and the agent was asked")
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
			t.Errorf("%s: %v", name, err)
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
			t.Errorf("cancelled %s: %v", name, err)
		}
	}
}

// TestSlowLogin: a server that is there may take its time for the login, more
// than the one that connects has for a host that may be down.
func TestSlowLogin(t *testing.T) {
	t.Parallel()
	s := startServer(t, refuse)
	o := link.Options{HostKey: s.hostKey, Connect: 50 * time.Millisecond}
	o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return lateConn{conn, time.Now().Add(200 * time.Millisecond)}, err
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
