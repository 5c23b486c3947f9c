package main

import (
	"context"
	"io"
	"runtime/debug"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/app"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/internal/serve"
)

// agentCommand is the background process of a machine. It reads no
// configuration: who starts it has written down what it is to serve.
func agentCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: machine.AgentCommand, Hidden: true, Usage: "serve one machine; started by the other commands", Flags: []cli.Flag{
			&cli.StringFlag{Name: "project", Usage: "the `ID` of the project"},
			&cli.StringFlag{Name: "name", Usage: "the `NAME` of the machine"},
		},
		Action: func(c *cli.Context) error {
			ctx, stop := interruptible(c.Context)
			defer stop()
			// It stays for days and does little: its memory counts for more
			// than its time.
			debug.SetGCPercent(40)
			return serve.Run(ctx, host.Env{Environ: p.environ, Version: p.version}, c.String("project"), c.String("name"))
		},
	}
}

// agentStdioCommand joins standard input and output with the agent's socket:
// a ProxyCommand for OpenSSH on every system, pipes included.
func agentStdioCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: machine.StdioCommand, Hidden: true, Usage: "the agent's SSH on standard input and output", Flags: append(commonFlags(), machineFlag()),
		Action: onApplied(p, func(ctx context.Context, c *cli.Context, project *project.Project) error {
			conn, err := app.AgentConn(ctx, project, text(c, flagMachine))
			if err != nil {
				return err
			}
			defer conn.Close() //nolint:errcheck // both directions have ended
			stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
			defer stop()
			go func() { // a read of standard input cannot be ended
				_, _ = io.Copy(conn, p.stdin)
				_ = conn.CloseWrite()
			}()
			_, err = io.Copy(p.stdout, conn)
			return err
		}),
	}
}
