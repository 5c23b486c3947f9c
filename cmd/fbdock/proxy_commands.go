package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/fbdock/fbdock/internal/app"
	"github.com/fbdock/fbdock/internal/command"
	"github.com/fbdock/fbdock/internal/dockercli"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/jail"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/project"
)

// proxied is the Action of a command whose arguments belong to somebody else.
func proxied(p *program, e func(c *cli.Context) (command.Exec, error)) cli.ActionFunc {
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
		ahead := app.DialAhead(ctx, project.Options{Dir: folder(c), Env: host.Env{Environ: p.environ}}, machine)
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
		request.Streams = streams(p, signals)
		p.status, err = app.Exec(ctx, project, machine, request)
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
func streams(p *program, signals forwarder) command.Streams {
	s := command.Streams{Stdin: p.stdin, Stdout: p.stdout, Stderr: p.stderr, Signals: signals.signals, Begin: signals.begin}
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
func dockerAction(p *program, words ...string) cli.ActionFunc {
	return proxied(p, func(c *cli.Context) (command.Exec, error) {
		if _, probe := p.lookup(dockercli.ProbeVariable); probe {
			return command.Exec{}, &failure.Error{Err: errors.New("fbdock was started as the docker CLI that it looked for"), Code: failure.ExitLink}
		}
		return command.Exec{On: command.OnFreeBSD, Docker: true, Args: append(words, c.Args().Slice()...)}, nil
	})
}

func dockerCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "docker", Usage: "Run a docker command on the engine of a machine", ArgsUsage: "ARGS...", SkipFlagParsing: true,
		Action: dockerAction(p, "docker"),
	}
}

func composeCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "compose", Usage: "Run docker compose on the engine of a machine", ArgsUsage: "ARGS...", SkipFlagParsing: true,
		Action: dockerAction(p, "docker", "compose"),
	}
}

func onFlag() cli.Flag {
	return &cli.StringFlag{Name: "on", Value: command.OnFreeBSD, Usage: "run in this `GUEST`: freebsd, engine or jail/NAME"}
}

func on(c *cli.Context) (string, error) {
	switch guest := c.String("on"); {
	case guest == command.OnFreeBSD, guest == command.OnEngine, jail.Is(guest):
		return guest, nil
	default:
		return "", usage(fmt.Errorf("--on %q is neither freebsd nor engine nor jail/NAME", guest))
	}
}

// personAtTerminal tells whether a person sits at all standard streams, and waits
// for this program.
func personAtTerminal(p *program) bool {
	for _, f := range []*os.File{p.stdin, p.stdout, p.stderr} {
		if !term.IsTerminal(int(f.Fd())) {
			return false
		}
	}
	return link.InForeground()
}

func execCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "exec", Usage: "Run a command in a guest", ArgsUsage: "[--] CMD [ARG...]", Flags: append(commonFlags(), machineFlag(), onFlag(),
			&cli.StringFlag{Name: "via", Value: command.ViaLink, Usage: "connect by `WAY`: link, or vagrant for vagrant ssh -c"},
			&cli.BoolFlag{Name: "interactive", Aliases: []string{"i"}, Usage: "pass standard input on"},
			&cli.BoolFlag{Name: "tty", Aliases: []string{"t"}, Usage: "allocate a terminal in the guest"},
		),
		Action: proxied(p, func(c *cli.Context) (command.Exec, error) {
			guest, err := on(c)
			if err != nil {
				return command.Exec{}, err
			}
			via := c.String("via")
			if via != command.ViaLink && via != command.ViaVagrant {
				return command.Exec{}, usage(fmt.Errorf("--via %q is neither link nor vagrant", via))
			}
			if c.NArg() == 0 {
				return command.Exec{}, usage(errors.New("exec needs a command; `fbdock ssh` gives a shell"))
			}
			e := command.Exec{On: guest, Via: via, Args: c.Args().Slice()}
			e.Stdin, e.TTY = c.Bool("interactive"), c.Bool("tty")
			if !c.IsSet("interactive") && !c.IsSet("tty") && personAtTerminal(p) {
				e.Stdin, e.TTY = true, true
			}
			if e.TTY && !term.IsTerminal(int(p.stdin.Fd())) {
				return command.Exec{}, usage(errors.New("--tty needs a terminal at standard input"))
			}
			return e, nil
		}),
	}
}

func sshCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "ssh", Usage: "Open a shell in a guest", Flags: append(commonFlags(), machineFlag(), onFlag()),
		Action: proxied(p, func(c *cli.Context) (command.Exec, error) {
			if err := noArgs(c); err != nil {
				return command.Exec{}, err
			}
			guest, err := on(c)
			both := term.IsTerminal(int(p.stdin.Fd())) && term.IsTerminal(int(p.stdout.Fd()))
			return command.Exec{On: guest, Stdin: true, TTY: both}, err
		}),
	}
}
