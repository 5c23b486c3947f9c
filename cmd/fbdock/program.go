package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/app"
	"github.com/fbdock/fbdock/internal/ui"
)

// program is fbdock with everything that it takes from its surroundings.
type program struct {
	stdin          *os.File
	stdout, stderr *os.File
	environ        []string
	version        string
	// tune changes what every use case is given; nil but in tests.
	tune func(*app.Options)
	// askFor replaces the constant of that name, when it is set.
	askFor time.Duration

	// status is what a proxied command ended with.
	status int
	ui     *ui.UI
}

// main runs one command line and gives the exit status.
func (p *program) main(ctx context.Context, args []string) int {
	commands := p.cli()
	err := commands.RunContext(ctx, interspersed(commands, args))
	if err == nil {
		return p.status
	}
	if cause, ok := errors.AsType[stopped](err); ok {
		p.terminal(nil).Error(errors.New("stopped"), "run the command again: it goes on from where it was")
		return cause.status()
	}
	if _, told := errors.AsType[*toldError](err); !told {
		p.terminal(nil).Error(err, "")
	}
	return app.Status(err)
}

// toldError is a failure whose words the user has already seen.
type toldError struct{ error }

func (t *toldError) Unwrap() error { return t.error }

// cli is the tree of verbs. The library's own ways to print errors and to
// exit are switched off: both are decided in main.
func (p *program) cli() *cli.App {
	a := &cli.App{
		Name: "fbdock", HelpName: "fbdock", Version: p.version,
		Usage:           "Docker on FreeBSD under bhyve, from any laptop",
		HideHelpCommand: true, HideVersion: true, DisableSliceFlagSeparator: true,
		EnableBashCompletion: true, Reader: p.stdin, Writer: p.stdout, ErrWriter: p.stderr,
		Flags:          append(commonFlags(), machineFlag()),
		Commands:       p.commands(),
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError:   func(_ *cli.Context, err error, _ bool) error { return usage(err) },
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return usage(fmt.Errorf("there is no verb %q", c.Args().First()))
			}
			return cli.ShowAppHelp(c)
		},
	}
	for _, cmd := range a.Commands {
		// Neither is inherited from the app.
		cmd.OnUsageError = a.OnUsageError
		cmd.HideHelpCommand = true
	}
	return a
}

func (p *program) commands() []*cli.Command {
	return []*cli.Command{
		p.initCommand(), p.validateCommand(), p.fmtCommand(), p.planCommand(), p.renderCommand(),
		p.upCommand(), p.haltCommand(), p.reloadCommand(), p.destroyCommand(), p.trustCommand(),
		p.statusCommand(), p.listCommand(),
		p.dockerCommand(), p.composeCommand(), p.execCommand(), p.sshCommand(), p.mountCommand(), p.shareCommand(),
		p.sshConfigCommand(), p.contextCommand(), p.envCommand(), p.portsCommand(),
		p.agentCommand(), p.agentStdioCommand(), p.logsCommand(), p.doctorCommand(), p.boxesCommand(), p.boxCommand(), p.imageCommand(), p.versionCommand(), p.completionCommand(), p.helpCommand(),
	}
}

// helpCommand is there because people type it.
func (p *program) helpCommand() *cli.Command {
	return &cli.Command{
		Name: "help", Usage: "this list, or the flags of one verb", ArgsUsage: "[VERB]",
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				return cli.ShowAppHelp(c)
			}
			if c.App.Command(c.Args().First()) == nil {
				return usage(fmt.Errorf("there is no verb %q", c.Args().First()))
			}
			return cli.ShowCommandHelp(c, c.Args().First())
		},
	}
}

func (p *program) versionCommand() *cli.Command {
	return &cli.Command{
		Name: "version", Usage: "the version of fbdock", Flags: []cli.Flag{jsonFlag()},
		Action: func(c *cli.Context) error {
			if isSet(c, flagJSON) {
				return p.terminal(c).JSON(map[string]string{"version": p.version})
			}
			_, err := fmt.Fprintln(p.stdout, "fbdock", p.version)
			return err
		},
	}
}

func (p *program) lookup(name string) (string, bool) {
	return app.Options{Environ: p.environ}.Lookup(name)
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
