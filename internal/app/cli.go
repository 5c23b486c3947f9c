package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/internal/dockercli"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/platforms"
)

// cliVariable overrides the cli attribute of a machine.
const cliVariable = "FBDOCK_DOCKER_CLI"

// cliChoice is the docker CLI that runs a docker command.
type cliChoice struct {
	// host is the CLI of this host; nil is the guest's.
	host *dockercli.CLI
	// wanted is auto, host or guest, and source where that was said.
	wanted, source string
	// reason is why it is not the host's.
	reason string
}

// String is the choice for --verbose and doctor.
func (c cliChoice) String() string {
	by := fmt.Sprintf(" (%s = %s)", c.source, c.wanted)
	if c.host == nil {
		return "the docker CLI of the FreeBSD guest: " + c.reason + by
	}
	text := "the docker CLI of this host: " + c.host.Path + ", version " + c.host.Version
	if c.host.Compose != "" {
		text += ", compose " + c.host.Compose
	}
	return text + by
}

// toGuest is the choice of the guest's CLI for a reason. It is an error
// where the user wants the host's and no other.
func (c cliChoice) toGuest(reason string) (cliChoice, error) {
	c.host, c.reason = nil, reason
	if c.wanted != plan.CLIHost {
		return c, nil
	}
	return c, &failure.Error{
		Err:  fmt.Errorf("the docker CLI of this host cannot be used: %s", reason),
		Next: fmt.Sprintf("with %s = auto the CLI of the guest is used then", c.source),
	}
}

// chooseCLI finds the docker CLI for commands of a machine; compose tells
// whether it needs the compose plugin.
func (o Options) chooseCLI(ctx context.Context, m plan.Machine, socket string, compose bool) (cliChoice, error) {
	c := cliChoice{wanted: cmp.Or(m.CLI, plan.CLIAuto), source: "cli"}
	if value, _ := o.Lookup(cliVariable); value != "" {
		c.wanted, c.source = value, cliVariable
	}
	switch {
	case !slices.Contains([]string{plan.CLIAuto, plan.CLIHost, plan.CLIGuest}, c.wanted):
		return c, &failure.Error{Err: fmt.Errorf("%s is %q", cliVariable, c.wanted), Next: "set it to auto, host or guest, or unset it", Code: failure.ExitUsage}
	case c.wanted == plan.CLIGuest:
		c.reason = "the configuration says so"
		return c, nil
	case o.NoAgent():
		return c.toGuest("with FBDOCK_AGENT=off the machine has no Docker socket on this host")
	}
	cli, err := o.finder(socket).Find(ctx, compose)
	if unusable, ok := errors.AsType[*dockercli.UnusableError](err); ok {
		return c.toGuest(unusable.Reason)
	}
	if err != nil {
		return c, err
	}
	c.host = &cli
	return c, nil
}

func (o Options) finder(socket string) dockercli.Finder {
	f := dockercli.Finder{Runner: o.Runner, Environ: o.Environ, Host: socket}
	if self, err := os.Executable(); err == nil {
		f.Self = self
	}
	if o.CacheDir != "" {
		f.Cache = filepath.Join(o.CacheDir, "programs", "docker.json")
	}
	return f
}

// AddCLI adds to what doctor has found which docker CLI runs the commands of
// each machine.
func (o Options) AddCLI(ctx context.Context, found []Examination) {
	home, _ := o.Home()
	for i, e := range found {
		check := platforms.Check{Name: "docker cli", Result: platforms.Pass}
		choice, err := o.chooseCLI(ctx, plan.Machine{CLI: e.cli}, "", false)
		if err == nil && choice.host != nil {
			if with, err := o.chooseCLI(ctx, plan.Machine{CLI: e.cli}, "", true); err == nil && with.host != nil {
				choice = with
			} else {
				choice.host.Compose = "by the CLI of the guest"
			}
		}
		check.Seen = choice.String()
		if err != nil {
			check.Result, check.Seen = platforms.Fail, err.Error()
			check.Why = "`fbdock docker` and `fbdock compose` run it"
			check.Fix.Text = failure.Hint(err)
		}
		if home != "" { // doctor's text names no user
			check.Seen = strings.ReplaceAll(check.Seen, home, "~")
		}
		found[i].Add(check)
	}
}
