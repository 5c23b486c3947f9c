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
	"github.com/fbdock/fbdock/internal/machine"
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

// Side is one of the two of a machine that serve Docker's API.
type Side bool

// The sides. FreeBSD's is podman.
const (
	SideEngine  Side = false
	SideFreeBSD Side = true
)

// freebsdSuffix ends the name of the context of FreeBSD's side.
const freebsdSuffix = "-freebsd"

// contextOf is the docker context of one side of a machine.
func contextOf(m plan.Machine, side Side) string {
	if side == SideFreeBSD {
		return m.Instance + freebsdSuffix
	}
	return m.Instance
}

// dockerHost is where a side of m is reached from this host. An address
// that another user could serve is an error: what Docker's clients send there,
// credentials of registries included, would be that user's.
func (p *Project) dockerHost(ctx context.Context, m plan.Machine, side Side) (string, error) {
	if !machine.Created(p.State, m) { // its folder may have no name yet
		return "", machine.NeedsUp(p.State, m)
	}
	socket := p.State.Machine(m.Name).Agent().Docker()
	if side == SideFreeBSD {
		if err := hasPodman(m); err != nil {
			return "", err
		}
		socket = p.State.Machine(m.Name).Agent().Podman()
	}
	address, err := p.Address(socket)
	if err != nil {
		return "", err
	}
	return localsocket.DockerHost(ctx, address)
}

// Context makes or updates the docker context of a side of a machine, and
// tells how the contexts are.
func (p *Project) Context(ctx context.Context, machine string, side Side) (ContextResult, error) {
	m, err := p.Machine(machine)
	if err != nil {
		return ContextResult{}, err
	}
	store, err := p.contexts()
	if err != nil {
		return ContextResult{}, err
	}
	host, err := p.dockerHost(ctx, m, side)
	if err != nil {
		return ContextResult{}, err
	}
	r := ContextResult{Context: contextOf(m, side), Host: host}
	description := "fbdock: machine "
	if side == SideFreeBSD {
		description = "fbdock: podman of machine "
	}
	if _, err := store.Put(r.Context, description+m.Name+" of "+p.Dir, r.Host); err != nil {
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

// bringContexts has the docker contexts of a machine be those of the sides
// that it has.
func (p *Project) bringContexts(ctx context.Context, m plan.Machine) error {
	_, err := p.Context(ctx, m.Name, SideEngine)
	if err != nil || m.Podman {
		if err == nil {
			_, err = p.Context(ctx, m.Name, SideFreeBSD)
		}
		return err
	}
	store, err := p.contexts()
	if err != nil || !store.Exists(contextOf(m, SideFreeBSD)) {
		return err
	}
	if now, err := store.Current(); err == nil && now == contextOf(m, SideFreeBSD) {
		if _, _, err := p.restoreContext(m); err != nil {
			return err
		}
	}
	return store.Remove(contextOf(m, SideFreeBSD))
}

// UseContext has the host's docker follow a side of a machine, and remembers
// what it followed before.
func (p *Project) UseContext(ctx context.Context, name string, side Side) (ContextResult, error) {
	m, err := p.Machine(name)
	if err != nil {
		return ContextResult{}, err
	}
	if err := machine.NeedsUp(p.State, m); err != nil {
		return ContextResult{}, err
	}
	r, err := p.Context(ctx, name, side)
	if err != nil {
		return r, err
	}
	if err := p.on(m).EnsureAgent(ctx); err != nil {
		return r, err
	}
	if r.Current == r.Context {
		return r, nil
	}
	former := formerContext{Name: r.Current}
	if f, ok := p.former(m); ok && r.Current == contextOf(m, !side) {
		former = f // from one side of the machine to the other
	}
	data, err := json.Marshal(former)
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
	r.Former, r.Current = former.Name, r.Context
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
	if err != nil || now != contextOf(m, SideEngine) && now != contextOf(m, SideFreeBSD) {
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
			err = errors.Join(store.Remove(contextOf(m, SideEngine)), store.Remove(contextOf(m, SideFreeBSD)))
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
