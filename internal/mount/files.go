package mount

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/internal/dockerflags"
)

// InContainer tells whether an operand of docker cp names a path in a
// container: CONTAINER:PATH does, unless it is an absolute path or begins
// with a dot.
func InContainer(operand string) bool {
	return strings.Contains(operand, ":") && !filepath.IsAbs(operand) && operand[0] != '.'
}

// files are the files and folders of this host that a docker command reads
// or writes by itself. Those of compose are found by ComposeOf.
func files(args []string) []Bind {
	l := dockerflags.ParseLine(args)
	var found []Bind
	for _, v := range l.Values {
		switch v.Kind {
		case dockerflags.Read, dockerflags.Dockerfile, dockerflags.Write, dockerflags.Dir, dockerflags.WriteDir, dockerflags.BuildDir:
		case dockerflags.Copy:
			if InContainer(v.Text) {
				continue
			}
		default:
			continue
		}
		if v.Text != "" && v.Text != "-" && !strings.Contains(v.Text, "://") {
			found = append(found, Bind{Source: v.Text, Arg: v.Word, At: v.At})
		}
	}
	return found
}

// ResolveFiles calls the files that a docker command names as the guest has
// them, for the CLI of the guest. inside tells that the command runs in the
// guests' form of the current folder, where relative names are right as they
// are. A file outside of the mounts keeps its name.
func ResolveFiles(args []string, mounts []Folder, laptop Laptop, inside bool) (resolved []string, used []Folder) {
	resolved = args
	for _, b := range slices.Backward(files(args)) {
		relative := laptop.Full(b.Source) != b.Source
		if inside && relative {
			continue
		}
		renamed, more, err := rename(resolved, []Bind{b}, mounts, laptop)
		if err == nil {
			resolved, used = renamed, append(used, more...)
		}
	}
	return resolved, used
}
