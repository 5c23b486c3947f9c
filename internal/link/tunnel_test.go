package link_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/link/sshdtest"
	"github.com/fbdock/fbdock/internal/waittest"
)

// answerAtEOF reads all, and only then answers with what it read: without
// half-closed connections nobody ever gets an answer.
func answerAtEOF(t *testing.T, network, address string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	sshdtest.Serve(t, l, func(conn net.Conn) {
		defer func() { _ = conn.Close() }()
		data, _ := io.ReadAll(conn)
		_, _ = conn.Write(data)
	})
	return l
}

func TestTunnelHalfClose(t *testing.T) {
	t.Parallel()
	c := startSSHD(t).dial(t)
	in := make([]byte, 5<<20)
	_, _ = rand.Read(in)
	for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": filepath.Join(shortDir(t), "sock")} {
		l := answerAtEOF(t, network, address)
		conn, err := c.DialContext(t.Context(), network, l.Addr().String())
		if err != nil {
			t.Fatalf("DialContext(%s): error = %v, want none", network, err)
		}
		half, ok := conn.(interface{ CloseWrite() error })
		if !ok {
			t.Fatalf("DialContext(%s) = %T, want a CloseWrite method", network, conn)
		}
		if conn.RemoteAddr().String() != l.Addr().String() || conn.LocalAddr().Network() != network {
			t.Errorf("DialContext(%s): from %v to %v, want to %v", network, conn.LocalAddr(), conn.RemoteAddr(), l.Addr())
		}
		if err := conn.SetDeadline(time.Now()); !errors.Is(err, os.ErrNoDeadline) {
			t.Errorf("SetDeadline() of %s: error = %v, want ErrNoDeadline", network, err)
		}
		go func() {
			_, _ = conn.Write(in)
			_ = half.CloseWrite()
		}()
		out, err := io.ReadAll(conn)
		if err != nil || sha256.Sum256(out) != sha256.Sum256(in) {
			t.Errorf("ReadAll() of %s = %d bytes, %v, want the %d bytes sent", network, len(out), err, len(in))
		}
		_ = conn.Close()
	}
}

func TestTunnelRefused(t *testing.T) {
	t.Parallel()
	c := startSSHD(t).dial(t)
	_, err := c.DialContext(t.Context(), "tcp", "127.0.0.1:1")
	refused, ok := errors.AsType[*link.RefusedError](err)
	if !ok || refused.Prohibited || refused.Kind != "direct-tcpip" || refused.Hint() == "" {
		t.Errorf("DialContext() of a port without a listener: error = %v, want a RefusedError with a hint", err)
	}
	forbidden := startSSHD(t, "AllowTcpForwarding no").dial(t)
	_, err = forbidden.DialContext(t.Context(), "tcp", "127.0.0.1:1")
	if refused, ok = errors.AsType[*link.RefusedError](err); !ok || !refused.Prohibited || refused.Hint() == "" {
		t.Errorf("DialContext() with AllowTcpForwarding no: error = %v, want a RefusedError that is Prohibited", err)
	}
	for _, bad := range [][2]string{{"udp", "127.0.0.1:1"}, {"tcp", "nonsense"}, {"tcp", "a:99999"}} {
		if _, err := c.DialContext(t.Context(), bad[0], bad[1]); err == nil {
			t.Errorf("DialContext(%v): no error, want one", bad)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.DialContext(ctx, "tcp", "127.0.0.1:1"); !errors.Is(err, context.Canceled) {
		t.Errorf("DialContext() cancelled: error = %v, want context.Canceled", err)
	}
}

// TestThrough logs in to a second server from the first.
func TestThrough(t *testing.T) {
	t.Parallel()
	outer, engine := startSSHD(t), startSSHD(t)
	first := outer.dial(t)
	second, err := first.Through(t.Context(), engine.endpoint(), link.Options{HostKey: engine.HostKey})
	if err != nil {
		t.Fatal(err)
	}
	in := make([]byte, 20<<20)
	_, _ = rand.Read(in)
	hash := sha256.New()
	start := time.Now()
	status, err := second.Run(t.Context(), link.Command{Args: []string{"cat"}, Stdin: bytes.NewReader(in), Stdout: hash})
	if want := sha256.Sum256(in); err != nil || status != 0 || !bytes.Equal(hash.Sum(nil), want[:]) {
		t.Errorf("Run(cat) of 20 MiB through two servers = %d, %v, want 0, no error and equal bytes", status, err)
	}
	t.Logf("there and back through two servers: %.0f MB/s", float64(len(in))/1e6/time.Since(start).Seconds())
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	if got := run(t, first, link.Command{Script: "exit 3"}); got.status != 3 {
		t.Errorf("Run(exit 3) on the first connection after the second ended = %+v, want status 3", got)
	}

	gone := engine.endpoint()
	gone.Address = "127.0.0.1:1"
	_, err = first.Through(t.Context(), gone, link.Options{HostKey: engine.HostKey})
	if _, ok := errors.AsType[*link.UnreachableError](err); !ok {
		t.Errorf("Through() to a port without a listener: error = %v, want an UnreachableError", err)
	}
	second, err = first.Through(t.Context(), engine.endpoint(), link.Options{HostKey: engine.HostKey, KeepAlive: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	_ = first.Close()
	select {
	case <-second.Done():
	case <-time.After(waittest.Limit):
		t.Errorf("the second connection is open %v after the first ended, want it closed", waittest.Limit)
	}
	_ = second.Close()
}
