package link

import (
	"context"
	"fmt"
	"net"
)

// Listen has c's server listen at a TCP address of its own, and gives the
// connections that come there (RFC 4254, 7.1). They are channels of the link, whose
// two directions end apart. Accept has to be called until it fails: the library
// hands over one connection at a time, and those for other listeners wait behind
// it. After the end of the link, and of the listener, it gives io.EOF.
//
// Where the server binds is its own decision: with GatewayPorts (sshd_config(5))
// that is not the address which was asked for. A refusal is a *RefusedError, also
// where somebody else listens there.
func (c *Client) Listen(ctx context.Context, address string) (net.Listener, error) {
	type answer struct {
		l   net.Listener
		err error
	}
	got := make(chan answer, 1)
	go func() {
		l, err := c.ssh.Listen("tcp", address)
		got <- answer{l, err}
	}()
	select {
	case a := <-got:
		if a.err == nil {
			return a.l, nil
		}
		if lost := c.Err(); lost != nil {
			return nil, lost
		}
		return nil, &RefusedError{Name: c.name, Kind: "forwarded-tcpip", Err: fmt.Errorf("listen at %s: %w", address, a.err)}
	case <-ctx.Done():
		go func() { // nobody wants it any more
			if a := <-got; a.err == nil {
				_ = a.l.Close()
			}
		}()
		return nil, fmt.Errorf("listen at %s of %s: %w", address, c.name, context.Cause(ctx))
	}
}
