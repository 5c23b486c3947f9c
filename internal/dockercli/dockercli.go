// Package dockercli finds the docker CLI of this host, and asks it for its
// version and its compose plugin. It never runs a docker command for the user
// and never talks to an engine.
package dockercli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/hashicorp/go-version"

	"github.com/fbdock/fbdock/internal/hostfile"
	"github.com/fbdock/fbdock/internal/run"
)

const (
	// Oldest is the first version that is used: it runs contexts, buildx and
	// the compose plugin.
	Oldest = "20.10"
	// askFor bounds one question to a CLI, which takes some 40 ms.
	askFor = 10 * time.Second
	// ProbeVariable is set for a CLI that is asked what it is. fbdock refuses
	// to run docker commands then: it would have found itself.
	ProbeVariable = "FBDOCK_DOCKER_PROBE"
)

// CLI is a docker CLI of this host.
type CLI struct {
	Path    string
	Version string
	// Compose is the version of its compose plugin; "" when it was not asked
	// for.
	Compose string
}

// UnusableError says why no CLI can be used.
type UnusableError struct{ Reason string }

func (e *UnusableError) Error() string { return e.Reason }

// Finder looks for the docker CLI of this host.
type Finder struct {
	Runner  run.Runner
	Environ []string // the user's
	// Host is the value of DOCKER_HOST for a CLI that is asked.
	Host string
	// Self is fbdock's own program.
	Self string
	// Cache is the file that keeps answers; "" keeps none.
	Cache string
}

// Find gives the first usable CLI on PATH, with its compose plugin when
// compose is true. Without any it is an *UnusableError.
func (f Finder) Find(ctx context.Context, compose bool) (CLI, error) {
	answers := f.load()
	before := answers.clone()
	defer func() { f.save(before, answers) }()
	var reasons []string
	for _, path := range run.LookAll("docker", variable(f.Environ, "PATH")) {
		reason := f.refused(path)
		if reason == "" {
			var cli CLI
			if cli, reason = f.examine(ctx, path, compose, answers); reason == "" {
				return cli, nil
			}
		}
		if err := ctx.Err(); err != nil {
			return CLI{}, context.Cause(ctx)
		}
		reasons = append(reasons, reason)
	}
	if len(reasons) == 0 {
		return CLI{}, &UnusableError{"this host has no docker on PATH"}
	}
	return CLI{}, &UnusableError{strings.Join(reasons, "; ")}
}

// refused tells why a program is not asked at all, "" when it may be.
func (f Finder) refused(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return err.Error()
	}
	if self, err := os.Stat(f.Self); err == nil && os.SameFile(self, info) {
		return path + " is fbdock itself"
	}
	if runsFbdock(path) {
		return path + " is a script that runs fbdock"
	}
	// snapd's docker is confined: it reaches neither hidden folders nor
	// /run/user (snapcraft.io/docs/home-interface).
	if real, err := filepath.EvalSymlinks(path); err == nil && (filepath.Base(real) == "snap" || strings.HasPrefix(real, "/snap/")) {
		return path + " is a snap, which cannot reach the machine's socket"
	}
	return ""
}

// runsFbdock tells whether a program is a script that has fbdock in it. With
// one, each docker command would start the next without end.
func runsFbdock(path string) bool {
	head, err := hostfile.Head(path, 64<<10)
	if err != nil {
		return false
	}
	script := bytes.HasPrefix(head, []byte("#!"))
	switch strings.ToLower(filepath.Ext(path)) {
	case ".cmd", ".bat", ".ps1":
		script = true
	}
	return script && bytes.Contains(head, []byte("fbdock"))
}

// examine asks a program what it is, or finds the answer in the cache.
func (f Finder) examine(ctx context.Context, path string, compose bool, known answers) (cli CLI, reason string) {
	stamp := stampOf(path)
	a, ok := known[path]
	if !ok || a.Stamp != stamp {
		a = answer{Stamp: stamp}
		var certain bool
		if a.Version, a.Problem, certain = f.version(ctx, path); !certain {
			return CLI{}, a.Problem
		}
	}
	if a.Problem == "" && compose {
		plugin := f.composePlugin()
		if pluginStamp := plugin + " " + stampOf(plugin); a.Compose == "" || plugin == "" || a.ComposeStamp != pluginStamp {
			a.ComposeStamp = pluginStamp
			a.Compose, reason = f.composeVersion(ctx, path)
		}
	}
	known[path] = a
	if a.Problem != "" {
		return CLI{}, a.Problem
	}
	cli = CLI{Path: path, Version: a.Version}
	if compose {
		cli.Compose = a.Compose
	}
	return cli, reason
}

var (
	dockerVersion = regexp.MustCompile(`^Docker version (\d+(?:\.\d+)+)`)
	// composeVersion is one word; that of a plugin which somebody has built is
	// "dev" (docker/compose, internal/variables.go).
	composeVersion = regexp.MustCompile(`^v?(\d+(?:\.\d+)+|[0-9A-Za-z.+-]+$)`)
)

// version asks for the version. It is certain when the program has answered:
// only then is the answer kept.
func (f Finder) version(ctx context.Context, path string) (number, problem string, certain bool) {
	said, err := f.ask(ctx, path, "--version")
	if err != nil {
		return "", err.Error(), false
	}
	found := dockerVersion.FindStringSubmatch(said)
	if found == nil {
		line, _, _ := strings.Cut(said, "\n")
		return "", fmt.Sprintf("%s is not Docker's CLI: its version is %q", path, line), true
	}
	have, err := version.NewVersion(found[1])
	if err != nil || have.LessThan(version.Must(version.NewVersion(Oldest))) {
		return "", fmt.Sprintf("%s has version %s, and %s is the oldest supported", path, found[1], Oldest), true
	}
	return found[1], "", true
}

func (f Finder) composeVersion(ctx context.Context, path string) (number, problem string) {
	said, err := f.ask(ctx, path, "compose", "version", "--short")
	if err != nil {
		return "", path + " has no compose plugin"
	}
	found := composeVersion.FindStringSubmatch(said)
	if found == nil {
		return "", fmt.Sprintf("the compose plugin of %s gives no version: %q", path, said)
	}
	return found[1], ""
}

func (f Finder) ask(ctx context.Context, path string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	res, err := f.Runner.Run(ctx, run.Cmd{
		Name: path, Args: args, Env: append(Env(f.Environ, f.Host), ProbeVariable+"=1"),
	})
	return strings.TrimSpace(string(res.Stdout)), err
}
