package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/internal/dockerpaths"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/hostfile"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/mount"
	"github.com/fbdock/fbdock/internal/plan"
)

// placed is where a docker command runs in the guests and what it needs
// there.
type placed struct {
	args []string
	// used are the mounts that it binds or reads, dir the folder that it
	// runs in, "" for the login's own, and around the mount which that is in.
	used   []mount.Folder
	dir    string
	around mount.Folder
	// cargo is what it takes along.
	cargo *cargo
}

// inMounts fits a docker command line to the guests: binds of paths of this
// host, those of compose files too, are checked and called as the guests call
// them, the command runs in the folder that fbdock was called in where a mount
// has it, and takes along what the guests do not have. nil is for a command
// that is none of docker's.
func (r Runner) inMounts(ctx context.Context, e Exec) (*placed, error) {
	if len(e.Args) == 0 || e.Args[0] != "docker" || e.On == OnEngine {
		return nil, nil
	}
	dir, err := r.workDir()
	if err != nil {
		return nil, err
	}
	host := r.pathsOf(dir)
	line, err := dockerpaths.Translate(ctx, e.Args[1:], mountFolders(r.Plan), host)
	if err != nil {
		return nil, err
	}
	at := newPlaced(line, newCargo(line.Args, host, r.Private(r.Project)))
	if e.Docker {
		if err = at.cargo.load(line.Outside); err == nil {
			err = at.cargo.environment(r.handover(line))
		}
	}
	at.args = append([]string{"docker"}, at.cargo.args...)
	return at, err
}

func newPlaced(line dockerpaths.Line, c *cargo) *placed {
	return &placed{used: line.Used, dir: line.Dir, around: line.Around, cargo: c}
}

// pathsOf is how paths of this host are judged that a command for m names.
func (r Runner) pathsOf(dir string) dockerpaths.Host {
	l := dockerpaths.Host{
		GOOS: runtime.GOOS, Dir: dir, Exists: host.Exists, IsDir: r.IsDir, Real: hostfile.RealLocal, Lookup: r.Lookup,
		ReadProject: r.projectFile, ReadNamed: namedFile,
	}
	l.Home, _ = r.Home()
	if sockets, err := r.Sockets(); err == nil {
		l.Socket = sockets[1]
	}
	return l
}

// projectFile reads a file that compose reads as well. None is empty: it is
// a path of the guest, or compose says what is wrong with it. A guest that
// the folder is mounted in may have put anything in its place, so a link has
// to stay in the project's folder, or in the folder that the link is in.
func (r Runner) projectFile(ctx context.Context, path string, limit int64) ([]byte, error) {
	text, err := hostfile.ReadWithin(ctx, r.Project.Folder(), path, limit)
	if _, outside := errors.AsType[*hostfile.OutsideError](err); outside {
		text, err = hostfile.ReadWithin(ctx, filepath.Dir(path), path, limit)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil, nil
	}
	return text, err
}

// namedFile reads a file that a docker command line names. One that is not
// there, or that is a pipe, which can be read once, is empty.
func namedFile(ctx context.Context, path string, limit int64) ([]byte, error) {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil, nil
	}
	return hostfile.Read(ctx, path, limit)
}

// mountFolders are the mounts of a machine, as binds are judged by them.
func mountFolders(m plan.Machine) []mount.Folder {
	var folders []mount.Folder
	for _, f := range machine.Served(m) {
		folders = append(folders, mount.Folder{Source: f.Source, Target: f.Target, Copied: f.Copied()})
	}
	return folders
}

// haveAgent starts the agent of a guest whose mounts a command needs: only
// it has them there. The one before it may have been killed.
func (r Runner) haveAgent(ctx context.Context, g *machine.Guest, at *placed) error {
	if at == nil || len(at.used) == 0 || g.Agent != nil || r.NoAgent() {
		return nil
	}
	remote, err := r.ServingAgent(ctx)
	if err != nil {
		return err
	}
	g.Agent = &remote
	return nil
}

// fit makes e the command that runs where it is to run. A mount that it needs
// and that is not in the guests now is refused: dockerd would make an empty
// folder of it.
func (a *placed) fit(ctx context.Context, g *machine.Guest, e Exec) (Exec, error) {
	if a == nil {
		return e, nil
	}
	e.Args = a.args
	used := a.used
	if g.Agent != nil && len(used) > 0 {
		if err := machine.HaveMounts(ctx, g.Agent, used, ""); err != nil {
			return e, err
		}
		used = nil
	}
	var err error
	e.script, err = a.script(used)
	return e, err
}

// script runs the command where the mounts are, once it has seen that those
// of used are served.
func (a *placed) script(used []mount.Folder) (string, error) {
	var b strings.Builder
	b.WriteString(a.cargo.prologue())
	for _, f := range used {
		words, err := link.Quote([]string{"echo", fmt.Sprintf("fbdock: error: %s is not mounted in the guests now", f.Source)})
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%s || { %s >&2; echo 'fbdock: hint: '%s >&2; exit %d; }; ", mount.LiveScript(f.Target), words, notServed, failure.ExitLink)
	}
	if a.dir != "" {
		cd, err := link.Quote([]string{"cd", a.dir})
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "if %s; then %s || exit %d; fi; ", mount.LiveScript(a.around.Target), cd, failure.ExitLink)
	}
	command, err := a.cargo.exec(a.args)
	return b.String() + command, err
}

const notServed = "'keep `fbdock mount --foreground` running in another terminal'"

// workDir is the folder that a command is about: the one of -C, else the
// current one. Mounts are named without links, and so is it.
func (r Runner) workDir() (string, error) {
	dir := r.Start
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		dir = filepath.Dir(dir)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find the current folder: %w", err)
	}
	for _, m := range r.Machines {
		if slices.ContainsFunc(m.Mounts, func(f plan.Mount) bool {
			_, ok := dockerpaths.GuestDir(runtime.GOOS, dir, []mount.Folder{{Source: f.Source, Target: "/"}})
			return ok
		}) {
			return dir, nil
		}
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real, nil
	}
	return dir, nil
}
