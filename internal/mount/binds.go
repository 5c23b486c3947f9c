package mount

import (
	"encoding/csv"
	"strings"

	"github.com/fbdock/fbdock/platforms"
)

// Bind is a bind mount that a docker command line asks for.
type Bind struct {
	// Source is the path as it was written.
	Source string
	// Arg is the argument that holds it, from At to At+len(Source); At is
	// -1 where it is not there letter by letter, as in quoted CSV.
	Arg, At int
}

// Binds finds the bind mounts of `docker run` and `docker create`; args are
// those behind the word docker. Named volumes are none. What a compose file
// binds is ComposeBinds's.
func Binds(args []string, goos string) []Bind {
	word, start := subcommand(args)
	if word != "run" && word != "create" {
		return nil
	}
	var binds []Bind
	for i := start; i < len(args); i++ {
		arg := args[i]
		if arg == "--" || arg == "-" || !strings.HasPrefix(arg, "-") {
			break // the image; what follows is the container's
		}
		name, value, at := flag(arg, runSwitches)
		if name == "" {
			continue // it takes no value
		}
		if at < 0 {
			if i++; i == len(args) {
				break
			}
			value, at = args[i], 0
		}
		source := ""
		switch name {
		case "v", "volume":
			source, _, _ = platforms.SplitVolume(value)
			if !isPath(source, goos) {
				source = ""
			}
		case "mount":
			source = bindSource(value)
		}
		if source == "" {
			continue
		}
		b := Bind{Source: source, Arg: i, At: -1}
		if offset := strings.Index(value, source); offset >= 0 {
			b.At = at + offset
		}
		binds = append(binds, b)
	}
	return binds
}

// flag cuts an argument into the flag's name and its value; at is where the
// value begins, -1 when it is the next argument. The name is "" for flags
// without a value. Short flags may stand together: -itv /a:/b.
func flag(arg string, switches map[string]bool) (name, value string, at int) {
	if long, ok := strings.CutPrefix(arg, "--"); ok {
		name, value, found := strings.Cut(long, "=")
		switch {
		case switches[name]:
			return "", "", -1
		case found:
			return name, value, len(arg) - len(value)
		}
		return name, "", -1
	}
	for i := 1; i < len(arg); i++ {
		letter := arg[i : i+1]
		if switches[letter] {
			continue
		}
		rest := i + 1
		if rest < len(arg) && arg[rest] == '=' {
			rest++
		}
		if rest < len(arg) {
			return letter, arg[rest:], rest
		}
		return letter, "", -1
	}
	return "", "", -1
}

// runSwitches are the flags of docker run and create that take no value; it is
// never written to.
var runSwitches = map[string]bool{
	"d": true, "detach": true, "i": true, "interactive": true, "t": true, "tty": true, "rm": true, "init": true,
	"P": true, "publish-all": true, "privileged": true, "read-only": true, "no-healthcheck": true, "q": true, "quiet": true,
	"oom-kill-disable": true, "sig-proxy": true, "disable-content-trust": true, "help": true, "use-api-socket": true,
}

// command is the index of docker's command, behind its own flags.
func command(args []string) int {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if !strings.HasPrefix(arg, "-") {
			return i
		}
		switch arg {
		case "-c", "--context", "-H", "--host", "-l", "--log-level", "--config", "--tlscacert", "--tlscert", "--tlskey":
			i++
		}
	}
	return len(args)
}

// ConnectionFlag is the first of docker's own flags that says which engine it
// connects to; "" when there is none.
func ConnectionFlag(args []string) string {
	for _, arg := range args[:command(args)] {
		name, _, _ := strings.Cut(arg, "=")
		long, isLong := strings.CutPrefix(name, "--")
		switch {
		case isLong && (long == "host" || long == "context" || strings.HasPrefix(long, "tls")):
			return name
		case !isLong && len(name) > 1 && (name[1] == 'H' || name[1] == 'c'):
			return name[:2]
		}
	}
	return ""
}

// ReadsFolder tells whether a docker command reads the folder it runs in, so
// that it does not do what it should where that folder is not mounted.
func ReadsFolder(args []string) bool {
	at := command(args)
	if at == len(args) {
		return false
	}
	switch args[at] {
	case "build", "buildx", "compose", "bake", "stack":
		return true
	}
	return false
}

// Builds tells whether a docker command builds from a folder that this laptop
// has.
func Builds(args []string, laptop Laptop) bool {
	word, next := subcommand(args)
	if word != "build" {
		return false
	}
	for _, operand := range operands(args, next, shapes[word].switches) {
		context := operand.Source
		return context != "-" && !strings.Contains(context, "://") && laptop.Exists(laptop.Full(context))
	}
	return false
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

// bindSource is the source of a --mount, "" when it is no bind mount.
func bindSource(spec string) string {
	fields, err := csv.NewReader(strings.NewReader(spec)).Read()
	if err != nil {
		return "" // docker says what is wrong with it
	}
	kind, source := "volume", ""
	for _, field := range fields {
		key, value, _ := strings.Cut(field, "=")
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "type":
			kind = strings.ToLower(value)
		case "src", "source":
			source = value
		}
	}
	if kind != "bind" {
		return ""
	}
	return source
}
