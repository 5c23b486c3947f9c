package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/fbdock/fbdock/internal/agent/splice"
	"github.com/fbdock/fbdock/internal/engine"
	"github.com/fbdock/fbdock/internal/link"
)

// errNoPodman is the answer of podman's socket where nobody has asked for
// podman: the socket is there, as a client that was told of it deserves a reason.
var errNoPodman = errors.New("the machine has no podman: add `podman {}` to it in fbdock.hcl and run `fbdock up`")

// bridgeScript connects standard input and output with the socket $1. FreeBSD's
// nc says nothing of a connection that was refused, and its -z fails on a unix
// socket either way (contrib/netcat/netcat.c): the first nc finds out. A socket
// whose server was killed stays.
const bridgeScript = `[ -S "$1" ] || { echo "$1 is missing: podman_service does not run" >&2; exit 1; }
nc -N -U -w 10 "$1" </dev/null >/dev/null || { echo "nobody listens at $1: podman_service has ended" >&2; exit 1; }
echo "$2"; exec nc -N -U "$1"`

// dialPodman is a connection with podman's service in FreeBSD. Its socket is
// root's: sshd forwards to it for a login of root alone, and for another one
// root's nc is the bridge. So it is where sshd does not forward, by
// AllowStreamLocalForwarding or because nobody listens: sshd's words are the
// same, "open failed", and the bridge has the reason.
func (a *Agent) dialPodman(ctx context.Context) (splice.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	socket := a.settings().Podman
	if socket == "" {
		return nil, errNoPodman
	}
	j, root, err := a.freebsdRoot(ctx)
	if err != nil {
		return nil, err
	}
	if len(root) == 0 {
		conn, err := j.DialContext(ctx, "unix", socket)
		if err == nil {
			return conn.(splice.Conn), nil
		}
		if _, refused := errors.AsType[*link.RefusedError](err); !refused {
			return nil, fmt.Errorf("reach podman: %w", err)
		}
	}
	conn, err := a.bridges.dial(ctx, func(ready string) []string {
		return append(slices.Clone(root), "sh", "-c", bridgeScript, "sh", socket, ready)
	})
	if err != nil {
		return nil, fmt.Errorf("reach podman: %w", err)
	}
	return conn, nil
}

// rootStream runs a command as root in FreeBSD, whose standard streams are the
// connection.
func (a *Agent) rootStream(ctx context.Context, args func(ready string) []string) (net.Conn, error) {
	_, root, err := a.freebsdRoot(ctx)
	if err != nil {
		return nil, err
	}
	return a.bridges.dial(ctx, func(ready string) []string { return append(slices.Clone(root), args(ready)...) })
}

// podman is a client of podman's service.
func (a *Agent) podman(context.Context) (*engine.Client, error) {
	return engine.NewPodman(func(ctx context.Context, _, _ string) (net.Conn, error) { return a.dialPodman(ctx) })
}
