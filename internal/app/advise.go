package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fbdock/fbdock/internal/advice"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/internal/remoteimage"
)

// adviseTimeout bounds what a registry is asked.
const adviseTimeout = 30 * time.Second

// Purposes are the words beside images that Advise knows.
func Purposes() []string { return advice.Purposes() }

// Advice is which ways there are, of all or for an image.
type Advice struct {
	Machine advice.Machine     `json:"machine"`
	Image   *remoteimage.Image `json:"image,omitempty"`
	Paths   []advice.Path      `json:"paths"`
	Notes   []string           `json:"notes,omitempty"`
}

// Advise says how to run an image, or what a purpose wants; all ways for
// neither. project is nil where there is no configuration.
func Advise(ctx context.Context, o project.Options, project *project.Project, machine, word string) (Advice, error) {
	m, err := advised(o, project, machine)
	if err != nil {
		return Advice{}, err
	}
	a := Advice{Machine: m}
	if word == "" || slices.Contains(advice.Purposes(), word) {
		a.Paths = advice.Paths(m, word)
		return a, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, adviseTimeout, fmt.Errorf("the registry did not answer within %s", adviseTimeout))
	defer cancel()
	image, err := remoteimage.Read(ctx, word, nil)
	if err != nil {
		return a, imageError(ctx, word, err)
	}
	a.Image, a.Paths, a.Notes = &image, advice.ForImage(m, image), advice.Notes(m, image)
	return a, nil
}

func imageError(ctx context.Context, word string, err error) error {
	hint := "is it reachable from this host? a proxy is taken from the environment"
	switch {
	case errors.Is(err, remoteimage.ErrName):
		return &failure.Error{
			Err: err, Code: failure.ExitUsage,
			Next: "name an image, or one of the purposes " + strings.Join(advice.Purposes(), ", "),
		}
	case errors.Is(err, remoteimage.ErrNotFound):
		hint = "check the name and the tag"
	case errors.Is(err, remoteimage.ErrUnauthorized):
		hint = "check the name, or log in with `docker login` on this host: Docker Hub says the same of images that do not exist"
	case ctx.Err() != nil:
		err = fmt.Errorf("%s: %w", word, context.Cause(ctx))
	}
	return &failure.Error{Err: err, Next: hint}
}

// advised is what advice has to know of the machine.
func advised(o project.Options, project *project.Project, machine string) (advice.Machine, error) {
	if project == nil {
		return advice.Machine{State: "no fbdock.hcl here: `fbdock init` writes one", Architecture: o.HostFacts.Architecture}, nil
	}
	m, err := project.Machine(machine)
	if err != nil {
		return advice.Machine{}, err
	}
	known := advice.Machine{Name: m.Name, Architecture: m.Engine.Image.Architecture, Box: m.Box.Name, Podman: m.Podman, State: brief(project, m)}
	return known, nil
}

// brief is the state of a machine as far as it is written down.
func brief(p *project.Project, m plan.Machine) string {
	if err := machine.NeedsUp(p.State, m); err != nil {
		return err.Error() + ": " + failure.Hint(err)
	}
	return "machine " + m.Name + " is up"
}

// NoConfig tells that an error is about a configuration that is not there.
func NoConfig(err error) bool { return errors.Is(err, project.ErrNoConfig) }
