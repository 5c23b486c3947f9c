package ports

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fbdock/fbdock/internal/engine"
	"github.com/fbdock/fbdock/internal/retry"
)

// source is who runs containers whose ports are forwarded, and speaks Docker's
// API.
type source struct {
	podman bool
	wanted func() bool
	client func(context.Context) (*engine.Client, error)
	// known are its containers when it told of them last: the ports of one
	// that is silent for a moment stay. Only reconcile touches them.
	known []engine.Container
}

// sources are dockerd in the engine and podman in FreeBSD.
func sources(o Options) []*source {
	return []*source{
		{wanted: func() bool { return o.Settings().Engine != "" }, client: o.Dockerd},
		{podman: true, wanted: func() bool { return o.Settings().Podman }, client: o.Podman},
	}
}

// ask has a client for as long as do takes.
func (s *source) ask(ctx context.Context, do func(*engine.Client) error) error {
	client, err := s.client(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	return do(client)
}

// watch follows the events of a source, over one connection after the other.
func (f *Forwards) watch(ctx context.Context, s *source, changed func()) {
	_ = retry.Supervise(ctx, retry.NewDelays(firstRetry, lastRetry), nil, func() error {
		if !s.wanted() {
			return nil // other settings may want it
		}
		err := s.ask(ctx, func(c *engine.Client) error { return c.WatchContainers(ctx, changed) })
		f.o.Log.Debug("events end", "podman", s.podman, "error", err)
		return nil
	})
}

// containers are those of all sources. That dockerd does not tell of them is
// err. podman's silence is no reason to leave the engine's ports alone: it is
// told as a port that is not known.
func (f *Forwards) containers(ctx context.Context, most int) (all []engine.Container, unknown []Port, err error) {
	for _, s := range f.from {
		if !s.wanted() {
			s.known = nil
			continue
		}
		var now []engine.Container
		err := s.ask(ctx, func(c *engine.Client) (err error) {
			ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
			defer cancel()
			now, err = c.Containers(ctx, most)
			return err
		})
		switch {
		case err == nil:
			s.known = now
		case !s.podman:
			return nil, nil, err
		default:
			unknown = append(unknown, Port{
				Published: engine.Published{Podman: true}, Hop: "freebsd",
				Error: fmt.Sprintf("the ports of podman's containers are not known: %v", err), Hint: "`fbdock status` names the layer that does not work",
			})
		}
		// The newest come first, as dockerd lists them: the engine's are served
		// before podman's where both are new.
		all = append(slices.Clip(s.known), all...)
	}
	return append(all, f.o.Settings().Jails...), unknown, nil
}
