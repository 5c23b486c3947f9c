package dockerpaths

import (
	"cmp"
	"context"
	"fmt"

	"github.com/fbdock/fbdock/internal/dockerflags"
	"github.com/fbdock/fbdock/internal/mount"
)

// Line is a docker command line as the guests have its paths.
type Line struct {
	Args []string
	// Dir is the folder in the guests that it runs in, "" where they do not
	// have the host's, and Around the mount which that is in.
	Dir    string
	Around mount.Folder
	// Used are the mounts that it binds or reads.
	Used []mount.Folder
	// Outside are the files and folders that it names and no mount has.
	Outside []File
	// Variables are the names that the line and the files which it reads take
	// from the environment, and Set those whose values are paths, with the
	// paths of the guests.
	Variables []string
	Set       map[string]string
	// Moved says which bind of a compose file the engine has at another path
	// than this host, "" for none. Only TranslateBinds looks for it.
	Moved string
}

// Translate gives the docker command line for the CLI of the guest; args are
// those behind the word docker. A path within a mount is called there as the
// guests have it, those in compose files are checked. A bind of what this host
// has outside of all mounts is an *OutsideError.
func Translate(ctx context.Context, args []string, mounts []mount.Folder, host Host) (Line, error) {
	line := dockerflags.ParseLine(args)
	l := host.lineIn(mounts)
	var err error
	if c, ok := composeOf(args); ok {
		err = l.compose(ctx, args, c, mounts, host)
	} else {
		l.Args, l.Used, err = resolve(args, mounts, host)
	}
	if err != nil {
		return Line{}, err
	}
	l.Variables = append(line.Variables(), l.Variables...)
	if err := l.addVariables(ctx, line, host); err != nil {
		return Line{}, err
	}
	args, used, outside := resolveFiles(l.Args, files(dockerflags.ParseLine(l.Args), host), mounts, host, l.Dir)
	l.Args, l.Outside = args, outside
	l.Used = append(l.Used, used...)
	if l.Dir != "" && readsFolder(args) {
		l.Used = append(l.Used, l.Around)
	}
	return l, nil
}

// TranslateBinds gives the docker command line for the CLI of this host, which
// reads its files here: only binds are the engine's.
func TranslateBinds(ctx context.Context, args []string, mounts []mount.Folder, host Host) (l Line, err error) {
	c, ok := composeOf(args)
	if !ok {
		l.Args, l.Used, err = resolve(args, mounts, host)
		return l, err
	}
	project, err := host.project(ctx, c, mounts, host.Dir, true)
	if err != nil {
		return Line{}, err
	}
	host.tilde = host.Home
	l.Args = args
	if _, l.Used, err = resolveCompose(nil, composeLine{}, project.binds, project.dir, mounts, host); err != nil {
		return Line{}, err
	}
	host.Dir = project.dir
	if from, to, moved := host.moved(project.binds, mounts); moved {
		l.Moved = fmt.Sprintf("a compose file binds %s, which the engine has at %s", from, to)
	}
	return l, nil
}

// TranslatePodman gives a podman command line, whose words behind podman are
// args, for the podman of the FreeBSD guest. What this host has outside of all
// mounts is an *OutsideError: podman gets no copy.
func TranslatePodman(args []string, mounts []mount.Folder, host Host) (Line, error) {
	line := dockerflags.ParsePodman(args)
	l := host.lineIn(mounts)
	var err error
	if l.Args, l.Used, err = resolvePodman(args, mounts, host, l.Dir); err != nil {
		return Line{}, err
	}
	l.Variables = line.Variables()
	if l.Dir != "" && line.Is("build") {
		l.Used = append(l.Used, l.Around)
	}
	return l, nil
}

// lineIn is a line that runs in the folder of the host, or where the guests
// have it.
func (l Host) lineIn(mounts []mount.Folder) Line {
	dir, _ := GuestDir(l.GOOS, l.Dir, mounts)
	line := Line{Dir: dir}
	for _, f := range mounts {
		if _, ok := GuestDir("linux", dir, []mount.Folder{{Source: f.Target, Target: f.Target}}); ok && len(f.Target) > len(line.Around.Target) {
			line.Around = f
		}
	}
	return line
}

// compose translates a command line of docker compose, with the variables of
// compose that hold paths.
func (l *Line) compose(ctx context.Context, args []string, c composeLine, mounts []mount.Folder, host Host) error {
	project, err := host.project(ctx, c, mounts, cmp.Or(l.Dir, host.Dir), false)
	if err != nil {
		return err
	}
	host.tilde = host.Home
	if l.Args, l.Used, err = resolveCompose(args, c, project.binds, project.dir, mounts, host); err != nil {
		return err
	}
	l.Variables = project.variables
	return l.setPaths(project, host.envFiles(c, project.dir), mounts, host)
}
