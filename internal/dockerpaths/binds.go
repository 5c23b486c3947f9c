package dockerpaths

import (
	"strings"

	"github.com/fbdock/fbdock/internal/dockerflags"
	"github.com/fbdock/fbdock/platforms/hostpath"
)

// Bind is a bind mount that a docker command line asks for.
type Bind struct {
	// Source is the path as it was written.
	Source string
	// Arg is the argument that holds it, in the Len bytes from At on; At is -1
	// where no argument does.
	Arg, At, Len int
	// field is the key of a field of CSV, which those bytes are then, and
	// before what precedes it there. It is "" where they are the path itself.
	field, before string
	// Relative tells that a compose file writes a path relative to its folder.
	Relative bool
}

// binds finds the bind mounts of a docker command line; args are those behind
// the word docker. Named volumes are none. What a compose file binds is
// composeBinds's.
func binds(args []string, goos string) []Bind { return bindsOf(dockerflags.ParseLine(args), goos) }

func bindsOf(line dockerflags.Line, goos string) []Bind {
	var binds []Bind
	for _, v := range line.Values {
		switch v.Kind {
		case dockerflags.Bind:
			if source, _, _ := hostpath.SplitVolume(v.Text); isPath(source, goos) {
				binds = append(binds, part(v, 0, len(source)))
			}
		case dockerflags.Mount:
			fields := dockerflags.Fields(v.Text)
			if f, ok := fields.Last("source", "src"); ok && f.Value != "" && strings.EqualFold(fields.Get("type"), "bind") {
				binds = append(binds, inField(v, f))
			}
		}
	}
	return binds
}

// part is a path that is the text of a value from one place to another.
func part(v dockerflags.Value, from, to int) Bind {
	return Bind{Source: v.Text[from:to], Arg: v.Word, At: v.At + from, Len: to - from}
}

// whole is a path that is all of a value.
func whole(v dockerflags.Value) Bind { return part(v, 0, len(v.Text)) }

// inField is a path that is the value of a field.
func inField(v dockerflags.Value, f dockerflags.Field) Bind {
	return Bind{Source: f.Value, Arg: v.Word, At: v.At + f.At, Len: f.Len, field: f.Key}
}

// Replace writes another path in the place of this one.
func (b Bind) Replace(args []string, text string) {
	if b.At < 0 {
		return
	}
	if b.field != "" {
		text = b.before + dockerflags.QuoteField(b.field, text)
	}
	arg := args[b.Arg]
	args[b.Arg] = arg[:b.At] + text + arg[b.At+b.Len:]
}

// readsFolder tells whether a docker command reads the folder it runs in, so
// that it does not do what it should where that folder is not mounted.
func readsFolder(args []string) bool {
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
