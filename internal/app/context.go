package app

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fbdock/fbdock/internal/engine"
	"github.com/fbdock/fbdock/internal/localsocket"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/privatefile"
)

// formerContext is what the user's docker followed before `context use`.
type formerContext struct {
	Name string `json:"name"` // "" is the default one
}

// ContextResult is what became of the docker context of a machine.
type ContextResult struct {
	Context string `json:"context"`
	Host    string `json:"host"`
	// Current is the context in use, and Former the one that comes back when
	// the machine is halted.
	Current string `json:"current"`
	Former  string `json:"former,omitempty"`
	// Overruled is the variable of the environment that wins over any
	// context.
	Overruled string `json:"overruled,omitempty"`
}

// contexts is the store of the docker CLI on this host.
func (o Options) contexts() (engine.Contexts, error) {
	if dir, _ := o.Lookup("DOCKER_CONFIG"); dir != "" {
		return engine.Contexts{Dir: dir}, nil
	}
	for _, name := range []string{"HOME", "USERPROFILE"} {
		if home, _ := o.Lookup(name); home != "" {
			return engine.Contexts{Dir: filepath.Join(home, ".docker")}, nil
		}
	}
	return engine.Contexts{}, errors.New("find docker's configuration: there is no home folder")
}

// dockerHost is where the engine of m is reached from this host. An address
// that another user could serve is an error: what Docker's clients send there,
// credentials of registries included, would be that user's.
func (p *Project) dockerHost(ctx context.Context, m plan.Machine) (string, error) {
	if !p.created(m) { // its folder may have no name yet
		return "", p.needsUp(m)
	}
	address, err := p.address(p.State.Machine(m.Name).Agent().Docker())
	if err != nil {
		return "", err
	}
	return localsocket.DockerHost(ctx, address)
}

// Context makes or updates the docker context of a machine, and tells how
// the contexts are.
func (p *Project) Context(ctx context.Context, machine string) (ContextResult, error) {
	m, err := p.Machine(machine)
	if err != nil {
		return ContextResult{}, err
	}
	store, err := p.contexts()
	if err != nil {
		return ContextResult{}, err
	}
	host, err := p.dockerHost(ctx, m)
	if err != nil {
		return ContextResult{}, err
	}
	r := ContextResult{Context: m.Instance, Host: host}
	if _, err := store.Put(r.Context, "fbdock: machine "+m.Name+" of "+p.Dir, r.Host); err != nil {
		return r, err
	}
	if r.Current, err = store.Current(); err != nil {
		return r, err
	}
	if f, ok := p.former(m); ok && r.Current == r.Context {
		r.Former = f.Name
	}
	for _, name := range []string{"DOCKER_HOST", "DOCKER_CONTEXT"} {
		if value, _ := p.Lookup(name); value != "" && value != r.Host && value != r.Context {
			r.Overruled = name
			break
		}
	}
	return r, nil
}

// UseContext has the host's docker follow a machine, and remembers what it
// followed before.
func (p *Project) UseContext(ctx context.Context, machine string) (ContextResult, error) {
	m, err := p.Machine(machine)
	if err != nil {
		return ContextResult{}, err
	}
	if err := p.needsUp(m); err != nil {
		return ContextResult{}, err
	}
	r, err := p.Context(ctx, machine)
	if err != nil {
		return r, err
	}
	if err := p.ensureAgent(ctx, m); err != nil {
		return r, err
	}
	if r.Current == r.Context {
		return r, nil
	}
	data, err := json.Marshal(formerContext{Name: r.Current})
	if err != nil {
		return r, err
	}
	// Before the change: a stop in between must not forget it.
	if err := p.State.Write(p.State.Machine(m.Name).FormerContext(), append(data, '\n')); err != nil {
		return r, err
	}
	store, err := p.contexts()
	if err != nil {
		return r, err
	}
	if err := store.Use(r.Context); err != nil {
		return r, err
	}
	r.Former, r.Current = r.Current, r.Context
	return r, nil
}

// RestoreContext gives the host's docker back what it followed before. It
// tells whether it followed the machine at all.
func (p *Project) RestoreContext(machine string) (restored bool, to string, err error) {
	m, err := p.Machine(machine)
	if err != nil {
		return false, "", err
	}
	return p.restoreContext(m)
}

func (p *Project) restoreContext(m plan.Machine) (restored bool, to string, err error) {
	f, remembered := p.former(m)
	store, err := p.contexts()
	if err != nil {
		return false, "", err
	}
	now, err := store.Current()
	if err != nil || now != m.Instance {
		return false, now, err
	}
	if !remembered || !store.Exists(f.Name) {
		f.Name = "" // it was removed meanwhile
	}
	if err := store.Use(f.Name); err != nil {
		return false, "", err
	}
	err = os.Remove(p.State.Machine(m.Name).FormerContext())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return true, f.Name, err
}

func (p *Project) former(m plan.Machine) (f formerContext, ok bool) {
	data, err := privatefile.Read(p.State.Machine(m.Name).FormerContext())
	if err != nil {
		return f, false
	}
	return f, json.Unmarshal(data, &f) == nil
}

// leaveContext is for a machine that goes down: what it held of the
// host's docker goes back. forever removes the context as well.
func (p *Project) leaveContext(m plan.Machine, forever bool) {
	restored, to, err := p.restoreContext(m)
	if err == nil && restored {
		p.Progress.Say("docker follows the context " + contextName(to) + " again")
	}
	if err == nil && forever {
		var store engine.Contexts
		if store, err = p.contexts(); err == nil {
			err = store.Remove(m.Instance)
		}
	}
	if err != nil {
		p.Progress.Warn(err.Error())
	}
}

func contextName(name string) string {
	if name == "" {
		return "default"
	}
	return name
}
