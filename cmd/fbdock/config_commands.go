package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/hostfile"
	"github.com/fbdock/fbdock/internal/project"
)

func initCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "init", Usage: "Write a commented fbdock.hcl", Flags: append(commonFlags(),
			&cli.StringFlag{Name: "name", Value: "dev", Usage: "call the machine `NAME`"},
			&cli.BoolFlag{Name: "force", Usage: "overwrite an existing file"},
		),
		Action: func(c *cli.Context) error {
			if err := noArgs(c); err != nil {
				return err
			}
			file := filepath.Join(folder(c), hcl.FileName)
			if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) && !c.Bool("force") {
				return &failure.Error{
					Err:  fmt.Errorf("%s is there already", file),
					Next: "`fbdock init --force` overwrites it",
				}
			}
			written := hcl.Template(hcl.TemplateOptions{Machine: c.String("name")})
			if _, _, diags := hcl.Parse(hcl.FileName, written, hcl.Options{Version: p.version}); diags.HasErrors() {
				return usage(diags.Err())
			}
			if err := os.WriteFile(file, written, 0o644); err != nil {
				return fmt.Errorf("write the configuration: %w", err)
			}
			p.terminal(c).Say("wrote " + file + "; `fbdock up` is next")
			return nil
		},
	}
}

func validateCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "validate", Usage: "Check the configuration", Flags: append(commonFlags(), jsonFlag()),
		Action: func(c *cli.Context) error {
			if err := noArgs(c); err != nil {
				return err
			}
			o, err := p.options(c)
			if err != nil {
				return err
			}
			loaded, err := project.Load(c.Context, o)
			if err != nil {
				return err
			}
			if isSet(c, flagJSON) {
				err := hcl.WriteJSON(p.stdout, loaded.Diagnostics, loaded.Sources)
				if loaded.Project == nil {
					return &toldError{&failure.Error{Err: errors.Join(err, loaded.Diagnostics.Err()), Code: failure.ExitUsage}}
				}
				return err
			}
			if err := p.tell(c, loaded); err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.stdout, "%s is valid: %s\n", loaded.Project.Config.Path, count(len(loaded.Project.Plan.Machines), "machine"))
			return err
		},
	}
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func fmtCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "fmt", Usage: "Format configuration files in place", ArgsUsage: "[FILE...]", Flags: append(commonFlags(),
			&cli.BoolFlag{Name: "check", Usage: "change nothing, and fail when a file is not formatted"},
		),
		Action: func(c *cli.Context) error {
			files := c.Args().Slice()
			if len(files) == 0 {
				file, err := project.Options{Dir: folder(c), Env: host.Env{Environ: p.environ}}.Find()
				if err != nil {
					return err
				}
				files = []string{file}
			}
			var unformatted error
			for _, file := range files {
				changed, err := formatFile(p, c, file)
				if err != nil {
					return err
				}
				if changed && c.Bool("check") {
					unformatted = &failure.Error{Err: fmt.Errorf("%s is not formatted", file), Next: "`fbdock fmt` formats it"}
				}
			}
			return unformatted
		},
	}
}

func formatFile(p *program, c *cli.Context, file string) (changed bool, err error) {
	src, err := hostfile.Read(c.Context, file, hostfile.MaxConfig)
	if err != nil {
		return false, &failure.Error{Err: fmt.Errorf("format: %w", err), Code: failure.ExitUsage}
	}
	out, diags := hcl.Format(file, src)
	if diags.HasErrors() {
		return false, p.tell(c, project.Loaded{Diagnostics: diags, Sources: hcl.Sources{file: src}})
	}
	if bytes.Equal(src, out) {
		return false, nil
	}
	if !c.Bool("check") {
		info, err := os.Stat(file)
		if err != nil {
			return false, fmt.Errorf("format: %w", err)
		}
		if err := writeFile(file, out, info.Mode().Perm()); err != nil {
			return false, fmt.Errorf("format: %w", err)
		}
	}
	_, err = fmt.Fprintln(p.stdout, file)
	return true, err
}
