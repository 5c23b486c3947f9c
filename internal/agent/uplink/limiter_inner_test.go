//go:build !windows

package uplink

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/link"
)

// server is one that refuses at first, for a reason that passes.
type server struct{ until time.Time }

func (s *server) OpenChannel(context.Context, string, []byte) (ssh.Channel, <-chan *ssh.Request, error) {
	if time.Now().Before(s.until) {
		return nil, nil, &link.RefusedError{Name: "dev", Kind: "session", Err: errors.New("open failed")}
	}
	return nil, nil, nil
}

// TestLimiterForgets: a limit that was learnt while all places but those of
// mounts were lost is not kept: mounts never end, and nobody would get in.
func TestLimiterForgets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newLimiter()
		for range 3 { // as mounts do
			if err := g.enter(t.Context(), false); err != nil {
				t.Fatal(err)
			}
		}
		s := &server{until: time.Now().Add(time.Second)}
		began := time.Now()
		done := make(chan error)
		for range 6 {
			go func() {
				_, _, _, err := g.session(t.Context(), s, nil)
				done <- err
			}()
		}
		for range 6 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("the last of 6 calls waited %v, want 30s or less", took)
		}
	})
}

// TestMountIsAdmitted: a mount whose session is refused goes on as soon as a
// command has ended, before the commands that came later.
func TestMountIsAdmitted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newLimiter()
		for range 10 { // commands, as many as the server takes
			if err := g.enter(t.Context(), false); err != nil {
				t.Fatal(err)
			}
		}
		var order []string
		mounted := make(chan error)
		go func() {
			mounted <- g.hold(t.Context(), func() error {
				if order = append(order, "mount"); len(order) == 1 {
					return &link.RefusedError{Name: "dev", Kind: "session", Err: errors.New("open failed")}
				}
				return nil
			})
		}()
		synctest.Wait()
		command := make(chan error)
		go func() {
			err := g.enter(t.Context(), false)
			order = append(order, "command")
			command <- err
		}()
		synctest.Wait()
		began := time.Now()
		g.leave()
		if err := errors.Join(<-mounted, <-command); err != nil {
			t.Errorf("hold() and enter() after a place was free: %v, want no error", err)
		}
		if want := []string{"mount", "mount", "command"}; !slices.Equal(order, want) {
			t.Errorf("places were given to %v, want %v", order, want)
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("a free place was given after %v, want at once", waited)
		}
	})
}
