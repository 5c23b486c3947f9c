package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/dockercli"
	"github.com/fbdock/fbdock/internal/dockerflags"
	"github.com/fbdock/fbdock/internal/dockerpaths"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/mount"
	"github.com/fbdock/fbdock/internal/run"
)

// execDocker runs a docker command by the CLI that is chosen for it.
func (r Runner) execDocker(ctx context.Context, e Exec) (int, error) {
	args := e.Args[1:]
	line := dockerflags.ParseLine(args)
	if flag := line.Connection(); flag != "" {
		return 0, &failure.Error{
			Err:  fmt.Errorf("docker's flag %s names another engine, and fbdock docker uses the one of machine %s", flag, r.Plan.Name),
			Next: "leave it out, name another machine by `fbdock -m NAME docker`, or run docker itself",
		}
	}
	socket := ""
	if machine.Created(r.Project, r.Plan) { // else what is wrong with the command is told first
		var err error
		if socket, err = r.DockerHost(ctx, machine.SideEngine); err != nil {
			return 0, err
		}
	}
	choice, err := ChooseCLI(ctx, r.Env, r.Plan.CLI, socket, line.Compose())
	if err != nil {
		return 0, err
	}
	var fitted hostCommand
	if choice.Host != nil {
		if fitted, err = r.onHost(ctx, args); err != nil {
			return 0, err
		}
		if fitted.moved != "" {
			if choice, err = choice.toGuest(fitted.moved); err != nil {
				return 0, err
			}
		}
	}
	r.Progress.Note("docker: " + choice.String())
	if choice.Host == nil {
		return r.execGuest(ctx, e)
	}
	fitted.path, fitted.socket = choice.Host.Path, socket
	return r.execHost(ctx, fitted, e)
}

// hostCommand is a docker command line for the CLI of this host.
type hostCommand struct {
	path string
	args []string
	// socket is the machine's, as DOCKER_HOST.
	socket string
	// used are the mounts that it binds.
	used []mount.Folder
	// moved says which bind of a compose file the engine has at another path
	// than this host; the CLI of the guest then names it as the engine does.
	moved string
	// dir is the folder that it runs in, "" for the current one.
	dir string
}

// onHost fits a docker command line to the CLI of this host. That CLI reads
// files here, and only the paths of binds are the engine's: those are checked
// and, where the target of a mount is another path, translated.
func (r Runner) onHost(ctx context.Context, args []string) (hostCommand, error) {
	dir, err := r.workDir()
	if err != nil {
		return hostCommand{}, err
	}
	folders := mountFolders(r.Plan)
	line, err := dockerpaths.TranslateBinds(ctx, args, folders, r.pathsOf(dir))
	return hostCommand{args: line.Args, used: line.Used, moved: line.Moved, dir: r.hostDir(dir, folders)}, err
}

// hostDir is the folder that a command of this host runs in: the one of -C,
// or the current one by the name that the mounts know it by. It is "" where
// the current folder stays as it is.
func (r Runner) hostDir(dir string, folders []mount.Folder) string {
	if r.Start == "." {
		here, err := filepath.Abs(".")
		_, mounted := dockerpaths.GuestDir(runtime.GOOS, dir, folders)
		if err != nil || here == dir || !mounted {
			return ""
		}
	}
	return dir
}

// execHost runs a docker command by the CLI of this host, which is given the
// machine's socket and otherwise all that fbdock was given.
func (r Runner) execHost(ctx context.Context, c hostCommand, e Exec) (int, error) {
	remote, err := r.serving(ctx, !dockerflags.ParseLine(c.args).Local())
	if err != nil {
		return 0, err
	}
	if len(c.used) > 0 {
		only := ""
		if r.Plan.Engine.Sibling() {
			only = agent.UserEngine // FreeBSD may be down, and takes no part in it
		}
		if err := machine.HaveMounts(ctx, remote, c.used, only); err != nil {
			return 0, err
		}
	}
	end := r.watchPorts(ctx, remote, e.Args)
	defer end()
	cmd := run.Cmd{
		Name: c.path, Args: c.args, Env: r.hostEnv(c.socket),
		Stdin: e.Streams.Stdin, Stdout: e.Streams.Stdout, Stderr: e.Streams.Stderr, Foreground: true,
	}
	if c.dir != "" {
		cmd.Dir, cmd.Env = c.dir, append(cmd.Env, "PWD="+c.dir)
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	cmd.Signals = notByTerminal(running, e.Streams.Signals)
	e.Streams.begin()
	res, err := r.Runner.Run(ctx, cmd)
	if exit, ok := errors.AsType[*run.ExitError](err); ok && exit.Cause == nil {
		return res.ShellStatus, nil
	}
	return 0, err
}

// serving gives the agent of a machine that is up, and starts it where none
// serves. With docker it waits for an engine that boots.
func (r Runner) serving(ctx context.Context, docker bool) (*agent.Remote, error) {
	if r.Plan.Engine.Sibling() {
		return r.servingBeside(ctx, docker)
	}
	g, err := r.Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer g.Close() // only asked
	if docker {
		if err := r.AwaitEngine(ctx, g, g.DockerReady()); err != nil {
			return nil, err
		}
	}
	if g.Agent != nil {
		return g.Agent, nil
	}
	remote, err := r.ServingAgent(ctx)
	if err != nil {
		return nil, fmt.Errorf("the machine's Docker socket: %w", err)
	}
	return &remote, nil
}

// hostEnv is the user's environment, but for the engine to connect to. On
// Windows compose has to write the paths of binds as the engine has them.
func (r Runner) hostEnv(socket string) []string {
	env := dockercli.Env(r.Environ, socket)
	const convert = "COMPOSE_CONVERT_WINDOWS_PATHS"
	if _, set := r.Lookup(convert); runtime.GOOS == "windows" && !set {
		env = append(env, convert+"=1")
	}
	return env
}

// notByTerminal leaves out the signals that the terminal sends to the whole
// foreground process group, and so to the program as well.
func notByTerminal(ctx context.Context, signals <-chan os.Signal) <-chan os.Signal {
	out := make(chan os.Signal)
	go func() {
		for {
			select {
			case s := <-signals:
				if link.FromTerminal(s) {
					continue
				}
				select {
				case out <- s:
				case <-ctx.Done():
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}
