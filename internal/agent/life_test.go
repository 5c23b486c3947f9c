//go:build linux

package agent_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/link/sshdtest"
	"github.com/fbdock/fbdock/internal/waittest"
)

func TestSocketIsPrivate(t *testing.T) {
	t.Parallel()
	r := startAgent(t, startSSHD(t), nil)
	info, err := os.Stat(r.Address)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("Stat(%s) = %v, %v, want mode 0600", r.Address, info, err)
	}
}

// TestGuestReboots: the command in flight is told lost, and the next one runs
// over a new link, without anybody's doing.
func TestGuestReboots(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	r := startAgent(t, s, nil)
	c := r.dial(t, agent.UserFreeBSD)
	var once sync.Once
	began := time.Now()
	_, err := c.Run(t.Context(), link.Command{
		Script: "echo ready; sleep 60", Stdout: writerFunc(func([]byte) { once.Do(func() { go s.kill() }) }),
	})
	if lost, ok := errors.AsType[*link.LostError](err); !ok || lost.Hint() == "" {
		t.Errorf("Run() when sshd is killed: error = %v, want a LostError with a hint", err)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("Run() when sshd is killed: returned after %v, want 30s or less", took)
	}
	r.await(t, func(s agent.Status) bool { return !s.Link && s.Error != "" })
	s.start(t)
	if got := run(t, c, link.Command{Script: "exit 4"}); got.status != 4 || got.err != nil {
		t.Errorf("Run(exit 4) by the client of before = %+v, want status 4", got)
	}
	if got := run(t, r.dial(t, agent.UserEngine), link.Command{Script: "exit 5"}); got.status != 5 || got.err != nil {
		t.Errorf("Run(exit 5) on the engine = %+v, want status 5", got)
	}
	if st := r.await(t, func(s agent.Status) bool { return s.Link }); st.Repairs != 1 {
		t.Errorf("Status() after a reconnect = %+v, want 1 repair", st)
	}
}

// TestGuestIsAway: a client is told why, soon.
func TestGuestIsAway(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	r := startAgent(t, s, nil)
	r.await(t, func(s agent.Status) bool { return s.Link })
	s.kill()
	r.await(t, func(s agent.Status) bool { return !s.Link })
	began := time.Now()
	_, err := r.Dial(t.Context(), agent.UserFreeBSD, 30*time.Second)
	if err == nil || time.Since(began) > 25*time.Second {
		t.Errorf("Dial() without sshd: error = %v after %v, want one within 25s", err, time.Since(began))
	}
	if r.guests.fresh.Load() == 0 {
		t.Error("Vagrant was asked for the address 0 times, want 1 or more")
	}
}

func TestMachineIsGone(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	r := startAgent(t, s, nil)
	r.await(t, func(s agent.Status) bool { return s.Link })
	if err := os.Remove(r.dir + "/agent.lock"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-r.ended:
	case <-time.After(waittest.Limit):
		t.Fatalf("agent.Run() does not return %v after its folder was deleted, want it to return", waittest.Limit)
	}
	if !errors.Is(r.err, agent.ErrGone) {
		t.Errorf("agent.Run() without its folder: error = %v, want ErrGone", r.err)
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	r := startAgent(t, startSSHD(t), nil)
	c := r.dial(t, agent.UserFreeBSD)
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-r.ended
	if r.err != nil {
		t.Errorf("agent.Run() after Stop(): error = %v, want none", r.err)
	}
	<-c.Done()
	if err := c.Err(); err == nil || strings.Contains(err.Error(), "no sign of life") {
		t.Errorf("Err() of the client after Stop() = %v, want that the agent has closed the connection", err)
	}
	if _, err := os.Stat(r.Address); err == nil {
		t.Errorf("Stat(%s) after Stop(): no error, want the socket deleted", r.Address)
	}
	err := r.Stop(t.Context())
	if _, ok := errors.AsType[*link.UnreachableError](err); !ok {
		t.Errorf("Stop() without an agent: error = %v, want an UnreachableError", err)
	}
}

// TestRetire: another agent takes over while the first one's command runs to
// its end.
func TestRetire(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	r := startAgent(t, s, nil)
	c := r.dial(t, agent.UserFreeBSD)
	ready := make(chan struct{})
	var once sync.Once
	result := make(chan outcome, 1)
	in, err := os.CreateTemp(t.TempDir(), "go")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		status, err := c.Run(t.Context(), link.Command{
			Script: "echo ready; while [ ! -s " + in.Name() + " ]; do sleep 0.1; done; exit 6",
			Stdout: writerFunc(func([]byte) { once.Do(func() { close(ready) }) }),
		})
		result <- outcome{status: status, err: err}
	}()
	<-ready
	if err := r.Retire(t.Context()); err != nil {
		t.Fatal(err)
	}
	next := startAgent(t, s, func(o *agent.Options) {
		o.Identity, o.Socket, o.Lock = "next", r.Address, r.dir+"/agent.lock"
	})
	if got := run(t, next.dial(t, agent.UserFreeBSD), link.Command{Script: "exit 8"}); got.status != 8 {
		t.Errorf("Run(exit 8) by the next agent = %+v, want status 8", got)
	}
	select {
	case <-r.ended:
		t.Fatal("the retired agent ended before its command, want it to wait")
	default:
	}
	if _, err := in.WriteString("x"); err != nil {
		t.Fatal(err)
	}
	if got := <-result; got.status != 6 || got.err != nil {
		t.Errorf("the command of the retired agent = %+v, want status 6", got)
	}
	_ = c.Close()
	select {
	case <-r.ended:
	case <-time.After(waittest.Limit):
		t.Errorf("the retired agent runs %v after its last connection, want it to end", waittest.Limit)
	}
}

