//go:build linux

package agent_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/link"
)

// BenchmarkDial is the login at the agent, as every command does it.
func BenchmarkDial(b *testing.B) {
	r := startAgent(b, startSSHD(b), nil)
	for b.Loop() {
		c, err := r.Dial(b.Context(), agent.UserFreeBSD, 0)
		if err != nil {
			b.Fatal(err)
		}
		_ = c.Close()
	}
}

// BenchmarkRun is a command over a login that is there, by the agent and, to
// compare with, without it.
func BenchmarkRun(b *testing.B) {
	r := startAgent(b, startSSHD(b), nil)
	direct, err := r.guests.FreeBSD(b.Context(), false)
	if err != nil {
		b.Fatal(err)
	}
	defer direct.Close()
	c, err := r.Dial(b.Context(), agent.UserFreeBSD, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	for _, by := range []struct {
		name string
		*link.Client
	}{{"agent", c}, {"direct", direct}} {
		for what, cmd := range map[string]link.Command{"args": {Args: []string{"true"}}, "raw": {Raw: "true"}} {
			b.Run(by.name+"/"+what, func(b *testing.B) {
				for b.Loop() {
					if status, err := by.Run(b.Context(), cmd); status != 0 || err != nil {
						b.Fatalf("Run(%v) = %d, %v, want 0 and no error", cmd, status, err)
					}
				}
			})
		}
	}
}

// BenchmarkBesideMount is a command while a guest reads a large file from a
// mount as fast as it can, and, to compare with, while it keeps one processor
// busy without.
func BenchmarkBesideMount(b *testing.B) {
	m := newMachine(b)
	f := folders(b, 1)[0]
	if err := os.WriteFile(filepath.Join(f.Source, "big"), make([]byte, 64<<20), 0o600); err != nil {
		b.Fatal(err)
	}
	r := m.serve(b, f)
	r.await(b, mounted)
	c := r.dial(b, agent.UserFreeBSD)
	one := func(b *testing.B) {
		for b.Loop() {
			if status, err := c.Run(b.Context(), link.Command{Args: []string{"true"}}); status != 0 || err != nil {
				b.Fatalf("Run(true) = %d, %v, want 0 and no error", status, err)
			}
		}
	}
	b.Run("idle", one)
	for _, of := range []struct{ name, script string }{
		{"mount", "while cat " + f.Target + "/big >/dev/null; do :; done"},
		{"processor", "while :; do :; done"},
	} {
		b.Run(of.name, func(b *testing.B) {
			ctx, cancel := context.WithCancel(b.Context())
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, _ = c.Run(ctx, link.Command{Script: of.script})
			}()
			time.Sleep(300 * time.Millisecond)
			b.ResetTimer()
			one(b)
			b.StopTimer()
			cancel()
			<-done
		})
	}
}
