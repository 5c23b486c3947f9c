package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/command"
	"github.com/fbdock/fbdock/internal/jail"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/provision/contract"
)

func jailCommand(p *program) *cli.Command {
	return commandGroup("jail", "Work with FreeBSD jails in the guest",
		jailList(p), jailCreate(p), jailChange(p, "start", "Start a jail", "NAME", 1, 1), jailChange(p, "stop", "Stop a jail", "NAME", 1, 1),
		jailChange(p, "restart", "Stop and start a jail", "NAME", 1, 1), jailConsole(p), jailExec(p), jailClone(p),
		jailChange(p, "snapshot", "Keep a jail as it is now", "NAME [SNAPSHOT]", 1, 2), jailChange(p, "rollback", "Put a jail back to a snapshot", "NAME SNAPSHOT", 2, 2),
		jailExport(p), jailImport(p), jailLimits(p), jailLogs(p), jailDestroy(p),
	)
}

// jailArgs are the arguments of a command on jails.
func jailArgs(c *cli.Context, least, most int) ([]string, error) {
	args := c.Args().Slice()
	if len(args) < least || len(args) > most {
		return nil, usage(fmt.Errorf("jail %s takes %s, got %q", c.Command.Name, c.Command.ArgsUsage, args))
	}
	return args, nil
}

func jailList(p *program) *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "List the jails of a machine", Flags: append(commonFlags(), machineFlag(), jsonFlag()),
		Action: onApplied(p, func(ctx context.Context, c *cli.Context, project *project.Project) error {
			if err := noArgs(c); err != nil {
				return err
			}
			jails, err := jailsOf(ctx, c, project)
			if err != nil {
				return err
			}
			t := p.terminal(c)
			if isSet(c, flagJSON) {
				return t.JSON(jails)
			}
			var rows [][]string
			for _, j := range jails {
				by := "by hand"
				if j.Declared {
					by = hcl.FileName
				}
				boot := "no"
				if j.Boot {
					boot = "yes"
				}
				rows = append(rows, []string{j.Name, j.State, j.Release, j.Address, boot, hcl.Size(j.Used).String(), by})
			}
			return t.Table([]string{"NAME", "STATE", "RELEASE", "ADDRESS", "BOOT", "USED", "MADE BY"}, rows)
		}),
	}
}

// jailChange is a command that the guest does with its arguments as they are.
func jailChange(p *program, name, summary, args string, least, most int) *cli.Command {
	return &cli.Command{
		Name: name, Usage: summary, ArgsUsage: args, Flags: append(commonFlags(), machineFlag()),
		Action: onApplied(p, func(ctx context.Context, c *cli.Context, project *project.Project) error {
			args, err := jailArgs(c, least, most)
			if err != nil {
				return err
			}
			return changeJail(ctx, c, project, name, args)
		}),
	}
}

func jailFlags() []cli.Flag {
	return append(commonFlags(), machineFlag(),
		&cli.StringFlag{Name: "hostname", Usage: "give it this host `NAME` (default: its name)"},
		&cli.StringFlag{Name: "network", Value: "vnet", Usage: "`KIND`: vnet, a network stack of its own, or inherit, the guest's"},
		&cli.StringFlag{Name: "address", Usage: "give it this `ADDRESS` (default: a free one)"},
		&cli.StringSliceFlag{Name: "package", Usage: "install this `PACKAGE`; may be repeated"},
		&cli.StringSliceFlag{Name: "allow", Usage: "set allow.`PARAMETER` of jail(8); may be repeated"},
		&cli.StringSliceFlag{Name: "mount", Usage: "mount `FOLDER[:TARGET[:ro]]` of the host, which a mount of the machine has; may be repeated"},
		&cli.StringFlag{Name: "memory", Usage: "let it use at most `SIZE` of memory, as in 512MiB"},
		&cli.IntFlag{Name: "cpus", Usage: "let it use the time of at most `N` CPUs"},
		noBootFlag(),
	)
}

func noBootFlag() cli.Flag {
	return &cli.BoolFlag{Name: "no-boot", Usage: "do not start it, now or with the guest"}
}

// jailOf reads the flags of jailFlags.
func jailOf(c *cli.Context, name string) (hcl.Jail, error) {
	j := hcl.Jail{
		Name: name, Release: c.String("release"), Hostname: c.String("hostname"), Network: c.String("network"), Packages: c.StringSlice("package"),
		Allow: c.StringSlice("allow"), CPUs: c.Int("cpus"), Boot: !c.Bool("no-boot"),
	}
	var err error
	if a := c.String("address"); a != "" {
		if j.Address, err = netip.ParseAddr(a); err != nil || !j.Address.Is4() {
			return j, usage(fmt.Errorf("--address %q is no IPv4 address", a))
		}
	}
	if m := c.String("memory"); m != "" {
		if j.Memory, err = hcl.ParseSize(m); err != nil {
			return j, usage(fmt.Errorf("--memory: %w", err))
		}
	}
	for _, m := range c.StringSlice("mount") {
		folder, ro := strings.CutSuffix(m, ":ro")
		mount := hcl.JailMount{Source: folder, ReadOnly: ro}
		if at := strings.LastIndex(folder, ":/"); at > 0 {
			mount.Source, mount.Target = folder[:at], folder[at+1:]
		}
		j.Mounts = append(j.Mounts, mount)
	}
	return j, nil
}

