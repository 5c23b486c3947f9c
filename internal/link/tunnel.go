package link

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"golang.org/x/crypto/ssh"
)

// Conn is a connection through the link. Reading and writing end apart: a
// CloseWrite here is an end of file there and the answer can still be read,
// without which `docker run -i` hangs.
type Conn struct {
	ssh.Channel
	local, remote net.Addr
}

// addr is an address beyond the link.
type addr struct{ network, text string }

func (a addr) Network() string { return a.network }
func (a addr) String() string  { return a.text }

// DialContext connects to an address as c's server sees it; network is
// tcp (tcp4, tcp6) or unix. The connection is a *Conn.
func (c *Client) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	kind, extra, err := tunnelTo(network, address)
	if err != nil {
		return nil, err
	}
	ch, reqs, err := c.OpenChannel(ctx, kind, extra)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: addr{network, address}, Err: err}
	}
	go ssh.DiscardRequests(reqs)
	return &Conn{Channel: ch, local: addr{network, c.name}, remote: addr{network, address}}, nil
}

// tunnelTo is the channel type and its data, RFC 4254 7.2 and OpenSSH's
// PROTOCOL 2.4.
func tunnelTo(network, address string) (kind string, extra []byte, err error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
		host, portText, err := net.SplitHostPort(address)
		if err != nil {
			return "", nil, fmt.Errorf("tunnel to %q: %w", address, err)
		}
		port, err := strconv.ParseUint(portText, 10, 16)
		if err != nil {
			return "", nil, fmt.Errorf("tunnel to %q: %w", address, err)
		}
		return "direct-tcpip", ssh.Marshal(&struct {
			Host       string
			Port       uint32
			OriginHost string
			OriginPort uint32
		}{host, uint32(port), "127.0.0.1", 0}), nil
	case "unix":
		return "direct-streamlocal@openssh.com", ssh.Marshal(&struct {
			Path     string
			Reserved string
			Unused   uint32
		}{Path: address}), nil
	default:
		return "", nil, fmt.Errorf("tunnel to %q: no such network: %q", address, network)
	}
}

// LocalAddr names the server that the tunnel leaves from.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr is the address beyond the link.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// A channel has no deadlines. Who needs one closes the connection.

// SetDeadline is not supported.
func (c *Conn) SetDeadline(time.Time) error { return errNoDeadline }

// SetReadDeadline is not supported.
func (c *Conn) SetReadDeadline(time.Time) error { return errNoDeadline }

// SetWriteDeadline is not supported.
func (c *Conn) SetWriteDeadline(time.Time) error { return errNoDeadline }

var errNoDeadline = fmt.Errorf("ssh channel: %w", os.ErrNoDeadline)
