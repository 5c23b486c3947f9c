package command

import (
	"context"

	"github.com/fbdock/fbdock/internal/dockerflags"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/machine"
)

// readyFor waits for what a command needs of the engine, and gives the login
// that it runs on. A docker command that asks no engine waits for none.
func (r Runner) readyFor(ctx context.Context, g *machine.Guest, e Exec) (client *link.Client, err error) {
	switch {
	case e.Docker && dockerflags.ParseLine(e.Args[1:]).Local():
		return g.Client, nil
	case e.Docker:
		return g.Client, r.AwaitEngine(ctx, g, g.DockerReady())
	case e.On == OnEngine:
		err = r.AwaitEngine(ctx, g, func(ctx context.Context) error {
			client, err = g.Engine(ctx)
			return err
		})
		return client, err
	}
	return g.Client, nil
}
