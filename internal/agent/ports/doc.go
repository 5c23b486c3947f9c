// Package ports forwards the ports that containers publish from this host to
// them, TCP and UDP. It follows dockerd's and podman's events, and says what
// is in a port's way. How to reach the guests is told to it.
package ports

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/fbdock/fbdock/internal/engine"
	"github.com/fbdock/fbdock/internal/link"
)

// Settings are what a running Forwards can exchange for others.
type Settings struct {
	// Engine is the Docker API as FreeBSD sees it, host:port, "" where it is
	// not followed.
	Engine string
	// Podman tells whether podman of FreeBSD is followed.
	Podman bool
	// Jails are forwarded as they are, each as a container of FreeBSD.
	Jails []engine.Container
	// Bind is where published ports appear; the zero value is nowhere.
	Bind netip.Addr
	// Max is how many of them may.
	Max int
}

// Options are how the guests and their engines are reached.
type Options struct {
	Settings func() Settings
	// FreeBSD and Engine are the connections that the agent keeps; Login is a
	// new one with the engine, and hop is where that failed.
	FreeBSD, Engine func(context.Context) (*link.Client, error)
	Login           func(context.Context) (client *link.Client, hop string, err error)
	// Sibling tells that the engine is beside FreeBSD, and nothing of it goes
	// through FreeBSD.
	Sibling bool
	// Root runs a command as root in FreeBSD, whose standard streams are the
	// connection. args are its arguments, and have to write the line that they
	// are given when they are ready.
	Root func(ctx context.Context, args func(ready string) []string) (net.Conn, error)
	// Dockerd and Podman are clients of Docker's API.
	Dockerd, Podman func(context.Context) (*engine.Client, error)
	// Enter counts a connection until leave is called.
	Enter func() (leave func())
	Log   *slog.Logger
}

const (
	// firstRetry and lastRetry are the first and the longest delay before
	// another attempt.
	firstRetry = 200 * time.Millisecond
	lastRetry  = 5 * time.Second
	// tunnelWait is how long a datagram waits for the tunnel to be made again.
	tunnelWait = 12 * time.Second
)
