package agent

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/localsocket"
)

// NoLinkError says that an agent has had no connection to a guest for as long as it
// lets a client wait. It tries on by itself, and asks Vagrant for the guest's
// address now and again.
type NoLinkError struct{ Reason string }

func (e *NoLinkError) Error() string { return e.Reason }

// refusal begins what an agent says before it ends a login for want of the guest.
const refusal = "fbdock: "

// Dial logs in to a guest through the agent: *NoLinkError where that has no
// connection to it.
func (r Remote) Dial(ctx context.Context, user string, timeout time.Duration) (*link.Client, error) {
	if r.HostKey == nil {
		return nil, errors.New("the agent's host key is not known")
	}
	var said atomic.Pointer[string] // a login that is given up may go on for a moment
	client, err := link.Dial(ctx, link.Endpoint{
		Name: "agent", Address: r.Address, User: user,
	}, link.Options{
		HostKey: r.HostKey, Timeout: timeout, Local: true,
		Banner: func(text string) { said.Store(&text) },
		Dial:   func(ctx context.Context, _, address string) (net.Conn, error) { return localsocket.Dial(ctx, address) },
	})
	if text := said.Load(); err != nil && text != nil {
		// Whoever says it has the agent's host key.
		if reason, ok := strings.CutPrefix(*text, refusal); ok {
			return nil, &NoLinkError{Reason: strings.TrimSpace(reason)}
		}
	}
	return client, err
}

// Conn is a plain connection to the agent's socket, for who brings an SSH
// client along.
func (r Remote) Conn(ctx context.Context) (net.Conn, error) { return localsocket.Dial(ctx, r.Address) }
