package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/app"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/internal/ui"
)

// program is fbdock with everything that it takes from its surroundings.
type program struct {
	stdin          *os.File
	stdout, stderr *os.File
	environ        []string
	version        string
	// tune changes what every use case is given; nil but in tests.
	tune func(*project.Options)
	// askFor replaces the constant of that name, when it is set.
	askFor time.Duration

	// command is the one that runs, by its words: "image pull".
	command string
	// status is what a proxied command ended with.
	status int
	ui     *ui.UI
}

// main runs one command line and gives the exit status.
func (p *program) main(ctx context.Context, args []string) int {
	err := p.run(ctx, args)
	if err == nil {
		return p.status
	}
	if cause, ok := errors.AsType[stopped](err); ok {
		p.terminal(nil).Error(errors.New("stopped"), "run the command again: it goes on from where it was")
		return cause.status()
	}
	if _, told := errors.AsType[*toldError](err); !told {
		p.terminal(nil).Error(err, app.Hint(project.Options{Env: host.Env{Environ: p.environ, CacheDir: p.cacheDir()}}, err))
	}
	return failure.Status(err)
}

// toldError is a failure whose words the user has already seen.
type toldError struct{ error }

func (t *toldError) Unwrap() error { return t.error }

// run does what a command line asks for.
func (p *program) run(ctx context.Context, args []string) error {
	a := p.cli()
	if len(args) > 1 && args[1] == completeWord {
		return p.complete(ctx, a, args[2:])
	}
	l, err := readLine(a, args)
	switch {
	case err != nil:
		return err
	case l.help || len(l.path) == 0 && !l.version || l.group():
		return p.terminal(nil).Print(p.help(a, l))
	case l.version:
		return p.printVersion()
	}
	p.command = strings.TrimPrefix(l.named(), "fbdock ")
	return a.RunContext(ctx, l.args)
}

// cli is the tree of commands. What the library would do by itself is switched
// off: to print help, errors and versions, and to exit.
func (p *program) cli() *cli.App {
	a := &cli.App{
		Name: "fbdock", HelpName: "fbdock", Version: p.version,
		Usage:    "Docker on FreeBSD under bhyve, from any host",
		HideHelp: true, HideHelpCommand: true, HideVersion: true, DisableSliceFlagSeparator: true,
		Reader: p.stdin, Writer: p.stdout, ErrWriter: p.stderr,
		Flags:          append(commonFlags(), machineFlag()),
		Commands:       p.commands(),
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError:   func(_ *cli.Context, err error, _ bool) error { return usage(err) },
	}
	quiet(a.Commands, a.OnUsageError)
	return a
}

// quiet hands down what commands do not inherit from the app.
func quiet(commands []*cli.Command, onUsageError cli.OnUsageErrorFunc) {
	for _, cmd := range commands {
		cmd.OnUsageError, cmd.HideHelp, cmd.HideHelpCommand = onUsageError, true, true
		quiet(cmd.Subcommands, onUsageError)
	}
}

func (p *program) commands() []*cli.Command {
	return []*cli.Command{
		initCommand(p), validateCommand(p), fmtCommand(p), planCommand(p), renderCommand(p), trustCommand(p),
		upCommand(p), haltCommand(p), reloadCommand(p), destroyCommand(p), adoptCommand(p), statusCommand(p), listCommand(p),
		dockerCommand(p), composeCommand(p), podmanCommand(p), jailCommand(p), contextCommand(p), envCommand(p), portsCommand(p),
		execCommand(p), sshCommand(p), sshConfigCommand(p), mountCommand(p), shareCommand(p), logsCommand(p),
		doctorCommand(p), adviseCommand(p), boxesCommand(p), boxCommand(p), imageCommand(p),
		p.versionCommand(), completionCommand(p), p.helpCommand(),
		agentCommand(p), agentStdioCommand(p),
	}
}

// helpCommand is in the list of commands; readLine takes it for the flag.
func (p *program) helpCommand() *cli.Command {
	return &cli.Command{Name: "help", Usage: "Show help for fbdock or for one command", ArgsUsage: "[COMMAND]"}
}

func (p *program) versionCommand() *cli.Command {
	return &cli.Command{
		Name: "version", Usage: "Print the version of fbdock", Flags: []cli.Flag{jsonFlag()},
		Action: func(c *cli.Context) error {
			if isSet(c, flagJSON) {
				return p.terminal(c).JSON(map[string]string{"version": p.version})
			}
			return p.printVersion()
		},
	}
}

func (p *program) printVersion() error { return p.terminal(nil).Print("fbdock " + p.version + "\n") }

func (p *program) lookup(name string) (string, bool) {
	return host.Env{Environ: p.environ}.Lookup(name)
}

// terminal is the one speaker of this command line; c is nil before the
// flags are known.
func (p *program) terminal(c *cli.Context) *ui.UI {
	if p.ui != nil {
		return p.ui
	}
	set := func(name string) bool { value, ok := p.lookup(name); return ok && value != "" }
	term, _ := p.lookup("TERM")
	o := ui.Options{
		Stdin: p.stdin, Stdout: p.stdout, Stderr: p.stderr,
		NoColor: set("NO_COLOR"), ForceColor: set("FORCE_COLOR"), Dumb: term == "dumb",
	}
	if c == nil {
		return ui.New(o)
	}
	o.Quiet, o.Verbose, o.NoColor = isSet(c, flagQuiet), isSet(c, flagVerbose), o.NoColor || isSet(c, flagNoColor)
	p.ui = ui.New(o)
	return p.ui
}
