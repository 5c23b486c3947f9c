package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/failure"
)

// Names of the flags that more than one command has.
const (
	flagDir     = "chdir"
	flagMachine = "machine"
	flagVar     = "var"
	flagVarFile = "var-file"
	flagJSON    = "json"
	flagQuiet   = "quiet"
	flagVerbose = "verbose"
	flagNoColor = "no-color"

	flagAllowReach = "allow-reach"
)

// commonFlags may stand before the command and after it. Each needs
// values of its own: a cli.Flag keeps what it has parsed.
func commonFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: flagDir, Aliases: []string{"C"}, Usage: "work in `DIR`, or with this configuration file"},
		&cli.StringSliceFlag{Name: flagVar, Usage: "set a variable of the configuration: `NAME=VALUE`"},
		&cli.StringSliceFlag{Name: flagVarFile, Usage: "read variables from `FILE`"},
		&cli.BoolFlag{Name: flagQuiet, Aliases: []string{"q"}, Usage: "print errors only"},
		&cli.BoolFlag{Name: flagVerbose, Usage: "print more on standard error"},
		&cli.BoolFlag{Name: flagNoColor, Usage: "use no colour, as with NO_COLOR"},
	}
}

func machineFlag() cli.Flag {
	return &cli.StringFlag{Name: flagMachine, Aliases: []string{"m"}, Usage: "use the machine `NAME`, when there are several"}
}

// named are the machines that a command is about: those after it, and the one
// of -m before it. None means all: -m must never be passed over.
func named(c *cli.Context) []string {
	names := c.Args().Slice()
	if m := text(c, flagMachine); m != "" && !slices.Contains(names, m) {
		names = append(names, m)
	}
	return names
}

func jsonFlag() cli.Flag {
	return &cli.BoolFlag{Name: flagJSON, Usage: "answer with JSON"}
}

// setAt is the nearest context, from the command outwards, in which a flag was
// given. cli itself looks no further than the innermost definition.
func setAt(c *cli.Context, name string) *cli.Context {
	for _, level := range c.Lineage() {
		if slices.Contains(level.LocalFlagNames(), name) {
			return level
		}
	}
	return c
}

func text(c *cli.Context, name string) string    { return setAt(c, name).String(name) }
func isSet(c *cli.Context, name string) bool     { return setAt(c, name).Bool(name) }
func texts(c *cli.Context, name string) []string { return setAt(c, name).StringSlice(name) }

// variables reads the -var flags.
func variables(c *cli.Context) (map[string]string, error) {
	vars := map[string]string{}
	for _, v := range texts(c, flagVar) {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return nil, usage(fmt.Errorf("--var %q is not of the form NAME=VALUE", v))
		}
		vars[name] = value
	}
	return vars, nil
}

// usage marks an error of the command line itself.
func usage(err error) error {
	return &failure.Error{Err: err, Next: "`fbdock help` lists the commands, `fbdock help COMMAND` describes one", Code: failure.ExitUsage}
}

// noArgs refuses arguments that a command has no use for.
func noArgs(c *cli.Context) error {
	if c.NArg() > 0 {
		return usage(fmt.Errorf("%s takes no argument, got %q", c.Command.Name, c.Args().First()))
	}
	return nil
}
