//go:build linux

package agent_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/link/sshdtest"
)

// echo is a server in the engine that says its name and then what it is told.
func echo(t *testing.T, name string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sshdtest.Serve(t, l, func(conn net.Conn) {
		defer conn.Close()
		_, _ = fmt.Fprintln(conn, name)
		_, _ = io.Copy(conn, conn)
	})
	return l.Addr().String()
}

// startReverse is an agent by which FreeBSD reaches a server of the engine.
func startReverse(t *testing.T) (r *running, freebsd, engine *sshd, at string) {
	t.Helper()
	at = sshdtest.FreeAddress(t)
	to := echo(t, "dockerd")
	r, freebsd, engine = startBeside(t, func(o *agent.Options) {
		o.Reverse = []agent.Reverse{{Name: "dockerd", At: at, To: to}}
	})
	r.await(t, reverseUp)
	return r, freebsd, engine, at
}

func reverseUp(s agent.Status) bool { return len(s.Reverse) == 1 && s.Reverse[0].Up }

// connect is a connection of a program in FreeBSD.
func connect(t *testing.T, at string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatalf("connect to %s in FreeBSD: error = %v, want none", at, err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	return conn
}

// says sends text, ends its side and reads all that comes back.
func says(t *testing.T, at, text string) string {
	t.Helper()
	conn := connect(t, at)
	_, _ = io.WriteString(conn, text)
	_ = conn.(*net.TCPConn).CloseWrite()
	back, err := io.ReadAll(conn)
	if err != nil {
		return err.Error()
	}
	return string(back)
}

// TestReverse: what connects in FreeBSD reaches the engine, each direction to its
// own end, and FreeBSD's sshd listens at its loopback alone.
func TestReverse(t *testing.T) {
	t.Parallel()
	r, _, _, at := startReverse(t)
	text := strings.Repeat("a line\n", 100_000)
	if got := says(t, at, text); got != "dockerd\n"+text {
		t.Errorf("%d bytes came back, which begin %.20q, want %d of dockerd", len(got), got, len("dockerd\n"+text))
	}
	_, port, _ := net.SplitHostPort(at)
	if conn, err := net.Dial("tcp", net.JoinHostPort("::1", port)); err == nil {
		_ = conn.Close()
		t.Error("FreeBSD listens at ::1 too, want 127.0.0.1 alone")
	}
	if got := listenersOf(t, port); len(got) != 1 || !strings.HasPrefix(got[0], "0100007F:") {
		t.Errorf("FreeBSD listens at %v, want 127.0.0.1 (0100007F) alone", got)
	}
	if s := r.await(t, reverseUp); s.Reverse[0].At != at || s.Reverse[0].Error != "" {
		t.Errorf("Status().Reverse = %+v, want it up at %s", s.Reverse, at)
	}
}

// listenersOf are the addresses of Linux' table of IPv4 sockets that listen at a port.
func listenersOf(t *testing.T, port string) (addresses []string) {
	t.Helper()
	data, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	hex := fmt.Sprintf(":%04X", number(t, port))
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) > 3 && strings.HasSuffix(f[1], hex) && f[3] == "0A" {
			addresses = append(addresses, f[1])
		}
	}
	return addresses
}

// TestReverseComesBack: it is there again when either connection is, and what was
// open ends with it.
func TestReverseComesBack(t *testing.T) {
	t.Parallel()
	r, freebsd, engine, at := startReverse(t)
	open := connect(t, at)
	if _, err := io.ReadFull(open, make([]byte, len("dockerd\n"))); err != nil {
		t.Fatal(err)
	}
	engine.kill()
	if n, err := open.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read of a connection whose engine is gone = %d, %v, want its end", n, err)
	}
	engine.start(t)
	r.await(t, func(s agent.Status) bool { return s.EngineLink.Up })
	if got := says(t, at, "x"); got != "dockerd\nx" {
		t.Errorf("with the engine back FreeBSD gets %q, want %q", got, "dockerd\nx")
	}
	freebsd.kill()
	s := r.await(t, func(s agent.Status) bool { return !s.Reverse[0].Up })
	if s.Reverse[0].Error == "" {
		t.Errorf("Status().Reverse without FreeBSD = %+v, want a reason", s.Reverse[0])
	}
	freebsd.start(t)
	r.await(t, reverseUp)
	if got := says(t, at, "y"); got != "dockerd\ny" {
		t.Errorf("with FreeBSD back it gets %q, want %q", got, "dockerd\ny")
	}
}

