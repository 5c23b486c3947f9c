package dockerpaths

import (
	"path/filepath"

	"github.com/fbdock/fbdock/internal/dockerflags"
	"github.com/fbdock/fbdock/internal/mount"
)

// resolvePodman judges the binds and the files of a podman command line, whose
// words behind podman are args, and gives the command line for the podman of
// the FreeBSD guest, as resolve and resolveFiles do for docker. What this
// computer has outside of all mounts is an *OutsideError: podman gets no copy.
func resolvePodman(args []string, mounts []mount.Folder, host Host, dir string) (resolved []string, used []mount.Folder, err error) {
	resolved, used, err = rename(args, bindsOf(dockerflags.ParsePodman(args), host.GOOS), mounts, host)
	if err != nil {
		return nil, nil, err
	}
	line := dockerflags.ParsePodman(resolved)
	named := files(line, host)
	resolved, more, outside := resolveFiles(resolved, named, mounts, host, dir)
	for _, f := range outside {
		missing := !host.Exists(f.Path)
		if missing && !f.written(line) && (filepath.IsAbs(f.Source) || f.Kind == dockerflags.BuildDir) {
			continue // a path of the guest, or an address
		}
		return nil, nil, host.Outside(f.Path)
	}
	return resolved, append(used, more...), nil
}

// written tells whether the command makes the file: that it is not there says
// nothing about whose path it is.
func (f File) written(line dockerflags.Line) bool {
	switch f.Kind {
	case dockerflags.Write, dockerflags.WriteDir, dockerflags.Output:
		return true
	case dockerflags.Cache:
		return f.Flag == "cache-to"
	case dockerflags.Copy:
		return line.Args()[0].Word != f.Arg
	}
	return false
}
