package agent

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/fbdock/fbdock/internal/descriptors"
	"github.com/fbdock/fbdock/internal/untrusted"
)

// halfConn is a connection whose two directions end apart.
type halfConn interface {
	net.Conn
	CloseWrite() error
}

// joining joins each connection of a socket that speaks Docker's API with one
// that dial makes; name is the socket's in the log.
func (a *Agent) joining(name string, dial func(context.Context) (halfConn, error)) func(context.Context, net.Conn) {
	return func(ctx context.Context, conn net.Conn) {
		defer conn.Close() //nolint:errcheck // whatever it was, it has ended
		local, ok := conn.(halfConn)
		if !ok {
			a.o.Log.Error("a connection without half-close", "type", fmt.Sprintf("%T", conn))
			return
		}
		far, err := halfConn(nil), errDescriptors
		if c, ok := conn.(syscall.Conn); !ok || !descriptors.Low(c) {
			far, err = dial(ctx)
		}
		if err != nil {
			a.o.Log.Warn(name+" socket", "error", err)
			refuse(conn, err)
			return
		}
		defer far.Close() //nolint:errcheck // whatever it was, it has ended
		stop := context.AfterFunc(ctx, func() { _ = far.Close() })
		defer stop()
		splice(local, far)
	}
}

// dialTimeout bounds the way to a server of Docker's API.
const dialTimeout = 60 * time.Second

// dialDocker is a TLS connection with dockerd.
func (a *Agent) dialDocker(ctx context.Context) (halfConn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	config, err := a.o.TLS()
	if err != nil {
		return nil, err
	}
	j, err := a.freebsd.get(ctx)
	if err != nil {
		return nil, err
	}
	raw, err := j.DialContext(ctx, "tcp", a.settings().Engine)
	if err != nil {
		return nil, fmt.Errorf("reach dockerd: %w", err)
	}
	if config.ServerName == "" {
		host, _, err := net.SplitHostPort(a.settings().Engine)
		if err != nil {
			return nil, errors.Join(err, raw.Close())
		}
		config = config.Clone()
		config.ServerName = host
	}
	conn := tls.Client(raw, config)
	// A channel has no deadlines, so the end of ctx closes it.
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	defer stop()
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("dockerd: %w", err), raw.Close())
	}
	return conn, nil
}

// splice carries both directions; each ends by itself. A direction that
// breaks ends both.
func splice(a, b halfConn) {
	var wg sync.WaitGroup
	one := func(to, from halfConn) {
		if err := stream(to, from); err != nil {
			_ = a.Close()
			_ = b.Close()
			return
		}
		_ = to.CloseWrite()
	}
	wg.Go(func() { one(b, a) })
	wg.Go(func() { one(a, b) })
	wg.Wait()
}

// stream copies until from ends, which is nil, or one of the two fails.
func stream(to, from net.Conn) error {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	for {
		n, err := from.Read(*buf)
		if n > 0 {
			if _, werr := to.Write((*buf)[:n]); werr != nil {
				return werr
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// refuse tells a Docker client why there is no server, in words that it
// shows, instead of hanging up on it.
func refuse(conn net.Conn, why error) {
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	req, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	// Docker's CLI shows it as it is.
	body, err := json.Marshal(map[string]string{"message": "fbdock: " + untrusted.Printable(why.Error())})
	if err != nil {
		return
	}
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"+
		"Content-Length: %d\r\nConnection: close\r\n\r\n", len(body))
	if req.Method != http.MethodHead {
		_, _ = conn.Write(body)
	}
}
