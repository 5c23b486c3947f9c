package command

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/internal/dockercli"
	"github.com/fbdock/fbdock/internal/dockerflags"
	"github.com/fbdock/fbdock/internal/dockerpaths"
	"github.com/fbdock/fbdock/internal/hostfile"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/mount"
	"github.com/fbdock/fbdock/platforms"
)

// Variables of compose that hold paths of the host.
const (
	composeFile      = "COMPOSE_FILE"
	composeSeparator = "COMPOSE_PATH_SEPARATOR"
	composeEnvFiles  = "COMPOSE_ENV_FILES"
)

// programVariable is docker or podman of the guest in the script, by a name that
// no variable of the user's has.
const programVariable = "__fbdock_program"

// handover are variables of this host's environment for the CLI of the guest.
type handover struct {
	set map[string]string
	// unset are those that a command asks for and this host does not have:
	// the guest's own would be wrong.
	unset []string
}

// handover finds the variables that a docker command line and the files of a
// compose project take from the environment, and those that the CLI itself
// reads.
func (r Runner) handover(ctx context.Context, l dockerflags.Line, project composed, host dockerpaths.Host) (handover, error) {
	h := handover{set: map[string]string{}}
	for _, pair := range r.Environ {
		if name, value, ok := strings.Cut(pair, "="); ok && dockercli.Own(name) {
			h.set[name] = value
		}
	}
	asked := append(l.Variables(), project.variables...)
	for _, v := range variableFiles(l) {
		file := host.Full(v.Text)
		if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
			continue // docker says what is wrong with it; a pipe can be read once
		}
		text, err := hostfile.Read(ctx, file, hostfile.MaxCompose)
		if err != nil {
			return h, err
		}
		if v.Flag == "env-file" {
			asked = append(asked, dockerpaths.EnvFileVariables(text)...)
			continue
		}
		names, _ := dockerpaths.ComposeVariables(text)
		asked = append(append(asked, names...), dockerpaths.BakeVariables(text)...)
	}
	for _, name := range asked {
		r.ask(&h, name)
	}
	slices.Sort(h.unset)
	h.unset = slices.Compact(h.unset)
	return h, nil
}

// variableFiles are the files of a command line that take variables from the
// environment: those of --env-file, of stack deploy and of bake, which has
// files of its own where none is named (docs.docker.com/build/bake/reference).
func variableFiles(l dockerflags.Line) []dockerflags.Value {
	bake := l.Path == "buildx bake" || l.Path == "bake"
	var files []dockerflags.Value
	named := false
	for _, v := range l.Values {
		of := v.Flag == "compose-file" || bake && v.Flag == "file"
		if v.Text != "-" && (of || v.Flag == "env-file" && !strings.HasPrefix(l.Path, "compose")) {
			files = append(files, v)
		}
		named = named || of
	}
	if !bake || named {
		return files
	}
	for _, name := range []string{
		"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml",
		"docker-bake.json", "docker-bake.hcl", "docker-bake.override.json", "docker-bake.override.hcl",
	} {
		files = append(files, dockerflags.Value{Flag: "file", Text: name})
	}
	return files
}

// ask adds a variable that a command or a file names.
func (r Runner) ask(h *handover, name string) {
	switch name {
	case "PWD": // that of the guest's shell, where the command runs
		return
	case "HOME":
		if home, ok := r.Home(); ok {
			if guest, err := platforms.GuestPath(runtime.GOOS, home); err == nil {
				h.set[name] = guest
			}
			return
		}
	}
	value, ok := r.Lookup(name)
	switch {
	case !link.IsVariable(name):
		if ok {
			r.Progress.Warn(fmt.Sprintf("the variable %s is not handed over to the docker CLI of the guest: a shell cannot set a name like that", name))
		}
	case ok:
		h.set[name] = value
	default:
		h.unset = append(h.unset, name)
	}
}

// translate calls the paths in variables of compose as the guests do.
func (h handover) translate(project composed, envFiles []string, folders []mount.Folder, host dockerpaths.Host) (used []mount.Folder, err error) {
	if len(project.files) > 0 {
		files, more, err := dockerpaths.Translate(project.files, folders, host)
		if err != nil {
			return nil, err
		}
		h.set[composeFile], h.set[composeSeparator] = strings.Join(files, ":"), ":"
		used = more
	}
	if h.set[composeEnvFiles] != "" {
		files, more, err := dockerpaths.Translate(envFiles, folders, host)
		if err != nil {
			return nil, err
		}
		h.set[composeEnvFiles] = strings.Join(files, ",")
		used = append(used, more...)
	}
	return used, nil
}

// script sets the variables in a shell of the guest. The program is looked
// for, and its own folders are fixed, before PATH and HOME are this host's.
func (h handover) script(program string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%[1]s=$(command -v %[2]s) || %[1]s=%[2]s\n", programVariable, program)
	if _, ok := h.set["HOME"]; ok || slices.Contains(h.unset, "HOME") {
		b.WriteString("export DOCKER_CONFIG=\"${DOCKER_CONFIG:-$HOME/.docker}\" XDG_CACHE_HOME=\"${XDG_CACHE_HOME:-$HOME/.cache}\"\n")
	}
	names := make([]string, 0, len(h.set))
	for name := range h.set {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		value, err := link.QuoteWord(h.set[name])
		if err != nil {
			return "", fmt.Errorf("variable %s: %w", name, err)
		}
		b.WriteString("export " + name + "=" + value + "\n")
	}
	for _, name := range h.unset {
		b.WriteString("unset " + name + "\n")
	}
	return b.String(), nil
}

func (h handover) empty() bool { return len(h.set) == 0 && len(h.unset) == 0 }

// composeFiles are the files that COMPOSE_FILE names, for a command line
// that names none (docs.docker.com/compose/how-tos/environment-variables).
func composeFiles(lookup func(string) (string, bool)) []dockerpaths.Bind {
	list, _ := lookup(composeFile)
	separator, ok := lookup(composeSeparator)
	if !ok || separator == "" {
		separator = string(os.PathListSeparator)
	}
	var files []dockerpaths.Bind
	for name := range strings.SplitSeq(list, separator) {
		if name != "" {
			files = append(files, dockerpaths.Bind{Source: name, Arg: -1, At: -1})
		}
	}
	return files
}