// TestReverseWaitsForThePort: who holds the port, as a dead connection of the agent
// before does, is told of, and followed.
func TestReverseWaitsForThePort(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at, to := l.Addr().String(), echo(t, "dockerd")
	r, _, _ := startBeside(t, func(o *agent.Options) {
		o.Reverse = []agent.Reverse{{Name: "dockerd", At: at, To: to}}
	})
	s := r.await(t, func(s agent.Status) bool { return strings.Contains(s.Reverse[0].Error, "listen at "+at) })
	if s.Reverse[0].Up || !s.Link {
		t.Errorf("Status() with the port taken = %+v, want a link and no listener", s)
	}
	_ = l.Close()
	r.await(t, reverseUp)
	if got := says(t, at, "x"); got != "dockerd\nx" {
		t.Errorf("once the port is free FreeBSD gets %q, want %q", got, "dockerd\nx")
	}
}

// TestReverseIsBounded: FreeBSD has so many connections and no more, the other
// channels of the link go on, and a place that is given back is there again.
func TestReverseIsBounded(t *testing.T) {
	t.Parallel()
	const limit, many = 64, 80
	r, _, _, at := startReverse(t)
	held := hold(t, at, many)
	if len(held) != limit {
		t.Errorf("%d of %d connections of FreeBSD reach the engine, want %d", len(held), many, limit)
	}
	if s, err := r.Status(t.Context()); err != nil || s.Reverse[0].Refused != many-limit || !s.Reverse[0].Up {
		t.Errorf("Status() = %+v, %v, want %d refused and the listener up", s.Reverse, err, many-limit)
	}
	if _, err := r.dial(t, agent.UserFreeBSD).Output(t.Context(), link.Command{Script: "true"}); err != nil {
		t.Errorf("a command in FreeBSD: error = %v, want none", err)
	}
	for _, conn := range held {
		_ = conn.Close()
	}
	r.await(t, func(agent.Status) bool { return says(t, at, "x") == "dockerd\nx" })
}

// hold opens so many connections at once, and gives those that the engine greets.
func hold(t *testing.T, at string, many int) (held []net.Conn) {
	t.Helper()
	var mu sync.Mutex
	var tries sync.WaitGroup
	for range many {
		tries.Go(func() {
			conn, err := net.Dial("tcp", at)
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
			if _, err := io.ReadFull(conn, make([]byte, len("dockerd\n"))); err == nil {
				mu.Lock()
				held = append(held, conn)
				mu.Unlock()
			}
		})
	}
	tries.Wait()
	return held
}

// TestReverseGivesPlacesBack: a connection that is lost with FreeBSD's holds no place,
// though the engine goes on and says nothing.
func TestReverseGivesPlacesBack(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sshdtest.Serve(t, l, func(conn net.Conn) {
		t.Cleanup(func() { _ = conn.Close() }) // and not before
		_, _ = io.WriteString(conn, "dockerd\n")
	})
	at := sshdtest.FreeAddress(t)
	r, freebsd, _ := startBeside(t, func(o *agent.Options) {
		o.Reverse = []agent.Reverse{{Name: "dockerd", At: at, To: l.Addr().String()}}
	})
	r.await(t, reverseUp)
	const many = 64
	for _, when := range []string{"first", "after FreeBSD was away"} {
		if n := len(hold(t, at, many)); n != many {
			t.Errorf("%s: %d of %d connections reach the engine, want all", when, n, many)
		}
		freebsd.kill()
		r.await(t, func(s agent.Status) bool { return !s.Reverse[0].Up })
		freebsd.start(t)
		r.await(t, reverseUp)
	}
}

// TestReverseWithoutDockerd: where nobody listens in the engine the connection ends.
func TestReverseWithoutDockerd(t *testing.T) {
	t.Parallel()
	at, to := sshdtest.FreeAddress(t), sshdtest.FreeAddress(t)
	r, _, _ := startBeside(t, func(o *agent.Options) {
		o.Reverse = []agent.Reverse{{Name: "dockerd", At: at, To: to}}
	})
	r.await(t, reverseUp)
	if got := says(t, at, ""); got != "" {
		t.Errorf("FreeBSD gets %q from an engine that does not listen, want the end", got)
	}
}
