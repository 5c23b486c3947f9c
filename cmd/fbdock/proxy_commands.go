package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/fbdock/fbdock/internal/app"
	"github.com/fbdock/fbdock/internal/dockercli"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/link"
)

// proxied is the Action of a command whose arguments belong to somebody else.
func (p *program) proxied(e func(c *cli.Context) (app.Exec, error)) cli.ActionFunc {
	return func(c *cli.Context) error {
		request, err := e(c)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithCancelCause(c.Context)
		defer cancel(nil)
		signals := forwarded(cancel)
		defer signals.stop()
		c.Context = ctx
		machine := text(c, flagMachine)
		ahead := app.Options{Dir: folder(c), Env: host.Env{Environ: p.environ}}.DialAhead(ctx, machine)
		defer ahead.Close()
		project, err := p.loadRunning(c)
		if err != nil && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			// A wrong configuration is fbdock's failure, not the command's.
			return outer(err)
		}
		project.Ahead = ahead
		request.Machine = machine
		request.Streams = p.streams(signals)
		p.status, err = project.Exec(ctx, request)
		if err != nil && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
}

// outer gives an error of fbdock's own the status that docker uses for it.
func outer(err error) error {
	if _, told := errors.AsType[*toldError](err); told {
		return &toldError{&failure.Error{Err: err, Code: failure.ExitLink}}
	}
	return &failure.Error{Err: err, Code: failure.ExitLink}
}

// streams are this process's own.
func (p *program) streams(signals forwarder) app.Streams {
	s := app.Streams{Stdin: p.stdin, Stdout: p.stdout, Stderr: p.stderr, Signals: signals.signals, Begin: signals.begin}
	s.Shown = term.IsTerminal(int(p.stdout.Fd()))
	if term.IsTerminal(int(p.stdin.Fd())) {
		name, _ := p.lookup("TERM")
		s.Terminal = func(raw bool) (*link.Terminal, error) {
			if raw {
				return link.Raw(p.stdin, p.stdout, name)
			}
			return link.Unchanged(p.stdin, p.stdout, name)
		}
	}
	return s
}

// dockerAction runs a docker command that begins with these words.
func (p *program) dockerAction(words ...string) cli.ActionFunc {
	return p.proxied(func(c *cli.Context) (app.Exec, error) {
		if _, probe := p.lookup(dockercli.ProbeVariable); probe {
			return app.Exec{}, &failure.Error{Err: errors.New("fbdock was started as the docker CLI that it looked for"), Code: failure.ExitLink}
		}
		return app.Exec{On: app.OnFreeBSD, Docker: true, Args: append(words, c.Args().Slice()...)}, nil
	})
}

func (p *program) dockerCommand() *cli.Command {
	return &cli.Command{
		Name: "docker", Usage: "Run a docker command on the engine of a machine", ArgsUsage: "ARGS...", SkipFlagParsing: true,
		Action: p.dockerAction("docker"),
	}
}

func (p *program) composeCommand() *cli.Command {
	return &cli.Command{
		Name: "compose", Usage: "Run docker compose on the engine of a machine", ArgsUsage: "ARGS...", SkipFlagParsing: true,
		Action: p.dockerAction("docker", "compose"),
	}
}

func onFlag() cli.Flag {
	return &cli.StringFlag{Name: "on", Value: app.OnFreeBSD, Usage: "run in this `GUEST`: freebsd or engine"}
}

func on(c *cli.Context) (string, error) {
	switch guest := c.String("on"); guest {
	case app.OnFreeBSD, app.OnEngine:
		return guest, nil
	default:
		return "", usage(fmt.Errorf("--on %q is neither freebsd nor engine", guest))
	}
}

// atTerminal tells whether a person sits at all standard streams, and waits
// for this program.
func (p *program) atTerminal() bool {
	for _, f := range []*os.File{p.stdin, p.stdout, p.stderr} {
		if !term.IsTerminal(int(f.Fd())) {
			return false
		}
	}
	return link.InForeground()
}

func (p *program) execCommand() *cli.Command {
	return &cli.Command{
		Name: "exec", Usage: "Run a command in a guest", ArgsUsage: "[--] CMD [ARG...]", Flags: append(commonFlags(), machineFlag(), onFlag(),
			&cli.StringFlag{Name: "via", Value: app.ViaLink, Usage: "connect by `WAY`: link, or vagrant for vagrant ssh -c"},
			&cli.BoolFlag{Name: "interactive", Aliases: []string{"i"}, Usage: "pass standard input on"},
			&cli.BoolFlag{Name: "tty", Aliases: []string{"t"}, Usage: "allocate a terminal in the guest"},
		),
		Action: p.proxied(func(c *cli.Context) (app.Exec, error) {
			guest, err := on(c)
			if err != nil {
				return app.Exec{}, err
			}
			via := c.String("via")
			if via != app.ViaLink && via != app.ViaVagrant {
				return app.Exec{}, usage(fmt.Errorf("--via %q is neither link nor vagrant", via))
			}
			if c.NArg() == 0 {
				return app.Exec{}, usage(errors.New("exec needs a command; `fbdock ssh` gives a shell"))
			}
			e := app.Exec{On: guest, Via: via, Args: c.Args().Slice()}
			e.Stdin, e.TTY = c.Bool("interactive"), c.Bool("tty")
			if !c.IsSet("interactive") && !c.IsSet("tty") && p.atTerminal() {
				e.Stdin, e.TTY = true, true
			}
			if e.TTY && !term.IsTerminal(int(p.stdin.Fd())) {
				return app.Exec{}, usage(errors.New("--tty needs a terminal at standard input"))
			}
			return e, nil
		}),
	}
}

func (p *program) sshCommand() *cli.Command {
	return &cli.Command{
		Name: "ssh", Usage: "Open a shell in a guest", Flags: append(commonFlags(), machineFlag(), onFlag()),
		Action: p.proxied(func(c *cli.Context) (app.Exec, error) {
			if err := noArgs(c); err != nil {
				return app.Exec{}, err
			}
			guest, err := on(c)
			both := term.IsTerminal(int(p.stdin.Fd())) && term.IsTerminal(int(p.stdout.Fd()))
			return app.Exec{On: guest, Stdin: true, TTY: both}, err
		}),
	}
}
