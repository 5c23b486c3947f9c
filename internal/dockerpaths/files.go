package dockerpaths

import (
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/internal/dockerflags"
	"github.com/fbdock/fbdock/internal/mount"
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

// files are the files and folders of this host that a command reads or
// writes by itself.
func files(line dockerflags.Line, host Host) []File {
	var found []File
	for _, v := range line.Values {
		for _, b := range host.filesOf(v) {
			if b.Source != "" && b.Source != "-" && !host.address(b.Source) {
				found = append(found, File{Bind: b, Kind: v.Kind, Flag: v.Flag})
			}
		}
	}
	return found
}

// filesOf are the paths in a value.
func (l Host) filesOf(v dockerflags.Value) []Bind {
	switch v.Kind {
	case dockerflags.Read, dockerflags.Dockerfile, dockerflags.Write, dockerflags.Dir, dockerflags.WriteDir, dockerflags.BuildDir:
		return []Bind{whole(v)}
	case dockerflags.Copy:
		if v.Text != "" && !inContainer(v.Text, l.GOOS) {
			return []Bind{whole(v)}
		}
	case dockerflags.Context, dockerflags.SSH:
		at := strings.Index(v.Text, "=") + 1
		if at > 0 && !strings.HasPrefix(v.Text[at:], "target:") {
			return []Bind{part(v, at, len(v.Text))}
		}
	case dockerflags.Security:
		const seccomp = "seccomp="
		if text, ok := strings.CutPrefix(v.Text, seccomp); ok && text != "unconfined" && text != "builtin" {
			return []Bind{part(v, len(seccomp), len(v.Text))}
		}
	default:
		return l.inFields(v, dockerflags.Fields(v.Text))
	}
	return nil
}

// inFields are the paths in a value that is written as CSV.
func (l Host) inFields(v dockerflags.Value, fields dockerflags.FieldList) []Bind {
	switch {
	case v.Kind == dockerflags.Secret:
		return l.secretFile(v, fields)
	case v.Kind == dockerflags.Output && len(fields) == 1 && !strings.HasPrefix(v.Text, "type=") && v.Text[0] != '"':
		return []Bind{whole(v)} // a folder (docker/buildx, util/buildflags/export.go)
	case v.Kind == dockerflags.Output:
		return lastField(v, fields, "dest")
	case v.Kind == dockerflags.Cache && fields.Get("type") == "local" && v.Flag == "cache-to":
		return lastField(v, fields, "dest")
	case v.Kind == dockerflags.Cache && fields.Get("type") == "local":
		return lastField(v, fields, "src")
	case v.Kind == dockerflags.Policy:
		return eachField(v, fields, "filename")
	case v.Kind == dockerflags.ExternalCA:
		return eachField(v, fields, "cacert")
	}
	return nil
}

func lastField(v dockerflags.Value, fields dockerflags.FieldList, key string) []Bind {
	if f, ok := fields.Last(key); ok {
		return []Bind{inField(v, f)}
	}
	return nil
}

func eachField(v dockerflags.Value, fields dockerflags.FieldList, key string) []Bind {
	var all []Bind
	for _, f := range fields {
		if f.Key == key {
			all = append(all, inField(v, f))
		}
	}
	return all
}

// secretFile is the file of a secret. One that only has an id is the variable
// of that name, where there is one, and else the file of that name
// (docker/buildx, util/buildflags/secrets.go).
func (l Host) secretFile(v dockerflags.Value, fields dockerflags.FieldList) []Bind {
	if fields.Get("env") != "" || fields.Get("type") == "env" {
		return nil
	}
	if f, ok := fields.Last("src", "source"); ok && f.Value != "" {
		return []Bind{inField(v, f)}
	}
	id, ok := fields.Last("id")
	if !ok {
		return nil
	}
	if l.Lookup != nil {
		if _, set := l.Lookup(id.Value); set {
			return nil
		}
	}
	b := inField(v, id)
	b.field, b.before = "src", dockerflags.QuoteField("id", id.Value)+","
	return []Bind{b}
}

// scp is an address of Git as ssh has it: user@host:path (moby/buildkit,
// util/sshutil/scpurl.go).
var scp = regexp.MustCompile(`^[a-zA-Z0-9-_]+@[a-zA-Z0-9-.]+:`)

// address tells whether a text that docker takes for a folder or an address is
// an address. A folder of that name comes first (docker/buildx, build/opt.go).
func (l Host) address(text string) bool {
	if strings.Contains(text, "://") {
		return true
	}
	return (strings.HasPrefix(text, "github.com/") || scp.MatchString(text)) && !l.Exists(l.Full(text))
}

// resolveFiles calls the files that a command names as the guest has them, for
// a CLI of the guest that runs in the folder dir, "" for none of this host.
// outside are those that lie in no mount.
func resolveFiles(args []string, named []File, mounts []mount.Folder, host Host, dir string) (resolved []string, used []mount.Folder, outside []File) {
	resolved = slices.Clone(args)
	for _, f := range slices.Backward(named) {
		f.Path = host.Full(f.Source)
		p, _, found := host.where(f.Path, mounts)
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
		before := len(resolved[f.Arg])
		f.Replace(resolved, p.guest+Trailing(f.Source))
		for i := range outside { // those behind it in the same argument
			if outside[i].Arg == f.Arg {
				outside[i].At += len(resolved[f.Arg]) - before
			}
		}
	}
	return resolved, used, outside
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
