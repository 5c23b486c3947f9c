package ports

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/fbdock/fbdock/internal/engine"
)

// dial goes the way of the port. What is published on all of the engine's
// addresses is reached from FreeBSD where the engine is in it; what is published
// on one of them, such as its loopback, only from the engine itself, and so is
// all of an engine beside FreeBSD.
func (f *Forwards) dial(ctx context.Context, p engine.Published) (conn net.Conn, hop string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	port := strconv.Itoa(int(p.HostPort))
	if p.Podman {
		return f.dialPodman(ctx, p)
	}
	host, near, at, beyond := p.HostIP.String(), f.o.Engine, "engine", "container"
	if p.HostIP.IsUnspecified() {
		if host, _, err = net.SplitHostPort(f.o.Settings().Engine); err != nil {
			return nil, "engine", err
		}
		if !f.o.Sibling {
			near, at, beyond = f.o.FreeBSD, "freebsd", "engine"
		}
	}
	j, err := near(ctx)
	if err != nil {
		return nil, at, err
	}
	conn, err = j.DialContext(ctx, "tcp", net.JoinHostPort(host, port))
	return conn, beyond, err
}

var errNoAddress = errors.New("the container has no address of its own in FreeBSD")

// dialPodman goes to a container's own address: FreeBSD's pf does not redirect
// what the guest itself connects to.
func (f *Forwards) dialPodman(ctx context.Context, p engine.Published) (conn net.Conn, hop string, err error) {
	if !p.Address.IsValid() {
		return nil, "freebsd", errNoAddress
	}
	j, err := f.o.FreeBSD(ctx)
	if err != nil {
		return nil, "freebsd", err
	}
	conn, err = j.DialContext(ctx, "tcp", netip.AddrPortFrom(p.Address, p.Port).String())
	return conn, "container", err
}
