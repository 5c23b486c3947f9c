package mount

import (
	"path/filepath"
	"slices"
	"strings"
)

// shape is what has to be known of one of docker's commands to find the files
// of this host that it names.
type shape struct {
	switches map[string]bool // flags that take no value
	files    []string        // flags whose value is a file
	// local finds the operands that are files.
	local func(operands []Bind) []Bind
}

// shapes are those of docker's commands that read or write files where the
// CLI runs; it is never written to.
var shapes = map[string]shape{
	"run":    {switches: runSwitches, files: []string{"env-file", "label-file", "cidfile"}},
	"create": {switches: runSwitches, files: []string{"env-file", "label-file", "cidfile"}},
	"exec":   {switches: set("d", "detach", "i", "interactive", "t", "tty", "privileged"), files: []string{"env-file"}},
	"build": {
		switches: set("no-cache", "pull", "q", "quiet", "rm", "force-rm", "compress", "push", "load", "check", "squash", "D", "debug", "disable-content-trust", "help"),
		files:    []string{"f", "file", "iidfile", "metadata-file"}, local: first,
	},
	"cp":     {switches: set("a", "archive", "L", "follow-link", "q", "quiet"), local: copied},
	"save":   {files: []string{"o", "output"}},
	"export": {files: []string{"o", "output"}},
	"load":   {switches: set("q", "quiet"), files: []string{"i", "input"}},
	"import": {local: first},
}

func set(names ...string) map[string]bool {
	all := make(map[string]bool, len(names))
	for _, n := range names {
		all[n] = true
	}
	return all
}

// subcommand is docker's command without the group that it may be in, as in
// `docker image build`, and where its arguments begin.
func subcommand(args []string) (word string, next int) {
	at := command(args)
	if at < len(args) && slices.Contains([]string{"container", "image", "builder", "buildx"}, args[at]) {
		at++
	}
	if at >= len(args) {
		return "", len(args)
	}
	word = args[at]
	if word == "b" && at > 0 && args[at-1] == "buildx" {
		word = "build"
	}
	return word, at + 1
}

// operands are the arguments that are neither flags nor values of flags. The
// commands that these are asked of take flags between and behind them.
func operands(args []string, start int, switches map[string]bool) []Bind {
	var found []Bind
	for i := start; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			for i++; i < len(args); i++ {
				found = append(found, Bind{Source: args[i], Arg: i})
			}
			break
		}
		if arg == "-" || !strings.HasPrefix(arg, "-") {
			found = append(found, Bind{Source: arg, Arg: i})
			continue
		}
		if name, _, at := flag(arg, switches); name != "" && at < 0 {
			i++
		}
	}
	return found
}

func first(operands []Bind) []Bind { return operands[:min(1, len(operands))] }

// copied are the operands of docker cp that name no container: CONTAINER:PATH
// does, unless it is an absolute path or begins with a dot.
func copied(operands []Bind) []Bind {
	return slices.DeleteFunc(operands, func(b Bind) bool {
		return strings.Contains(b.Source, ":") && !filepath.IsAbs(b.Source) && b.Source[0] != '.'
	})
}

// files are the files of this host that a docker command reads or writes by
// itself.
func files(args []string) []Bind {
	word, start := subcommand(args)
	s, ok := shapes[word]
	if !ok {
		return nil
	}
	var found []Bind
	for i := start; i < len(args) && args[i] != "--"; i++ {
		arg := args[i]
		if !strings.HasPrefix(arg, "-") || arg == "-" {
			if word == "run" || word == "create" || word == "exec" {
				break // what follows is the container's
			}
			continue
		}
		name, value, at := flag(arg, s.switches)
		if name == "" {
			continue
		}
		if at < 0 {
			if i++; i == len(args) {
				break
			}
			value, at = args[i], 0
		}
		if slices.Contains(s.files, name) {
			found = append(found, Bind{Source: value, Arg: i, At: at})
		}
	}
	if s.local != nil {
		found = append(found, s.local(operands(args, start, s.switches))...)
	}
	slices.SortFunc(found, func(a, b Bind) int { return a.Arg - b.Arg })
	return slices.DeleteFunc(found, func(b Bind) bool { return b.Source == "" || b.Source == "-" || strings.Contains(b.Source, "://") })
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
