package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/app"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/hostfile"
	"github.com/fbdock/fbdock/internal/jail"
	"github.com/fbdock/fbdock/internal/project"
)

func jailExport(p *program) *cli.Command {
	return &cli.Command{
		Name: "export", Usage: "Write a jail to a file, or to standard output", ArgsUsage: "NAME [FILE]", Flags: append(commonFlags(), machineFlag()),
		Action: onApplied(p, func(ctx context.Context, c *cli.Context, project *project.Project) error {
			args, err := jailArgs(c, 1, 2)
			if err != nil {
				return err
			}
			m, err := jailMachine(c, project)
			if err != nil {
				return err
			}
			if len(args) == 1 {
				if term.IsTerminal(int(p.stdout.Fd())) {
					return usage(errors.New("standard output is a terminal; name a file, or lead it to a program"))
				}
				return jail.Export(ctx, m, args[0], p.stdout)
			}
			return exportTo(args[1], func(w io.Writer) error { return jail.Export(ctx, m, args[0], w) })
		}),
	}
}

// exportTo writes a file that was not there, and leaves none that is cut short.
func exportTo(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return &failure.Error{Err: fmt.Errorf("%s is there already", name), Next: "remove it, or name another file"}
	}
	if err != nil {
		return err
	}
	if err = errors.Join(write(f), f.Close()); err != nil {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

func jailImport(p *program) *cli.Command {
	return &cli.Command{
		Name: "import", Usage: "Make a jail of a file that export has written, - for standard input", ArgsUsage: "FILE [NAME]", Flags: append(commonFlags(), machineFlag(), noBootFlag()),
		Action: onApplied(p, func(ctx context.Context, c *cli.Context, project *project.Project) error {
			args, err := jailArgs(c, 1, 2)
			if err != nil {
				return err
			}
			in, name := io.Reader(p.stdin), ""
			if args[0] != "-" {
				f, err := hostfile.Open(ctx, args[0])
				if err != nil {
					return err
				}
				defer f.Close() // only read
				in = f
			}
			if len(args) == 2 {
				name = args[1]
			}
			m, err := jailMachine(c, project)
			if err != nil {
				return err
			}
			return jail.Import(ctx, m, name, !c.Bool("no-boot"), in)
		}),
	}
}

func jailLimits(p *program) *cli.Command {
	return &cli.Command{
		Name: "limits", Usage: "Show the limits of a jail and what it uses, or set them", ArgsUsage: "NAME", Flags: append(commonFlags(), machineFlag(), jsonFlag(),
			&cli.StringFlag{Name: "memory", Usage: "let it use at most `SIZE` of memory; 0 is no limit"},
			&cli.IntFlag{Name: "cpus", Usage: "let it use the time of at most `N` CPUs; 0 is no limit"},
		),
		Action: onApplied(p, func(ctx context.Context, c *cli.Context, project *project.Project) error {
			args, err := jailArgs(c, 1, 1)
			if err != nil {
				return err
			}
			m, err := jailMachine(c, project)
			if err != nil {
				return err
			}
			limits, err := jail.LimitsOf(ctx, m, args[0], nil)
			if err != nil {
				return err
			}
			if c.IsSet("memory") || c.IsSet("cpus") {
				if c.IsSet("memory") && c.String("memory") != "0" {
					size, err := hcl.ParseSize(c.String("memory"))
					if err != nil {
						return usage(fmt.Errorf("--memory: %w", err))
					}
					limits.Memory = int64(size)
				} else if c.IsSet("memory") {
					limits.Memory = 0
				}
				if c.IsSet("cpus") {
					limits.CPUs = int64(c.Int("cpus"))
				}
				if limits, err = jail.LimitsOf(ctx, m, args[0], &limits); err != nil {
					return err
				}
			}
			return printLimits(p, c, limits)
		}),
	}
}

func printLimits(p *program, c *cli.Context, l jail.Limits) error {
	t := p.terminal(c)
	if isSet(c, flagJSON) {
		return t.JSON(l)
	}
	memory, cpus, used, percent := "-", "-", "-", "-"
	if l.Memory > 0 {
		memory = hcl.Size(l.Memory).String()
	}
	if l.CPUs > 0 {
		cpus = fmt.Sprint(l.CPUs)
	}
	if n, ok := l.Used["memoryuse"]; ok {
		used = hcl.Size(n).String()
	}
	if n, ok := l.Used["pcpu"]; ok {
		percent = fmt.Sprintf("%d%%", n)
	}
	if err := t.Table([]string{"LIMIT", "SET", "USED"}, [][]string{{"memory", memory, used}, {"cpus", cpus, percent}}); err != nil {
		return err
	}
	if !l.Enabled {
		t.Warn("the guest's kernel does not count what jails use, so that no limit holds: kern.racct.enable is a loader tunable")
	}
	return nil
}

func jailLogs(p *program) *cli.Command {
	return &cli.Command{
		Name: "logs", Usage: "Print the console of a jail", ArgsUsage: "NAME", Flags: append(commonFlags(), machineFlag(),
			&cli.IntFlag{Name: "lines", Aliases: []string{"n"}, Value: 100, Usage: "print the last `N` lines"},
			&cli.BoolFlag{Name: "follow", Aliases: []string{"f"}, Usage: "print new lines as they come"},
		),
		Action: onApplied(p, func(ctx context.Context, c *cli.Context, project *project.Project) error {
			args, err := jailArgs(c, 1, 1)
			if err != nil {
				return err
			}
			out := p.terminal(c).Copy()
			err = app.Logs(ctx, project, app.LogOptions{
				Machine: text(c, flagMachine), Layer: jail.Prefix + args[0], Lines: c.Int("lines"), Follow: c.Bool("follow"),
			}, out)
			return errors.Join(err, out.Close())
		}),
	}
}

func jailDestroy(p *program) *cli.Command {
	return &cli.Command{
		Name: "destroy", Usage: "Remove a jail with all its files and snapshots", ArgsUsage: "NAME", Flags: append(commonFlags(), machineFlag(), yesFlag("do not ask")),
		Action: onApplied(p, func(ctx context.Context, c *cli.Context, project *project.Project) error {
			args, err := jailArgs(c, 1, 1)
			if err != nil {
				return err
			}
			if ok, err := confirm(p, c, fmt.Sprintf("Remove jail %s with all its files and snapshots?", args[0])); err != nil || !ok {
				return err
			}
			return changeJail(ctx, c, project, "destroy", args)
		}),
	}
}
