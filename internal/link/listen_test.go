package link_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/link"
)

// come is a connection that a server says has come to an address of its own.
func come(server *ssh.ServerConn, host string, port uint32) (ssh.Channel, error) {
	ch, reqs, err := server.OpenChannel("forwarded-tcpip", ssh.Marshal(&struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}{host, port, "127.0.0.1", 4711}))
	if err == nil {
		go ssh.DiscardRequests(reqs)
	}
	return ch, err
}

// TestListen: a server has no other connections accepted than those to the address
// that it was asked to listen at, whatever it says, and none after the end.
func TestListen(t *testing.T) {
	t.Parallel()
	servers := make(chan *ssh.ServerConn, 1)
	s := startServer(t, func(server *ssh.ServerConn, asked ssh.NewChannel) {
		_ = asked.Reject(ssh.ResourceShortage, "no")
		servers <- server
	})
	s.listens = true
	c := s.dial(t)
	l, err := c.Listen(t.Context(), "127.0.0.1:2376")
	if err != nil {
		t.Fatalf("Listen(): error = %v, want none", err)
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "here")
			_ = conn.Close()
		}
	}()
	if _, _, err := c.OpenChannel(t.Context(), "session", nil); err == nil {
		t.Fatal("OpenChannel(session): no error, want the server's refusal")
	}
	server := <-servers
	for range 500 {
		for _, at := range []struct {
			host string
			port uint32
		}{{"127.0.0.1", 22}, {"0.0.0.0", 2376}, {"", 2376}, {"localhost", 2376}, {"127.0.0.1", 1 << 20}} {
			if _, err := come(server, at.host, at.port); refusal(err) != ssh.Prohibited {
				t.Fatalf("a connection to %s:%d: error = %v, want it prohibited", at.host, at.port, err)
			}
		}
	}
	ch, err := come(server, "127.0.0.1", 2376)
	if err != nil {
		t.Fatalf("a connection to the listener: error = %v, want none", err)
	}
	if text, err := io.ReadAll(ch); string(text) != "here" || err != nil {
		t.Errorf("the listener says %q, %v, want %q", text, err, "here")
	}
	if err := l.Close(); err != nil {
		t.Errorf("Close() = %v, want none", err)
	}
	if _, err := come(server, "127.0.0.1", 2376); refusal(err) != ssh.Prohibited {
		t.Errorf("a connection after Close(): error = %v, want it prohibited", err)
	}
}

func refusal(err error) ssh.RejectionReason {
	if refused, ok := errors.AsType[*ssh.OpenChannelError](err); ok {
		return refused.Reason
	}
	return 0
}

func TestListenIsRefused(t *testing.T) {
	t.Parallel()
	s := startServer(t, refuse)
	c := s.dial(t)
	_, err := c.Listen(t.Context(), "127.0.0.1:2376")
	if refused, ok := errors.AsType[*link.RefusedError](err); !ok || refused.Name != "dev" {
		t.Errorf("Listen() = %v, want a *RefusedError of dev", err)
	}
	s.cut()
	<-c.Done()
	_, err = c.Listen(t.Context(), "127.0.0.1:2376")
	wantLost(t, "Listen()", err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	<-ctx.Done()
	if _, err := s.dial(t).Listen(ctx, "127.0.0.1:2376"); err == nil {
		t.Error("Listen() with a context that has ended: no error, want one")
	}
}
