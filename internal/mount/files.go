package mount

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/internal/dockerflags"
)

// inContainer tells whether an operand of docker cp names a path in a
// container: CONTAINER:PATH does, unless it is an absolute path or begins
// with a dot.
func inContainer(operand, goos string) bool {
	drive := goos == "windows" && len(operand) > 2 && operand[1] == ':' && (operand[2] == '\\' || operand[2] == '/')
	return strings.Contains(operand, ":") && operand[0] != '/' && operand[0] != '.' && !drive
}

// File is a file or folder of this host that a docker command names outside of
// the mounts.
type File struct {
	Bind
	Kind dockerflags.Kind
	// Flag is the name of the flag, "" for an argument.
	Flag string
	// Path is the full path.
	Path string
}

// files are the files and folders of this host that a docker command reads
// or writes by itself.
func files(args []string, goos string) []File {
	var found []File
	for _, v := range dockerflags.ParseLine(args).Values {
		if text := fileOf(v, goos); text != "" && text != "-" && !strings.Contains(text, "://") {
			found = append(found, File{Bind: bindIn(v, text), Kind: v.Kind, Flag: v.Flag})
		}
	}
	return found
}

// fileOf is the path in a value, "" where it has none.
func fileOf(v dockerflags.Value, goos string) string {
	switch v.Kind {
	case dockerflags.Read, dockerflags.Dockerfile, dockerflags.Write, dockerflags.Dir, dockerflags.WriteDir, dockerflags.BuildDir:
		return v.Text
	case dockerflags.Copy:
		if v.Text != "" && !inContainer(v.Text, goos) {
			return v.Text
		}
	case dockerflags.Secret:
		if f := dockerflags.Fields(v.Text); f["type"] != "env" && f["env"] == "" {
			return f["src"] + f["source"]
		}
	case dockerflags.Output:
		if !strings.Contains(v.Text, "=") {
			return v.Text
		}
		return dockerflags.Fields(v.Text)["dest"]
	case dockerflags.Cache:
		if f := dockerflags.Fields(v.Text); f["type"] == "local" {
			return f["src"] + f["dest"]
		}
	case dockerflags.Context, dockerflags.SSH:
		_, text, _ := strings.Cut(v.Text, "=")
		if !strings.HasPrefix(text, "target:") {
			return text
		}
	case dockerflags.Security:
		if text, ok := strings.CutPrefix(v.Text, "seccomp="); ok && text != "unconfined" && text != "builtin" {
			return text
		}
	}
	return ""
}

// ResolveFiles calls the files that a docker command names as the guest has
// them, for the CLI of the guest that runs in the folder dir, "" for none of
// this host. outside are those that lie in no mount.
func ResolveFiles(args []string, mounts []Folder, host Host, dir string) (resolved []string, used []Folder, outside []File) {
	resolved = slices.Clone(args)
	for _, f := range slices.Backward(files(args, host.GOOS)) {
		f.Path = host.Full(f.Source)
		p, found := host.file(f.Path, mounts)
		switch {
		case !found:
			outside = append(outside, f)
			continue
		case p.folder.Target == "":
			continue
		}
		used = append(used, p.folder)
		if dir != "" && path.Join(dir, f.Source) == p.guest && f.Path != f.Source {
			continue // right as it is, from there
		}
		f.Replace(resolved, p.guest+Trailing(f.Source))
	}
	return resolved, used, outside
}

// Replace writes another path in the place of this one.
func (b Bind) Replace(args []string, text string) {
	if b.At >= 0 {
		arg := args[b.Arg]
		args[b.Arg] = arg[:b.At] + text + arg[b.At+len(b.Source):]
	}
}

// Trailing is the end of a path by which docker cp tells a folder from what
// is in it: "/", "/." or nothing.
func Trailing(name string) string {
	name = filepath.ToSlash(name)
	switch {
	case name == "." || strings.HasSuffix(name, "/."):
		return "/."
	case len(name) > 1 && strings.HasSuffix(name, "/"):
		return "/"
	}
	return ""
}

// file gives where the guests have a file that the docker CLI reads or
// writes. It is not found where they do not have it. An empty place is a path
// of the guests.
func (l Host) file(full string, mounts []Folder) (place, bool) {
	m, rest, named := closest(l.GOOS, full, mounts)
	if !named && inTarget(full, mounts) {
		return place{}, true
	}
	as := place{folder: m, guest: path.Join(m.Target, rest)}
	real := l.real(full)
	if real == full {
		return as, named
	}
	to, below, leads := closest(l.GOOS, real, l.reals(mounts))
	if leads && (!named || to.Target != m.Target) {
		return place{folder: to, guest: path.Join(to.Target, below)}, true
	}
	return as, leads
}

// Outside is the error of a path that the guests do not have.
func (l Host) Outside(full string) *OutsideError { return l.outside(full, l.real(full)) }
