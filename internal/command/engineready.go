package command

import (
	"context"
	"fmt"

	"github.com/fbdock/fbdock/internal/agent"
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

// execBeside runs a command in an engine beside FreeBSD, which needs no FreeBSD.
func (r Runner) execBeside(ctx context.Context, e Exec) (int, error) {
	var client *link.Client
	err := r.Sibling().Await(ctx, func(ctx context.Context) (err error) {
		client, err = r.Sibling().Connect(ctx)
		return err
	})
	if err != nil {
		return 0, err
	}
	defer client.Close() // the command's own error says more
	return relay(ctx, client, e)
}

// servingBeside gives the agent of a machine whose engine is beside FreeBSD, and
// starts it where none serves. With docker it waits for an engine that boots.
func (r Runner) servingBeside(ctx context.Context, docker bool) (*agent.Remote, error) {
	remote, err := r.ServingAgent(ctx)
	if err != nil {
		return nil, fmt.Errorf("the machine's Docker socket: %w", err)
	}
	if docker {
		err = r.Sibling().Await(ctx, r.Sibling().DockerReady())
	}
	return &remote, err
}
