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
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go handle(conn.(*tls.Conn))
		}
	}()
	pool := x509.NewCertPool()
	pool.AddCert(lender.Certificate())
	config := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(4)}
	return func(o *agent.Options) {
		o.Docker = strings.TrimSuffix(o.Socket, "agent.sock") + "docker.sock"
		o.Settings.Engine = l.Addr().String()
		o.TLS = func() (*tls.Config, error) { return config, nil }
	}
}

func (r *running) docker1(t *testing.T) *net.UnixConn {
	t.Helper()
	conn, err := net.Dial("unix", r.docker)
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
	r := startAgent(t, s, behindTLS(t, func(conn *tls.Conn) {
		defer conn.Close()
		data, err := io.ReadAll(conn)
		if err == nil {
			_, _ = fmt.Fprintf(conn, "%d bytes", len(data))
		}
	}))
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			conn := r.docker1(t)
			if _, err := conn.Write(make([]byte, 300_000)); err != nil {
				t.Error(err)
			}
			if err := conn.CloseWrite(); err != nil {
				t.Error(err)
			}
			if data, err := io.ReadAll(conn); string(data) != "300000 bytes" || err != nil {
				t.Errorf("%q, %v", data, err)
			}
		})
	}
	wg.Wait()
	if n := s.logins(t); n != 1 {
		t.Errorf("%d logins", n)
	}
}

// TestDockerEndsFirst: the engine has closed its side, and the client learns
// it while its own is open.
func TestDockerEndsFirst(t *testing.T) {
	t.Parallel()
	r := startAgent(t, startSSHD(t), behindTLS(t, func(conn *tls.Conn) {
		_, _ = io.WriteString(conn, "bye")
		_ = conn.Close()
	}))
	if data, err := io.ReadAll(r.docker1(t)); string(data) != "bye" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
}

// TestNoDockerd: a Docker client is told why, in its own language.
func TestNoDockerd(t *testing.T) {
	t.Parallel()
	r := startAgent(t, startSSHD(t), func(o *agent.Options) {
		behindTLS(t, func(conn *tls.Conn) { _ = conn.Close() })(o)
		o.Settings.Engine = "127.0.0.1:1"
	})
	client := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("unix", r.docker)
	}}}
	res, err := client.Get("http://docker/_ping")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(body), "reach dockerd") {
		t.Errorf("%s: %s, %v", res.Status, body, err)
	}
}
