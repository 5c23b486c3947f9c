//go:build linux

package agent_test

import (
	"testing"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/link"
)

// BenchmarkDial is the way to the agent that every verb goes.
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
						b.Fatal(status, err)
					}
				}
			})
		}
	}
}
