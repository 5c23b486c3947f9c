//go:build unix

package run_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/run"
	"github.com/fbdock/fbdock/internal/waittest"
)

// whenReady cancels a context once the child says that it listens.
type whenReady struct {
	bytes.Buffer
	cancel func()
}

func (w *whenReady) Write(p []byte) (int, error) {
	n, err := w.Buffer.Write(p)
	if strings.Contains(w.String(), "ready") {
		w.cancel()
	}
	return n, err
}

func interruptWhenReady(t *testing.T, r run.Runner, c run.Cmd) (string, error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &whenReady{cancel: cancel}
	c.Stdout = out
	_, err := r.Run(ctx, c)
	return out.String(), err
}

func TestInterruptLetsItFinish(t *testing.T) {
	t.Parallel()
	out, err := interruptWhenReady(t, run.Runner{Grace: 20 * time.Second}, command("polite"))
	exit, ok := errors.AsType[*run.ExitError](err)
	if !ok || exit.Status != 7 || !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want status 7 and context.Canceled", err)
	}
	if strings.Count(out, "got interrupt") != 1 {
		t.Errorf("output %q, want one interrupt", out)
	}
}

func TestForegroundIsTerminated(t *testing.T) {
	t.Parallel()
	c := command("polite")
	c.Foreground = true
	if _, err := interruptWhenReady(t, run.Runner{}, c); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	c = command("stubborn")
	c.Foreground = true
	if _, err := interruptWhenReady(t, run.Runner{Grace: 100 * time.Millisecond}, c); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func TestStubbornTreeIsKilled(t *testing.T) {
	t.Parallel()
	began := time.Now()
	out, err := interruptWhenReady(t, run.Runner{Grace: 300 * time.Millisecond}, command("parent"))
	if exit, ok := errors.AsType[*run.ExitError](err); !ok || exit.Status != -1 {
		t.Errorf("error %v, want a killed program", err)
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("Run() interrupted took %v, want 15s or less", took)
	}
	_, rest, _ := strings.Cut(out, "pid ")
	pid, convErr := strconv.Atoi(strings.Fields(rest + " x")[0])
	if convErr != nil {
		t.Fatalf("output of the parent = %q, want a pid", out)
	}
	if !waittest.Poll(func() bool { return gone(pid) }) { // whoever adopts it needs a moment to reap it
		t.Errorf("grandchild %d runs after Run(), want it killed", pid)
	}
}

func TestDeathBySignalIsTold(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := run.Cmd{Name: "sh", Args: []string{"-c", "kill -TERM $$"}}
	_, err := run.Runner{}.Run(ctx, c)
	if exit, ok := errors.AsType[*run.ExitError](err); !ok || exit.Status != -1 || !strings.Contains(err.Error(), "terminated") {
		t.Errorf("Run(kill -TERM $$): error = %v, want status -1 and terminated", err)
	}
}

// A background program must not have our terminal: what it would ask there
// has to fail instead of stopping it.
func TestBackgroundHasItsOwnSession(t *testing.T) {
	t.Parallel()
	res, err := run.Runner{}.Run(t.Context(), run.Cmd{Name: "sh", Args: []string{"-c", "(: </dev/tty) 2>/dev/null && echo tty || echo none"}})
	if err != nil || string(res.Stdout) != "none\n" {
		t.Errorf("Run(sh) opens /dev/tty: error = %v, output %q, want %q", err, res.Stdout, "none\n")
	}
}

func gone(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	// Dead but not yet reaped counts: Linux tells it in /proc.
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(stat), ") Z ")
}

// A script that holds a lock on a descriptor and calls fbdock must find the
// lock free when the script has ended, whoever lives on.
func TestDetachedHoldsNothingOpen(t *testing.T) {
	var ends [2]int
	if err := syscall.Pipe(ends[:]); err != nil { // without close-on-exec, as a shell's
		t.Fatal(err)
	}
	read := os.NewFile(uintptr(ends[0]), "read end")
	defer read.Close()
	pid, err := run.Runner{}.Detach(t.Context(), command("sleep"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Kill(pid, syscall.SIGKILL) }()
	if err := syscall.Close(ends[1]); err != nil {
		t.Fatal(err)
	}
	if err := syscall.SetNonblock(ends[0], true); err != nil {
		t.Fatal(err)
	}
	if !waittest.Poll(func() bool {
		n, err := syscall.Read(ends[0], make([]byte, 1))
		return n == 0 && err == nil // the end of the file: nobody has the other end
	}) {
		t.Error("the detached program holds a pipe of its caller, want it closed")
	}
}

func TestSignalsArePassedOn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		role   string
		signal os.Signal
		status int
	}{{"polite", os.Interrupt, 7}, {"stubborn", syscall.SIGKILL, 128 + 9}} {
		signals := make(chan os.Signal, 1)
		out := &whenReady{cancel: sync.OnceFunc(func() { signals <- tt.signal })}
		c := command(tt.role)
		c.Stdout, c.Signals = out, signals
		res, err := run.Runner{}.Run(t.Context(), c)
		if exit, ok := errors.AsType[*run.ExitError](err); !ok || exit.Cause != nil || res.ShellStatus != tt.status {
			t.Errorf("%s after %v: status %d, error %v, want status %d", tt.role, tt.signal, res.ShellStatus, err, tt.status)
		}
	}
}

func TestLookAll(t *testing.T) {
	t.Parallel()
	var dirs, want []string
	for _, mode := range []os.FileMode{0o700, 0o600, 0o700} {
		dir := folder(t)
		file := filepath.Join(dir, "tool")
		if err := os.WriteFile(file, []byte("#!/bin/sh\n"), mode); err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, dir)
		if mode&0o100 != 0 {
			want = append(want, file)
		}
	}
	path := strings.Join([]string{"", ".", dirs[0], dirs[1], "/nowhere", dirs[2], dirs[0]}, string(os.PathListSeparator))
	if got := run.LookAll("tool", path); !slices.Equal(got, want) {
		t.Errorf("LookAll(%q) = %q, want %q", path, got, want)
	}
}
