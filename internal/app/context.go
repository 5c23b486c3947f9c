package app

import (
	"context"

	"github.com/fbdock/fbdock/internal/contexts"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/project"
)

// Context makes or updates the docker context of a side of a machine, and
// tells how the contexts are.
func Context(ctx context.Context, p *project.Project, name string, side machine.Side) (contexts.Result, error) {
	m, err := p.Machine(name)
	if err != nil {
		return contexts.Result{}, err
	}
	return contexts.Put(ctx, p.On(m), side)
}

// UseContext has the host's docker follow a side of a machine, and remembers
// what it followed before.
func UseContext(ctx context.Context, p *project.Project, name string, side machine.Side) (contexts.Result, error) {
	m, err := p.Machine(name)
	if err != nil {
		return contexts.Result{}, err
	}
	return contexts.Use(ctx, p.On(m), side)
}

// RestoreContext gives the host's docker back what it followed before. It
// tells whether it followed the machine at all.
func RestoreContext(p *project.Project, name string) (restored bool, to string, err error) {
	m, err := p.Machine(name)
	if err != nil {
		return false, "", err
	}
	return contexts.Restore(p.On(m))
}