func jailCreate(p *program) *cli.Command {
	return &cli.Command{
		Name: "create", Usage: "Make a jail that the configuration does not have", ArgsUsage: "NAME",
		Flags: append(jailFlags(), &cli.StringFlag{Name: "release", Usage: "make it of this `RELEASE` of FreeBSD, as in 15.1 (default: the guest's)"}),
		Action: onApplied(p, func(ctx context.Context, c *cli.Context, project *project.Project) error {
			args, err := jailArgs(c, 1, 1)
			if err != nil {
				return err
			}
			j, err := jailOf(c, args[0])
			if err != nil {
				return err
			}
			return createJail(ctx, c, project, jail.New{Jail: j})
		}),
	}
}

func jailClone(p *program) *cli.Command {
	return &cli.Command{
		Name: "clone", Usage: "Make a jail that is a copy of another", ArgsUsage: "NAME NEW", Flags: jailFlags(),
		Action: onApplied(p, func(ctx context.Context, c *cli.Context, project *project.Project) error {
			args, err := jailArgs(c, 2, 2)
			if err != nil {
				return err
			}
			j, err := jailOf(c, args[1])
			if err != nil {
				return err
			}
			return createJail(ctx, c, project, jail.New{Jail: j, From: args[0]})
		}),
	}
}

func jailConsole(p *program) *cli.Command {
	return &cli.Command{
		Name: "console", Usage: "Open a root shell in a jail", ArgsUsage: "NAME", Flags: append(commonFlags(), machineFlag()),
		Action: proxied(p, func(c *cli.Context) (command.Exec, error) {
			args, err := jailArgs(c, 1, 1)
			if err != nil {
				return command.Exec{}, err
			}
			both := term.IsTerminal(int(p.stdin.Fd())) && term.IsTerminal(int(p.stdout.Fd()))
			return command.Exec{On: jail.Prefix + args[0], Stdin: true, TTY: both}, nil
		}),
	}
}

func jailExec(p *program) *cli.Command {
	return &cli.Command{
		Name: "exec", Usage: "Run a command in a jail, as root", ArgsUsage: "NAME [--] CMD [ARG...]", Flags: append(commonFlags(), machineFlag(),
			&cli.BoolFlag{Name: "interactive", Aliases: []string{"i"}, Usage: "pass standard input on"},
			&cli.BoolFlag{Name: "tty", Aliases: []string{"t"}, Usage: "allocate a terminal in the jail"},
		),
		Action: proxied(p, func(c *cli.Context) (command.Exec, error) {
			args := c.Args().Slice()
			if len(args) > 1 && args[1] == "--" {
				args = append(args[:1:1], args[2:]...)
			}
			if len(args) < 2 {
				return command.Exec{}, usage(errors.New("jail exec needs a jail and a command; `fbdock jail console` gives a shell"))
			}
			e := command.Exec{On: jail.Prefix + args[0], Args: args[1:], Stdin: c.Bool("interactive"), TTY: c.Bool("tty")}
			if e.TTY && !term.IsTerminal(int(p.stdin.Fd())) {
				return command.Exec{}, usage(errors.New("--tty needs a terminal at standard input"))
			}
			return e, nil
		}),
	}
}

// jailMachine is the machine that a command on jails is about.
func jailMachine(c *cli.Context, project *project.Project) (machine.Machine, error) {
	m, err := project.Machine(text(c, flagMachine))
	if err != nil {
		return machine.Machine{}, err
	}
	return project.On(m), nil
}

func jailsOf(ctx context.Context, c *cli.Context, project *project.Project) ([]contract.Jail, error) {
	m, err := jailMachine(c, project)
	if err != nil {
		return nil, err
	}
	return jail.List(ctx, m)
}

func changeJail(ctx context.Context, c *cli.Context, project *project.Project, name string, args []string) error {
	m, err := jailMachine(c, project)
	if err != nil {
		return err
	}
	return jail.Change(ctx, m, jail.Command{Name: name, Args: args})
}

func createJail(ctx context.Context, c *cli.Context, project *project.Project, n jail.New) error {
	m, err := jailMachine(c, project)
	if err != nil {
		return err
	}
	for i, mount := range n.Mounts { // by the folder that the command is typed in
		if n.Mounts[i].Source, err = filepath.Abs(mount.Source); err != nil {
			return err
		}
	}
	return jail.Create(ctx, m, project.Dir, project.Lock, n)
}
