package mount

import (
	"cmp"
	"strings"

	"github.com/fbdock/fbdock/internal/dockerflags"
	"github.com/fbdock/fbdock/platforms"
)

// Bind is a bind mount that a docker command line asks for.
type Bind struct {
	// Source is the path as it was written.
	Source string
	// Arg is the argument that holds it, from At to At+len(Source); At is
	// -1 where it is not there letter by letter, as in quoted CSV.
	Arg, At int
	// Relative tells that a compose file writes a path relative to its folder.
	Relative bool
}

// Binds finds the bind mounts of a docker command line; args are those behind
// the word docker. Named volumes are none. What a compose file binds is
// ComposeBinds's.
func Binds(args []string, goos string) []Bind {
	var binds []Bind
	for _, v := range dockerflags.ParseLine(args).Values {
		source := ""
		switch v.Kind {
		case dockerflags.Bind:
			if source, _, _ = platforms.SplitVolume(v.Text); !isPath(source, goos) {
				source = ""
			}
		case dockerflags.Mount:
			source = bindSource(v.Text)
		}
		if source != "" {
			binds = append(binds, bindIn(v, source))
		}
	}
	return binds
}

// bindIn is a path that is part of a value.
func bindIn(v dockerflags.Value, source string) Bind {
	b := Bind{Source: source, Arg: v.Word, At: -1}
	if offset := strings.Index(v.Text, source); offset >= 0 {
		b.At = v.At + offset
	}
	return b
}

// ReadsFolder tells whether a docker command reads the folder it runs in, so
// that it does not do what it should where that folder is not mounted.
func ReadsFolder(args []string) bool {
	first, _, _ := strings.Cut(dockerflags.ParseLine(args).Path, " ")
	switch first {
	case "build", "builder", "buildx", "compose", "bake", "stack":
		return true
	}
	return dockerflags.ParseLine(args).Is("build")
}

// isPath tells a path from the name of a volume.
func isPath(source, goos string) bool {
	if source == "" {
		return false
	}
	if source[0] == '/' || source[0] == '.' || source[0] == '~' {
		return true
	}
	return goos == "windows" && (strings.ContainsAny(source, `\/`) || strings.Contains(source, ":"))
}

// relative tells a path that is relative to a folder.
func relative(name, goos string) bool {
	return name[0] != '/' && name[0] != '~' && (goos != "windows" || name[0] != '\\' && !strings.Contains(name, ":"))
}

// bindSource is the source of a --mount, "" when it is no bind mount.
func bindSource(spec string) string {
	fields := dockerflags.Fields(spec)
	if !strings.EqualFold(fields["type"], "bind") {
		return ""
	}
	return cmp.Or(fields["source"], fields["src"])
}
