package dockerpaths

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/internal/mount"
	"github.com/fbdock/fbdock/platforms/hostpath"
)

// Host is what has to be known of this computer to judge a path.
type Host struct {
	GOOS string
	// Dir is the current folder; a relative path is relative to it.
	Dir string
	// Home is the user's folder, which "~" stands for in a compose file. In an
	// argument a shell has put it in, or nobody will.
	Home string
	// Exists tells whether this computer has a path.
	Exists func(string) bool
	// IsDir tells whether it is a folder; nil takes every path for one.
	IsDir func(string) bool
	// Real is a path without links; nil takes every path for one.
	Real func(string) (string, error)
	// Lookup finds a variable of the environment; nil finds none.
	Lookup func(string) (string, bool)
	// Socket is the machine's Docker socket on this computer, "" for none.
	Socket string
	// ReadProject reads a file of a compose project, ReadNamed one that the
	// command line names, of at most limit bytes. What is not there is empty:
	// it is a path of the guest, or docker says what is wrong with it.
	ReadProject, ReadNamed func(ctx context.Context, path string, limit int64) ([]byte, error)

	// tilde is Home where "~" stands for it, "" leaves it be.
	tilde string
}

func (l Host) lookup(name string) (string, bool) {
	if l.Lookup == nil {
		return "", false
	}
	return l.Lookup(name)
}

// resolve judges the binds of a docker command line and gives the command
// line for the guest: a path within a mount is called there as the guests
// have it. One of this computer outside of all mounts is an *OutsideError.
// used are the mounts that binds lead into.
func resolve(args []string, mounts []mount.Folder, host Host) (resolved []string, used []mount.Folder, err error) {
	return rename(args, binds(args, host.GOOS), mounts, host)
}

// rename calls the paths of binds as the guests have them.
func rename(args []string, binds []Bind, mounts []mount.Folder, host Host) (resolved []string, used []mount.Folder, err error) {
	resolved = slices.Clone(args)
	// From the back, so that places before stay where they are.
	for _, b := range slices.Backward(binds) {
		p, err := host.find(b.Source, mounts)
		if err != nil {
			return nil, nil, err
		}
		if p.folder.Target != "" {
			used = append(used, p.folder)
		}
		if p.guest != "" {
			b.Replace(resolved, p.guest)
		}
	}
	return resolved, used, nil
}

// resolvePaths calls paths of this host as the guests have them, as resolve does
// with binds.
func resolvePaths(paths []string, mounts []mount.Folder, host Host) (guest []string, used []mount.Folder, err error) {
	binds := make([]Bind, len(paths))
	for i, path := range paths {
		binds[i] = Bind{Source: path, Arg: i, Len: len(path)}
	}
	return rename(paths, binds, mounts, host)
}

// moved finds the first bind that the guests have at another path than this
// host. On Windows the same path is the one that docker itself makes of it.
func (l Host) moved(binds []Bind, mounts []mount.Folder) (from, to string, moved bool) {
	for _, b := range binds {
		from = l.Full(b.Source)
		p, err := l.find(b.Source, mounts)
		if err != nil || p.folder.Target == "" {
			continue
		}
		if same, err := hostpath.GuestPath(l.GOOS, from); err != nil || same != p.guest {
			return from, p.guest, true
		}
	}
	return "", "", false
}

// GuestDir is where the guests have a host path, by the mount that is
// closest to it.
func GuestDir(goos, dir string, mounts []mount.Folder) (string, bool) {
	m, rest, ok := closest(goos, dir, mounts)
	if !ok {
		return "", false
	}
	return path.Join(m.Target, rest), true
}

func closest(goos, dir string, mounts []mount.Folder) (best mount.Folder, rest string, found bool) {
	for _, m := range mounts {
		if r, ok := hostpath.Within(goos, m.Source, dir); ok && (!found || len(m.Source) > len(best.Source)) {
			best, rest, found = m, r, true
		}
	}
	return best, rest, found
}

// Full makes a path absolute.
func (l Host) Full(name string) string {
	if rest, ok := strings.CutPrefix(name, "~"); ok && l.tilde != "" && (rest == "" || rest[0] == '/') {
		return path.Join(hostpath.Slashed(l.GOOS, l.tilde), rest)
	}
	if l.GOOS == "windows" {
		if s := hostpath.Slashed("windows", name); len(name) > 1 && (name[1] == ':' || s[0] == '/') {
			return name
		}
	} else if strings.HasPrefix(name, "/") || strings.HasPrefix(name, "~") {
		return name // a shell has put the home folder in, or nobody will
	}
	return path.Join(hostpath.Slashed(l.GOOS, l.Dir), hostpath.Slashed(l.GOOS, name))
}

// ownedByEngine are places that a Linux host has too, where a container
// is always meant to get the engine's.
func ownedByEngine(name string) bool {
	for _, dir := range []string{"/dev", "/proc", "/sys", "/run", "/var/run", "/lib/modules", "/var/lib/docker", "/sys/fs/cgroup"} {
		if _, ok := hostpath.Within("linux", dir, name); ok {
			return true
		}
	}
	return false
}

// inTarget is true for a path as the guests have it.
func inTarget(name string, mounts []mount.Folder) bool {
	return slices.ContainsFunc(mounts, func(m mount.Folder) bool {
		_, ok := hostpath.Within("linux", m.Target, name)
		return ok
	})
}
