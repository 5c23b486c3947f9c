package state_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/run/runtest"
	"github.com/fbdock/fbdock/internal/state"
)

// TestMain lets the test binary stand in for another fbdock that holds the lock.
func TestMain(m *testing.M) {
	if id := os.Getenv("STATE_TEST_HOLD"); id != "" {
		s, err := state.At(os.LookupEnv, runtime.GOOS)
		if err == nil {
			var d state.Dir
			if d, err = s.OpenID(id); err == nil {
				_, err = d.Lock(context.Background(), 0)
			}
		}
		if err != nil {
			os.Exit(1)
		}
		_, _ = os.Stdout.WriteString("held\n")
		_, _ = io.Copy(io.Discard, os.Stdin)
	}
	os.Exit(m.Run())
}

func TestLockBetweenProcesses(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	other := exec.CommandContext(t.Context(), os.Args[0])
	other.Env = append(os.Environ(), "STATE_TEST_HOLD="+d.Record().ID, "XDG_STATE_HOME="+filepath.Dir(d.Home()))
	_, out := runtest.Start(t, other)
	if _, err := out.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	for _, wait := range []time.Duration{0, 120 * time.Millisecond} {
		_, err := d.Lock(t.Context(), wait)
		var busy *state.BusyError
		if !errors.As(err, &busy) || busy.PID != other.Process.Pid || busy.Hint() == "" {
			t.Errorf("Lock() while process %d holds it: error = %v, want a BusyError with its PID and a hint", other.Process.Pid, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := d.Lock(ctx, time.Minute); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Lock() with an ended context: error = %v, want DeadlineExceeded", err)
	}
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = other.Wait()
	lock, err := d.Lock(t.Context(), 0)
	if err != nil {
		t.Fatalf("Lock() after the holder was killed: %v, want no error", err)
	}
	if err := lock.Unlock(); err != nil {
		t.Error(err)
	}
	if (&state.BusyError{}).Error() != "another fbdock works on this project" {
		t.Errorf("BusyError{}.Error() = %q, want no process ID in it", (&state.BusyError{}).Error())
	}
	if lock, err = d.Lock(t.Context(), 0); err != nil {
		t.Fatalf("Lock() after Unlock(): %v, want no error", err)
	}
	_ = lock.Unlock()
}
