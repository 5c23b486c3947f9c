package engine_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/engine"
	"github.com/fbdock/fbdock/internal/waittest"
)

func TestAskTheDaemon(t *testing.T) {
	// The host's proxy must not be asked for the way into the guest.
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	ca := newAuthority(t)
	c := newClient(t, startDaemon(t, ca).dial, keysOf(t, ca, ca))
	if err := c.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	version, err := c.Version(t.Context())
	want := engine.Version{Version: "29.9.3", APIVersion: "1.56", MinAPIVersion: "1.44", Kernel: "6.12", Architecture: "amd64"}
	if err != nil || version != want {
		t.Errorf("Version() = %+v, %v, want %+v", version, err, want)
	}
	info, err := c.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(engine.Info{
		ServerVersion: "29.9.3", APIVersion: "1.56", MinAPIVersion: "1.44",
		OperatingSystem: "Alpine Linux v3.24", Kernel: "6.12", Architecture: "x86_64", StorageDriver: "overlayfs",
		CPUs: 2, Memory: 2 << 30, Images: 7, Containers: 5, ContainersRunning: 2, ContainersPaused: 1, ContainersStopped: 2,
		Warnings: []string{"one"},
	}, info); diff != "" {
		t.Errorf("Info() differs (-want +got):\n%s", diff)
	}
}

func TestForeignCertificates(t *testing.T) {
	t.Parallel()
	ca, foreign := newAuthority(t), newAuthority(t)
	d := startDaemon(t, ca)
	for name, test := range map[string]struct {
		keys keys
		ours bool
	}{
		"client of a foreign CA": {keysOf(t, ca, foreign), true},
		"daemon of a foreign CA": {keysOf(t, foreign, ca), false},
	} {
		c := newClient(t, d.dial, test.keys)
		for what, err := range map[string]error{"ping": c.Ping(t.Context()), "info": infoError(t, c)} {
			trust, ok := errors.AsType[*engine.TrustError](err)
			if !ok || trust.Ours != test.ours || trust.Hint() == "" || !strings.Contains(trust.Error(), address) {
				t.Errorf("%s with a %s: error = %v, want a TrustError with Ours = %v and a hint", what, name, err, test.ours)
			}
		}
	}
	if n := d.asked.Load(); n != 0 {
		t.Errorf("dockerd got %d requests of untrusted clients, want 0", n)
	}
}

func infoError(t *testing.T, c *engine.Client) error {
	t.Helper()
	_, err := c.Info(t.Context())
	return err
}

var errRefused = errors.New("connection refused by the test")

func TestUnreachable(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	c := newClient(t, func(context.Context, string, string) (net.Conn, error) { return nil, errRefused }, keysOf(t, ca, ca))
	err := c.Ping(t.Context())
	gone, ok := errors.AsType[*engine.UnreachableError](err)
	if !ok || !errors.Is(err, errRefused) || gone.Hint() == "" {
		t.Errorf("Ping() with a dial that fails: error = %v, want an UnreachableError of %v with a hint", err, errRefused)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errRefused)
	if err := c.Ping(ctx); !errors.Is(err, errRefused) || errors.As(err, &gone) {
		t.Errorf("Ping() with a cancelled context: error = %v, want %v and no UnreachableError", err, errRefused)
	}
}

func TestWaitReady(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	d := startDaemon(t, ca)
	d.ready.Store(false)
	var tries atomic.Int64
	c := newClient(t, func(ctx context.Context, network, to string) (net.Conn, error) {
		if tries.Add(1) <= 2 { // nothing listens yet
			return nil, errRefused
		}
		return d.dial(ctx, network, to)
	}, keysOf(t, ca, ca))
	ctx, cancel := context.WithTimeout(t.Context(), waittest.Limit)
	defer cancel()
	go func() {
		waittest.Poll(func() bool { return d.asked.Load() >= 2 })
		d.ready.Store(true)
	}()
	v, err := c.WaitReady(ctx, 5*time.Millisecond)
	if err != nil || v.Version != "29.9.3" {
		t.Errorf("WaitReady() = %+v, %v, want version 29.9.3", v, err)
	}
}

func TestWaitReadyGivesUp(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	own := keysOf(t, ca, ca)
	starting := startDaemon(t, ca)
	starting.ready.Store(false)
	silent := func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	refused := func(context.Context, string, string) (net.Conn, error) { return nil, errRefused }
	for name, test := range map[string]struct {
		dial engine.Dialer
		word string
		// within is the time that the wait has.
		within func(context.Context) (context.Context, context.CancelFunc)
	}{
		// Over when it has been asked twice, and so has answered once.
		"starting": {starting.dial, "500", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return once(ctx, func() bool { return starting.asked.Load() > 1 })
		}},
		"refused": {refused, errRefused.Error(), briefly},
		"silent":  {silent, "deadline", briefly},
	} {
		ctx, cancel := test.within(t.Context())
		_, err := newClient(t, test.dial, own).WaitReady(ctx, 10*time.Millisecond)
		cancel()
		late, ok := errors.AsType[*engine.NotReadyError](err)
		if !ok || !errors.Is(err, context.DeadlineExceeded) || late.Hint() == "" || !strings.Contains(err.Error(), test.word) {
			t.Errorf("WaitReady(), dockerd %s: error = %v, want a NotReadyError with %q and a hint", name, err, test.word)
		}
	}
}

func briefly(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, 200*time.Millisecond)
}

// once is a context whose time is over as soon as the condition holds.
func once(ctx context.Context, condition func() bool) (context.Context, context.CancelFunc) {
	ctx, end := context.WithCancelCause(ctx)
	go func() {
		waittest.Poll(condition)
		end(context.DeadlineExceeded)
	}()
	return ctx, func() { end(nil) }
}

func TestTLSRefusals(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	for broken := range 3 {
		for _, text := range []string{"", "rubbish"} {
			keys := keysOf(t, ca, ca)
			keys[broken] = []byte(text)
			if _, err := engine.TLS(keys[0], keys[1], keys[2]); err == nil {
				t.Errorf("TLS() with argument %d = %q: error = nil, want an error", broken, text)
			}
		}
	}
	if _, err := engine.New(nil, nil, "nonsense"); err == nil {
		t.Error("New(nil, nil, \"nonsense\"): error = nil, want an error")
	}
}
