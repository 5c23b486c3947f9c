package command

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/internal/dockercli"
	"github.com/fbdock/fbdock/internal/dockerpaths"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/platforms/hostpath"
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

// handover finds the variables that a docker command line takes from the
// environment, and those that the CLI itself reads.
func (r Runner) handover(line dockerpaths.Line) handover {
	h := handover{set: map[string]string{}}
	for _, pair := range r.Environ {
		if name, value, ok := strings.Cut(pair, "="); ok && dockercli.Own(name) {
			h.set[name] = value
		}
	}
	r.askAll(&h, line.Variables)
	maps.Copy(h.set, line.Set)
	return h
}

// askAll adds the variables that a command and its files name.
func (r Runner) askAll(h *handover, names []string) {
	for _, name := range names {
		r.ask(h, name)
	}
	slices.Sort(h.unset)
	h.unset = slices.Compact(h.unset)
}

// ask adds a variable that a command or a file names.
func (r Runner) ask(h *handover, name string) {
	switch name {
	case "PWD": // that of the guest's shell, where the command runs
		return
	case "HOME":
		if home, ok := r.Home(); ok {
			if guest, err := hostpath.GuestPath(runtime.GOOS, home); err == nil {
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
