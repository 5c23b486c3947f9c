package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/fbdock/fbdock/internal/dockerflags"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/jail"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/vagrantvm"
)

// The guests that a command can run on.
const (
	OnFreeBSD = "freebsd"
	OnEngine  = "engine"
)

// The connections that a command can use.
const (
	ViaLink    = "link"
	ViaVagrant = "vagrant"
)

// Streams are the local ends of a proxied command.
type Streams struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Signals are passed on to the command.
	Signals <-chan os.Signal
	// Begin is called when the command is about to run: from then on signals
	// are its own. It may be nil.
	Begin func()
	// Terminal opens the local terminal, raw for a command that gets standard
	// input, and the command gets one; nil where standard input is none, or
	// none is wanted.
	Terminal func(raw bool) (*link.Terminal, error)
	// Shown tells that standard output is a terminal as well.
	Shown bool
}

// forDocker are the streams of a docker command by the CLI of the guest:
// standard input and a terminal only where the command uses them, so that
// what follows it in a script keeps its input, streams stay apart, and a
// background job is not stopped. Without standard input docker uses a terminal
// for its size alone, and output to a file stays as it is.
func (s Streams) forDocker(l dockerflags.Line) Streams {
	terminal := l.Terminal()
	if !l.Stdin() {
		s.Stdin = nil
	}
	if needed := terminal == dockerflags.NeedsTerminal && s.Stdin != nil; terminal == dockerflags.NoTerminal || !needed && !s.Shown {
		s.Terminal = nil
	}
	return s
}

func (s Streams) begin() {
	if s.Begin != nil {
		s.Begin()
	}
}

// Exec is a command for one of the guests.
type Exec struct {
	On  string // OnFreeBSD, OnEngine, or jail/NAME
	Via string // ViaLink, ViaVagrant
	// Args is the program and its arguments; none is a login shell.
	Args []string
	// Docker tells that it is a docker command for the engine, which the CLI
	// of this host may run as well.
	Docker bool
	// Podman tells that it is a podman command for FreeBSD, which runs as root.
	Podman bool
	// Stdin and TTY tell whether the command gets standard input and a
	// terminal. A docker or podman command gets what it uses.
	Stdin, TTY bool
	Streams    Streams

	script string // what to run instead of Args, where they need more than themselves
}

// Run runs a command in one of the guests, and a docker command by the CLI
// that is chosen for it. It gives the command's own exit status; with an error
// there is none, and the error's status is failure.ExitLink.
func (r Runner) Run(ctx context.Context, e Exec) (int, error) {
	fitted := e.Docker || e.Podman // to what the command line says
	if !fitted && !e.Stdin {
		e.Streams.Stdin = nil
	}
	if !fitted && !e.TTY {
		e.Streams.Terminal = nil
	}
	if e.Via == ViaVagrant {
		status, err := r.execVagrant(ctx, e)
		return status, NotRun(err)
	}
	run := r.execGuest
	switch {
	case e.On == OnEngine && r.Plan.Engine.Sibling():
		run = r.execBeside
	case jail.Is(e.On):
		run = r.execJail
	case e.Docker:
		run = r.execDocker
	case e.Podman:
		run = r.execPodman
	}
	status, err := run(ctx, e)
	if err == nil && status != 0 && e.Docker {
		r.explainSwarm(e.Args)
		r.explainForeign(ctx, e.Args, status)
	}
	return status, NotRun(err)
}

// execGuest runs a command in a guest.
func (r Runner) execGuest(ctx context.Context, e Exec) (int, error) {
	if e.Docker {
		e.Streams = e.Streams.forDocker(dockerflags.ParseLine(e.Args[1:]))
	}
	at, err := r.inMounts(ctx, e)
	if err != nil {
		return 0, err
	}
	g, err := r.Connect(ctx)
	if err != nil {
		return 0, err
	}
	defer g.Close() // the command's own error says more
	if err := r.haveAgent(ctx, g, at); err != nil {
		return 0, err
	}
	client, err := r.readyFor(ctx, g, e) // the mounts come with the engine
	if err != nil {
		return 0, err
	}
	if client != g.Client {
		defer client.Close()
	}
	if e, err = at.fit(ctx, g, e); err != nil {
		return 0, err
	}
	end := r.watchPorts(ctx, g.Agent, e.Args)
	defer end()
	run := func(e Exec) (int, error) { return relay(ctx, client, e) }
	if at == nil {
		return run(e)
	}
	return at.cargo.run(ctx, g, e, run)
}

// execJail runs a command in a jail of FreeBSD, as root.
func (r Runner) execJail(ctx context.Context, e Exec) (int, error) {
	g, err := r.Connect(ctx)
	if err != nil {
		return 0, err
	}
	defer g.Close() // the command's own error says more
	if e.Args, err = jail.Args(ctx, g, strings.TrimPrefix(e.On, jail.Prefix), e.Args); err != nil {
		return 0, err
	}
	return relay(ctx, g.Client, e)
}

func relay(ctx context.Context, client *link.Client, e Exec) (status int, err error) {
	cmd := link.Command{
		Args: e.Args, Shell: len(e.Args) == 0,
		Stdin: e.Streams.Stdin, Stdout: e.Streams.Stdout, Stderr: e.Streams.Stderr,
	}
	if e.script != "" {
		cmd.Args, cmd.Script = nil, e.script
	}
	if e.Streams.Terminal != nil {
		terminal, err := e.Streams.Terminal(cmd.Stdin != nil)
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, terminal.Close()) }()
		cmd.PTY = terminal.PTY()
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	cmd.Signals = link.Signals(running, e.Streams.Signals)
	e.Streams.begin()
	return client.Run(ctx, cmd)
}

// execVagrant is the slow way, `vagrant ssh -c`, there to compare with.
func (r Runner) execVagrant(ctx context.Context, e Exec) (int, error) {
	if e.On != OnFreeBSD {
		return 0, &failure.Error{
			Err:  errors.New("vagrant reaches the FreeBSD guest only"),
			Next: "leave out --via vagrant, or --on", Code: failure.ExitUsage,
		}
	}
	if r.Plan.OwnComputer() {
		return 0, &failure.Error{Err: fmt.Errorf("machine %s is no VM of Vagrant's", r.Plan.Name), Next: "leave out --via vagrant", Code: failure.ExitUsage}
	}
	if !machine.Created(r.Project, r.Plan) {
		return 0, machine.NeedsUp(r.Project, r.Plan)
	}
	line, err := link.Quote(e.Args)
	if err != nil {
		return 0, err
	}
	return r.Vagrant.SSH(ctx, vagrantvm.Target(r.Plan), line, e.Streams.Terminal != nil, e.Streams.Stdin, e.Streams.Stdout, e.Streams.Stderr)
}

// NotRun marks an error as fbdock's own, told apart from any status that a
// command may have by docker's custom of 125.
func NotRun(err error) error {
	if err == nil {
		return nil
	}
	return &failure.Error{Err: err, Code: failure.ExitLink}
}