func TestStarter(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	dir := shortDir(t)
	signer := sshdtest.Key(t, dir+"/host")
	var mu sync.Mutex
	var spawned int
	starter := agent.Starter{
		Remote:   agent.Remote{Address: dir + "/agent.sock", HostKey: signer.PublicKey()},
		Identity: "test", Lock: dir + "/agent.start", Log: dir + "/agent.log",
	}
	starter.Spawn = func(_ context.Context, _ *os.File) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		spawned++
		startAgent(t, s, func(o *agent.Options) {
			o.Socket, o.Lock, o.HostKey = starter.Remote.Address, dir+"/agent.lock", signer
		})
		return os.Getpid(), nil
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := starter.Ensure(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if spawned != 1 {
		t.Errorf("20 calls of Ensure() started %d agents, want 1", spawned)
	}
}

func TestStarterTellsWhatTheAgentSaid(t *testing.T) {
	t.Parallel()
	starter := startsNothing(t, func(log *slog.Logger) { agent.LogEnd(log, errors.New("no key to be had")) })
	write(t, starter.Log, "an old line\n")
	err := starter.Ensure(t.Context())
	failed, ok := errors.AsType[*agent.StartError](err)
	if !ok || !strings.Contains(failed.Error(), "no key to be had") || strings.Contains(failed.Error(), "old line") || failed.Hint() == "" {
		t.Errorf("Ensure(): error = %v, want a StartError with the agent's reason, a hint and no old line", err)
	}
}

// TestStarterKnowsTheEndOfAnother: the agent that made room writes its last
// line when its last connection ends, into the log of the one that follows.
func TestStarterKnowsTheEndOfAnother(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	starter := startsNothing(t, func(log *slog.Logger) {
		log.Info("the agent has ended", "pid", 1)
		cancel(enough) // the log is read once more
	})
	err := starter.Ensure(ctx)
	if failed, ok := errors.AsType[*agent.StartError](err); !ok || !errors.Is(failed, enough) {
		t.Errorf("Ensure() while another agent starts: error = %v, want a StartError with the end of its context", err)
	}
}

// startsNothing is a Starter whose process says something and never serves.
func startsNothing(t *testing.T, say func(*slog.Logger)) agent.Starter {
	t.Helper()
	dir := shortDir(t)
	signer := sshdtest.Key(t, dir+"/host")
	return agent.Starter{
		Remote:   agent.Remote{Address: dir + "/agent.sock", HostKey: signer.PublicKey()},
		Identity: "test", Lock: dir + "/agent.start", Log: dir + "/agent.log",
		Spawn: func(_ context.Context, log *os.File) (int, error) {
			say(slog.New(slog.NewTextHandler(log, nil)))
			return os.Getpid(), nil
		},
	}
}

func TestLogFileStaysSmall(t *testing.T) {
	t.Parallel()
	l := &agent.LogFile{Path: t.TempDir() + "/log", Max: 100}
	for range 50 {
		if _, err := l.Write([]byte("0123456789")); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{l.Path, l.Path + ".1"} {
		info, err := os.Stat(name)
		if err != nil || info.Size() > 100 || info.Size() == 0 {
			t.Errorf("Stat(%s) = %v, %v, want 1 to 100 bytes", name, info, err)
		}
	}
}
