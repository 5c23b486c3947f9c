//go:build linux

package agent_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/link/sshdtest"
)

// behindTLS serves each connection of a TLS port with handle, and gives the
// change of the options that leads there.
func behindTLS(t *testing.T, handle func(*tls.Conn)) func(*agent.Options) {
	t.Helper()
	lender := httptest.NewTLSServer(http.NotFoundHandler()) // of a certificate
	t.Cleanup(lender.Close)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: lender.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	sshdtest.Serve(t, l, func(conn net.Conn) { handle(conn.(*tls.Conn)) })
	pool := x509.NewCertPool()
	pool.AddCert(lender.Certificate())
	config := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(4)}
	return func(o *agent.Options) {
		o.Docker = strings.TrimSuffix(o.Socket, "agent.sock") + "docker.sock"
		o.Settings.Engine = l.Addr().String()
		o.TLS = func() (*tls.Config, error) { return config, nil }
	}
}

// client1 is a connection with a socket of the agent.
func client1(t *testing.T, socket string) *net.UnixConn {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.(*net.UnixConn)
}

// TestDockerHalfClose: both ends of a stream come through, each by itself,
// without which `docker run -i` hangs.
func TestDockerHalfClose(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	r := startAgent(t, s, behindTLS(t, func(conn *tls.Conn) { countBytes(conn) }))
	halfCloses(t, r.docker, 50)
	if n := s.logins(t); n != 1 {
		t.Errorf("logins = %d, want 1", n)
	}
}

// countBytes answers with the number of bytes up to the end.
func countBytes(conn net.Conn) {
	defer conn.Close()
	data, err := io.ReadAll(conn)
	if err == nil {
		_, _ = fmt.Fprintf(conn, "%d bytes", len(data))
	}
}

// halfCloses sends over many connections of a socket to countBytes.
func halfCloses(t *testing.T, socket string, many int) {
	t.Helper()
	var wg sync.WaitGroup
	for range many {
		wg.Go(func() {
			conn := client1(t, socket)
			if _, err := conn.Write(make([]byte, 300_000)); err != nil {
				t.Error(err)
			}
			if err := conn.CloseWrite(); err != nil {
				t.Error(err)
			}
			if data, err := io.ReadAll(conn); string(data) != "300000 bytes" || err != nil {
				t.Errorf("ReadAll() after CloseWrite() = %q, %v, want %q", data, err, "300000 bytes")
			}
		})
	}
	wg.Wait()
}

// TestDockerEndsFirst: the engine has closed its side, and the client learns
// it while its own is open.
func TestDockerEndsFirst(t *testing.T) {
	t.Parallel()
	r := startAgent(t, startSSHD(t), behindTLS(t, func(conn *tls.Conn) {
		_, _ = io.WriteString(conn, "bye")
		_ = conn.Close()
	}))
	if data, err := io.ReadAll(client1(t, r.docker)); string(data) != "bye" || err != nil {
		t.Errorf("ReadAll() = %q, %v, want %q", data, err, "bye")
	}
}

// TestNoDockerd: a Docker client is told why, in its own language.
func TestNoDockerd(t *testing.T) {
	t.Parallel()
	r := startAgent(t, startSSHD(t), func(o *agent.Options) {
		behindTLS(t, func(conn *tls.Conn) { _ = conn.Close() })(o)
		o.Settings.Engine = "127.0.0.1:1"
	})
	refused(t, r.docker, "reach dockerd")
}

// refused tells whether a client of a socket is told why it is not served.
func refused(t *testing.T, socket, why string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("unix", socket)
	}}}
	res, err := client.Get("http://docker/_ping")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(body), why) {
		t.Errorf("%s: %s, %v, want %q", res.Status, body, err, why)
	}
}
