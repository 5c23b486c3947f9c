package dockerpaths

import (
	"path/filepath"

	"github.com/fbdock/fbdock/internal/dockerflags"
	"github.com/fbdock/fbdock/internal/mount"
)

// ResolvePodman judges the binds and the files of a podman command line, whose
// words behind podman are args, and gives the command line for the podman of
// the FreeBSD guest, as Resolve and ResolveFiles do for docker. What this
// computer has outside of all mounts is an *OutsideError: podman gets no copy.
func ResolvePodman(args []string, mounts []mount.Folder, host Host, dir string) (resolved []string, used []mount.Folder, err error) {
	resolved, used, err = rename(args, bindsOf(dockerflags.ParsePodman(args), host.GOOS), mounts, host)
	if err != nil {
		return nil, nil, err
	}
	named := files(dockerflags.ParsePodman(resolved), host)
	resolved, more, outside := resolveFiles(resolved, named, mounts, host, dir)
	for _, f := range outside {
		missing := !host.Exists(f.Path)
		if missing && (filepath.IsAbs(f.Source) || f.Kind == dockerflags.BuildDir) {
			continue // a path of the guest, or an address
		}
		return nil, nil, host.Outside(f.Path)
	}
	return resolved, append(used, more...), nil
}
