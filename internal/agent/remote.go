package agent

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/localsocket"
)

// Dial logs in to a guest through the agent.
func (r Remote) Dial(ctx context.Context, user string, timeout time.Duration) (*link.Client, error) {
	if r.HostKey == nil {
		return nil, errors.New("the agent's host key is not known")
	}
	return link.Dial(ctx, link.Endpoint{
		Name: "agent", Address: r.Address, User: user,
	}, link.Options{
		HostKey: r.HostKey, Timeout: timeout, Local: true,
		Dial: func(ctx context.Context, _, address string) (net.Conn, error) { return localsocket.Dial(ctx, address) },
	})
}

// Conn is a plain connection to the agent's socket, for who brings an SSH
// client along.
func (r Remote) Conn(ctx context.Context) (net.Conn, error) { return localsocket.Dial(ctx, r.Address) }
