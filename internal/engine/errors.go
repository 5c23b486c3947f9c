package engine

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"github.com/docker/docker/client"
)

// UnreachableError says that nothing answers at the engine's address.
type UnreachableError struct {
	Server string // "dockerd at tcp://10.77.0.2:2376"
	Err    error
}

func (e *UnreachableError) Error() string { return fmt.Sprintf("reach %s: %v", e.Server, e.Err) }
func (e *UnreachableError) Unwrap() error { return e.Err }

// Hint is the next step for the user.
func (e *UnreachableError) Hint() string { return "`fbdock status` names the layer that does not work" }

// TrustError says that engine and host do not know each other's
// certificates.
type TrustError struct {
	Host string
	// Ours tells whose certificate is not accepted: the host's own by
	// the engine, or the engine's by the host.
	Ours bool
	Err  error
}

func (e *TrustError) Error() string {
	if e.Ours {
		return fmt.Sprintf("dockerd at %s does not accept the client certificate: %v", e.Host, e.Err)
	}
	return fmt.Sprintf("the certificate of dockerd at %s is not the expected one: %v", e.Host, e.Err)
}

func (e *TrustError) Unwrap() error { return e.Err }

// Hint is the next step for the user.
func (e *TrustError) Hint() string {
	return "`fbdock up` brings the certificates of this project in place"
}

// explain gives a failure of the API client its type. The client knows a
// refused certificate and a refused connection only by words, and drops the
// cause of some.
func (c *Client) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return &TrustError{Host: c.host, Err: err}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" {
		// A TLS alert: crypto/tls has no other mark for it.
		return &TrustError{Host: c.host, Ours: true, Err: op}
	}
	c.mu.Lock()
	large := c.large
	c.large = nil
	c.mu.Unlock()
	if large != nil {
		err = large
	}
	if client.IsErrConnectionFailed(err) {
		return c.refused(err)
	}
	return fmt.Errorf("ask %s: %w", c.server, err)
}

// refused says why there is no connection.
func (c *Client) refused(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dialErr != nil {
		err = c.dialErr
	}
	return &UnreachableError{Server: c.server, Err: err}
}

// unreachable is explain for a request that had no answer.
func (c *Client) unreachable(ctx context.Context, err error) error {
	explained := c.explain(ctx, err)
	if _, trust := errors.AsType[*TrustError](explained); trust || ctx.Err() != nil {
		return explained
	}
	return c.refused(err)
}
