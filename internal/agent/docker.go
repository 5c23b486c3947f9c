package agent

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/fbdock/fbdock/internal/agent/splice"
	"github.com/fbdock/fbdock/internal/descriptors"
	"github.com/fbdock/fbdock/internal/engine"
	"github.com/fbdock/fbdock/internal/untrusted"
)

// joining joins each connection of a socket that speaks Docker's API with one
// that dial makes; name is the socket's in the log.
func (a *Agent) joining(name string, dial func(context.Context) (splice.Conn, error)) func(context.Context, net.Conn) {
	return func(ctx context.Context, conn net.Conn) {
		defer conn.Close() //nolint:errcheck // whatever it was, it has ended
		local, ok := conn.(splice.Conn)
		if !ok {
			a.o.Log.Error("a connection without half-close", "type", fmt.Sprintf("%T", conn))
			return
		}
		far, err := splice.Conn(nil), descriptors.ErrLow
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
		splice.Join(local, far)
	}
}

// dialTimeout bounds the way to a server of Docker's API.
const dialTimeout = 60 * time.Second

// dialDocker is a TLS connection with dockerd.
func (a *Agent) dialDocker(ctx context.Context) (splice.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	config, err := a.o.TLS()
	if err != nil {
		return nil, err
	}
	j, err := a.nearEngine(ctx)
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

// dockerd is a client of the engine.
func (a *Agent) dockerd(ctx context.Context) (*engine.Client, error) {
	config, err := a.o.TLS()
	if err != nil {
		return nil, err
	}
	// Waits for the link, and gives up with its words.
	j, err := a.nearEngine(ctx)
	if err != nil {
		return nil, err
	}
	return engine.New(j.DialContext, config, "tcp://"+a.settings().Engine)
}

// askDockerd has a client of the engine for as long as do takes.
func (a *Agent) askDockerd(ctx context.Context, do func(*engine.Client) error) error {
	client, err := a.dockerd(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	return do(client)
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
