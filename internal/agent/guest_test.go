//go:build linux

package agent_test

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/link/sshdtest"
	"github.com/fbdock/fbdock/internal/waittest"
)

// sshd is a real OpenSSH server that plays both guests.
type sshd struct{ *sshdtest.Server }

func startSSHD(t testing.TB, extra ...string) *sshd {
	t.Helper()
	s := newSSHD(t, extra...)
	s.start(t)
	return s
}

func newSSHD(t testing.TB, extra ...string) *sshd {
	t.Helper()
	s := sshdtest.New(t, append([]string{"AcceptEnv FBDOCK_*", "Subsystem sftp internal-sftp"}, extra...)...)
	s.Attributes, s.End = group(), killTree
	return &sshd{s}
}

// liveApart has it live in a mount namespace of its own, as a machine does.
func (s *sshd) liveApart() {
	s.Within = []string{"unshare", "-m", "--propagation", "private", "sh", "-c",
		"mkdir -p /var/run/fbdock-mounts && mount -t tmpfs none /var/run/fbdock-mounts && exec \"$@\"", "sh"}
}

func (s *sshd) start(t testing.TB) { s.Start(t) }

// kill ends the server and all its sessions, as a reboot does.
func (s *sshd) kill() { s.Kill() }

func (s *sshd) logins(t testing.TB) int { return s.Logins(t) }

// guests logs in to the sshd for both guests.
type guests struct {
	*sshd
	other *sshd // the engine, when it is not the same
	// engine logs in to an engine that is no sshd of this computer's network.
	engine func(context.Context) (*link.Client, error)
	via    string // address of what stands before the first
	// root is what runs a program as root; a login that has none is root's.
	root  []string
	gone  atomic.Bool
	fresh atomic.Int64
	// engineFresh counts how often the address of an engine beside FreeBSD was
	// asked for anew.
	engineFresh atomic.Int64
	kept        atomic.Bool // the agent has its connection to an engine beside FreeBSD
}

func (g *guests) FreeBSD(ctx context.Context, fresh bool) (*link.Client, error) {
	if fresh {
		g.fresh.Add(1)
	}
	to := g.endpoint()
	if g.via != "" {
		to.Address = g.via
	}
	return link.Dial(ctx, to, link.Options{
		HostKey: g.HostKey, Timeout: 5 * time.Second, KeepAlive: time.Second, IdleTimeout: 3 * time.Second,
	})
}

func (g *guests) Root(string) ([]string, error) { return g.root, nil }

func (g *guests) EngineInside(ctx context.Context, through *link.Client) (*link.Client, error) {
	if g.engine != nil {
		return g.engine(ctx)
	}
	s := g.sshd
	if g.other != nil {
		s = g.other
	}
	return through.Through(ctx, s.endpoint(), link.Options{HostKey: s.HostKey})
}

func (g *guests) EngineBeside(ctx context.Context, fresh bool) (*link.Client, error) {
	if fresh {
		g.engineFresh.Add(1)
	}
	if g.engine != nil && g.kept.Swap(true) {
		return g.engine(ctx) // a login for datagrams, whose other end has a network of its own
	}
	return link.Dial(ctx, g.other.endpoint(), link.Options{
		HostKey: g.other.HostKey, Timeout: 5 * time.Second, KeepAlive: time.Second, IdleTimeout: 3 * time.Second,
	})
}

func (g *guests) Gone(context.Context) bool { return g.gone.Load() }

func (s *sshd) endpoint() link.Endpoint {
	return link.Endpoint{
		Name: "dev", Address: s.Address, User: s.User, KeyFiles: []string{s.KeyFile}, KeysOnly: true,
	}
}

// running is an agent that serves within the test.
type running struct {
	agent.Remote
	guests *guests
	dir    string
	docker string
	podman string
	ended  chan struct{}
	err    error
}

func startAgent(t testing.TB, s *sshd, change func(*agent.Options)) *running {
	t.Helper()
	return startAgentOf(t, &guests{sshd: s}, change)
}

func startAgentOf(t testing.TB, g *guests, change func(*agent.Options)) *running {
	t.Helper()
	dir := shortDir(t)
	signer := sshdtest.Key(t, filepath.Join(dir, "host"))
	r := &running{guests: g, dir: dir, docker: filepath.Join(dir, "docker.sock"), podman: filepath.Join(dir, "podman.sock"), ended: make(chan struct{})}
	o := agent.Options{
		Identity: "test", Socket: filepath.Join(dir, "agent.sock"), Lock: filepath.Join(dir, "agent.lock"),
		HostKey: signer, Guests: r.guests, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		TLS:      func() (*tls.Config, error) { return nil, errors.New("no certificates") },
		Settings: agent.Settings{Bind: netip.MustParseAddr("127.0.0.1")},
	}
	if change != nil {
		change(&o)
	}
	r.Remote = agent.Remote{Address: o.Socket, HostKey: o.HostKey.PublicKey()}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(r.ended)
		r.err = agent.Run(ctx, o)
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case <-r.ended:
		case <-time.After(waittest.Limit):
			t.Errorf("agent.Run() does not return %v after its context ended, want it to return", waittest.Limit)
		}
	})
	r.await(t, func(agent.Status) bool { return true })
	return r
}

// await asks until the agent's status is as wanted.
func (r *running) await(t testing.TB, ok func(agent.Status) bool) agent.Status {
	t.Helper()
	var last agent.Status
	var err error
	if !waittest.Poll(func() bool {
		last, err = r.Status(t.Context())
		return err == nil && ok(last)
	}) {
		t.Fatalf("Status() = %+v, %v, want the awaited state within %v", last, err, waittest.Limit)
	}
	return last
}

func (r *running) dial(t testing.TB, user string) *link.Client {
	t.Helper()
	c, err := r.Dial(t.Context(), user, 0)
	if err != nil {
		t.Fatalf("Dial(%s): error = %v, want none", user, err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func write(t testing.TB, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fb") //nolint:usetesting // the test's own path is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
