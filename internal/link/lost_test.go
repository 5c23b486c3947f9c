package link_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/waittest"
)

// cable is a TCP relay that can go dead, as the network of a computer that sleeps does.
type cable struct {
	address string
	dead    atomic.Bool
}

func startCable(t *testing.T, to string) *cable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{address: l.Addr().String()}
	var wg sync.WaitGroup
	carry := func(from, to net.Conn) {
		buf := make([]byte, 4096)
		for {
			n, err := from.Read(buf)
			if err != nil {
				_ = to.Close()
				return
			}
			if !c.dead.Load() {
				_, _ = to.Write(buf[:n])
			}
		}
	}
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				_ = near.Close()
				continue
			}
			wg.Go(func() { carry(near, far) })
			wg.Go(func() { carry(far, near) })
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	return c
}

func wantLost(t *testing.T, what string, err error) {
	t.Helper()
	lost, ok := errors.AsType[*link.LostError](err)
	if !ok || lost.Hint() == "" || lost.Error() == "" {
		t.Errorf("%s: error = %v, want a LostError with a hint", what, err)
	}
}

func TestKeepAliveGivesUpADeadLink(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	cable := startCable(t, s.Address)
	to := s.endpoint()
	to.Address = cable.address
	c := dial(t, to, link.Options{HostKey: s.HostKey, KeepAlive: 100 * time.Millisecond, IdleTimeout: 4 * time.Second})
	inner, err := c.Through(t.Context(), s.endpoint(), link.Options{HostKey: s.HostKey, KeepAlive: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	// Alive, and idle for longer than its timeout.
	if got := run(t, c, link.Command{Script: "sleep 5; exit 6"}); got.status != 6 || c.Err() != nil {
		t.Fatalf("Run(exit 6) after an idle time = %+v, Err() = %v, want status 6 and none", got, c.Err())
	}
	ctx, cancel := context.WithTimeout(t.Context(), waittest.Limit)
	defer cancel()
	_, err = c.Run(ctx, link.Command{
		Script: "echo ready; sleep 600", Stdout: onReady(func() { cable.dead.Store(true) }),
	})
	wantLost(t, "run over a dead link", err)
	<-c.Done()
	wantLost(t, "Err", c.Err())
	_, err = c.Run(t.Context(), link.Command{Script: "true"})
	wantLost(t, "run after the end", err)
	_, err = c.DialContext(t.Context(), "tcp", "127.0.0.1:1")
	wantLost(t, "tunnel after the end", err)
	select {
	case <-inner.Done():
	case <-time.After(waittest.Limit):
		t.Errorf("a connection through a dead one is open after %v, want it closed", waittest.Limit)
	}
	_ = c.Close()
}

func TestServerGoesAway(t *testing.T) {
	t.Parallel()
	s := startServer(t, hang)
	c := s.dial(t)
	time.AfterFunc(100*time.Millisecond, s.cut)
	r, w := io.Pipe()
	defer func() { _ = w.Close() }()
	_, err := c.Run(t.Context(), link.Command{Args: []string{"x"}, Stdin: r})
	wantLost(t, "run", err)
	<-c.Done()

	own := s.dial(t)
	time.AfterFunc(100*time.Millisecond, func() { _ = own.Close() })
	_, err = own.Run(t.Context(), link.Command{Args: []string{"x"}})
	wantLost(t, "closed here", err)
	if !errors.Is(err, net.ErrClosed) {
		t.Errorf("Run() on a connection closed here: error = %v, want net.ErrClosed", err)
	}
}

// TestSessionWithoutStatus: the session's server process was killed, the
// link stands.
func TestSessionWithoutStatus(t *testing.T) {
	t.Parallel()
	c := startServer(t, func(_ *ssh.ServerConn, ch ssh.NewChannel) {
		channel, reqs, err := ch.Accept()
		if err != nil {
			return
		}
		req := <-reqs
		_ = req.Reply(true, nil)
		_ = channel.Close()
	}).dial(t)
	_, err := c.Run(t.Context(), link.Command{Args: []string{"x"}})
	wantLost(t, "no status", err)
	if c.Err() != nil {
		t.Errorf("Err() after a command without a status = %v, want none", c.Err())
	}
}

func TestServerThatRefuses(t *testing.T) {
	t.Parallel()
	c := startServer(t, func(_ *ssh.ServerConn, ch ssh.NewChannel) {
		_, reqs, err := ch.Accept()
		if err == nil {
			ssh.DiscardRequests(reqs)
		}
	}).dial(t)
	if _, err := c.Run(t.Context(), link.Command{Args: []string{"x"}}); err == nil {
		t.Error("Run() when exec is refused: no error, want one")
	}
	if _, err := c.Run(t.Context(), link.Command{Args: []string{"x"}, PTY: &link.PTY{}}); err == nil {
		t.Error("Run() when the PTY is refused: no error, want one")
	}
}

// TestCancelAgainstAMuteServer: Ctrl-C must not wait for who does not answer.
func TestCancelAgainstAMuteServer(t *testing.T) {
	t.Parallel()
	for name, handle := range map[string]func(*ssh.ServerConn, ssh.NewChannel){
		"opening":  func(*ssh.ServerConn, ssh.NewChannel) {},
		"starting": mute,
		"running":  hang,
	} {
		c := startServer(t, handle).dial(t)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		start := time.Now()
		_, err := c.Run(ctx, link.Command{Args: []string{"x"}})
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 30*time.Second {
			t.Errorf("Run() with a deadline, %s: error = %v after %v, want DeadlineExceeded within 30s", name, err, time.Since(start))
		}
	}
}

func TestMoreSessionsThanTheServerTakes(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	c := s.dial(t)
	const many = 20
	var ready, running sync.WaitGroup
	var refused atomic.Int64
	ready.Add(many)
	stop := make(chan struct{})
	for range many {
		running.Go(func() {
			in, feed := io.Pipe()
			defer func() { _ = feed.Close() }()
			var once sync.Once
			go func() {
				<-stop
				_ = feed.Close()
			}()
			status, err := c.Run(t.Context(), link.Command{
				Script: "echo ready; cat", Stdin: in, Stdout: onReady(func() { once.Do(ready.Done) }),
			})
			if no, ok := errors.AsType[*link.RefusedError](err); ok {
				if no.Kind != "session" || no.Hint() == "" {
					t.Errorf("Run() without a free session: error = %v, want a RefusedError for a session with a hint", err)
				}
				refused.Add(1)
				once.Do(ready.Done)
			} else if err != nil || status != 0 {
				t.Errorf("Run(cat) = %d, %v, want 0 and no error", status, err)
				once.Do(ready.Done)
			}
		})
	}
	ready.Wait()
	close(stop)
	running.Wait()
	// sshd's MaxSessions is 10 per connection.
	if n := refused.Load(); n != many-10 {
		t.Errorf("refused sessions = %d, want %d", n, many-10)
	}
	if n := s.logins(t); n != 1 {
		t.Errorf("logins = %d, want 1", n)
	}
	if got := run(t, c, link.Command{Script: "exit 2"}); got.status != 2 {
		t.Errorf("Run(exit 2) afterwards = %+v, want status 2", got)
	}
}

func TestManySessionsAtOnce(t *testing.T) {
	t.Parallel()
	s := startSSHD(t, "MaxSessions 100")
	c := s.dial(t)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			want := outcome{i, nil, fmt.Sprintf("out %d\n", i), fmt.Sprintf("err %d\n", i)}
			got := run(t, c, link.Command{Script: fmt.Sprintf("echo out %d; echo err %d >&2; exit %d", i, i, i)})
			if got != want {
				t.Errorf("Run() number %d = %+v, want %+v", i, got, want)
			}
		})
	}
	wg.Wait()
}

// TestOpenSSHReadsThePins keeps the file usable for ssh itself.
func TestOpenSSHReadsThePins(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	pins := s.Dir + "/pins"
	dial(t, s.endpoint(), link.Options{KnownHosts: pins})
	out, err := openSSH(t, s, pins)
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("no ssh here (apt-get install openssh-client)")
	}
	if err != nil || string(out) != "in\n" {
		t.Errorf("OpenSSH with fbdock's pins: error = %v, output %q, want %q", err, out, "in\n")
	}
}
