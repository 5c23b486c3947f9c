package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/fbdock/fbdock/internal/dockercli"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/plan"
)

// cliVariable overrides the cli attribute of a machine.
const cliVariable = "FBDOCK_DOCKER_CLI"

// Choice is the docker CLI that runs a docker command.
type Choice struct {
	// Host is the CLI of this host; nil is the guest's.
	Host *dockercli.CLI
	// wanted is auto, host or guest, and source where that was said.
	wanted, source string
	// reason is why it is not the host's.
	reason string
}

// String is the choice for --verbose and doctor.
func (c Choice) String() string {
	by := fmt.Sprintf(" (%s = %s)", c.source, c.wanted)
	if c.Host == nil {
		return "the docker CLI of the FreeBSD guest: " + c.reason + by
	}
	text := "the docker CLI of this host: " + c.Host.Path + ", version " + c.Host.Version
	if c.Host.Compose != "" {
		text += ", compose " + c.Host.Compose
	}
	return text + by
}

// toGuest is the choice of the guest's CLI for a reason. It is an error
// where the user wants the host's and no other.
func (c Choice) toGuest(reason string) (Choice, error) {
	c.Host, c.reason = nil, reason
	if c.wanted != plan.CLIHost {
		return c, nil
	}
	return c, &failure.Error{
		Err:  fmt.Errorf("the docker CLI of this host cannot be used: %s", reason),
		Next: fmt.Sprintf("with %s = auto the CLI of the guest is used then", c.source),
	}
}

// ChooseCLI finds the docker CLI, where wanted is auto, host or guest; compose tells
// whether it needs the compose plugin.
func ChooseCLI(ctx context.Context, env host.Env, wanted, socket string, compose bool) (Choice, error) {
	c := Choice{wanted: cmp.Or(wanted, plan.CLIAuto), source: "cli"}
	if value, _ := env.Lookup(cliVariable); value != "" {
		c.wanted, c.source = value, cliVariable
	}
	switch {
	case !slices.Contains([]string{plan.CLIAuto, plan.CLIHost, plan.CLIGuest}, c.wanted):
		return c, &failure.Error{Err: fmt.Errorf("%s is %q", cliVariable, c.wanted), Next: "set it to auto, host or guest, or unset it", Code: failure.ExitUsage}
	case c.wanted == plan.CLIGuest:
		c.reason = "the configuration says so"
		return c, nil
	case env.NoAgent():
		return c.toGuest("with FBDOCK_AGENT=off the machine has no Docker socket on this host")
	}
	cli, err := finder(env, socket).Find(ctx, compose)
	if unusable, ok := errors.AsType[*dockercli.UnusableError](err); ok {
		return c.toGuest(unusable.Reason)
	}
	if err != nil {
		return c, err
	}
	c.Host = &cli
	return c, nil
}

func finder(env host.Env, socket string) dockercli.Finder {
	f := dockercli.Finder{Runner: env.Runner, Environ: env.Environ, Host: socket}
	if self, err := os.Executable(); err == nil {
		f.Self = self
	}
	if env.CacheDir != "" {
		f.Cache = filepath.Join(env.CacheDir, "programs", "docker.json")
	}
	return f
}
