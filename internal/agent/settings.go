package agent

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"reflect"

	"github.com/fbdock/fbdock/internal/agent/ports"
	"github.com/fbdock/fbdock/internal/agent/uplink"
	"github.com/fbdock/fbdock/internal/engine"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/mount"
)

// Settings are what an agent serves and what a running one can exchange for
// others.
type Settings struct {
	// ID changes with any of them.
	ID string
	// Engine is the Docker API as FreeBSD and the engine itself see it, host:port.
	Engine string
	// Podman is podman's socket in FreeBSD, "" where the machine has none.
	Podman string
	// Jails are the jails of FreeBSD whose ports are forwarded as the
	// configuration says, each as a container of FreeBSD's.
	Jails []engine.Container
	// Bind is where published ports appear; the zero value is nowhere.
	Bind netip.Addr
	// MaxForwards is how many of them may; 0 is 256.
	MaxForwards int
	// OwnComputer tells that FreeBSD is no guest but an external host, whose
	// clock is not the agent's to set.
	OwnComputer bool
	// Waiting is what FreeBSD does not start by itself, as it wants folders of
	// this host.
	Waiting Waiting
	// Mounts are folders of this host, served to both guests.
	Mounts []mount.Folder
}

// Port is a published port on its way from this host to the container.
type Port = ports.Port

// forwarding is how published ports reach the guests.
func (a *Agent) forwarding() ports.Options {
	return ports.Options{
		Settings: func() ports.Settings {
			s := a.settings()
			return ports.Settings{Engine: s.Engine, Podman: s.Podman != "", Bind: s.Bind, Max: cmp.Or(s.MaxForwards, 256), Jails: s.Jails}
		},
		FreeBSD: client(a.freebsd.Get), Engine: client(a.engine.Get), Sibling: a.o.Sibling, Login: a.loginEngine, Root: a.rootStream,
		Dockerd: a.dockerd, Podman: a.podman,
		Enter: a.count.enter, Log: a.o.Log,
	}
}

// client is the connection of a session.
func client(get func(context.Context) (*uplink.Session, error)) func(context.Context) (*link.Client, error) {
	return func(ctx context.Context) (*link.Client, error) {
		j, err := get(ctx)
		if err != nil {
			return nil, err
		}
		return j.Client, nil
	}
}

// settings are those that are served now.
func (a *Agent) settings() Settings { return *a.set.Load() }

// reconfigure serves other settings. Mounts and ports that stay the same are
// not touched: containers write through them.
func (a *Agent) reconfigure(ctx context.Context) error {
	if a.o.Reload == nil {
		return errors.New("this agent takes no other settings")
	}
	a.reload.Lock()
	defer a.reload.Unlock()
	s, err := a.o.Reload()
	if err != nil {
		return err
	}
	old := a.settings()
	a.set.Store(&s)
	a.o.Log.Info("other settings", "from", old.ID, "to", s.ID)
	a.mounts.exchange(s.Mounts)
	if s.Bind != old.Bind || s.MaxForwards != old.MaxForwards || s.Engine != old.Engine || s.Podman != old.Podman || !reflect.DeepEqual(s.Jails, old.Jails) {
		a.ports.Refresh(ctx)
	}
	return nil
}
