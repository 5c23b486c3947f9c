package app

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fbdock/fbdock/internal/engine"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/privatefile"
	"github.com/fbdock/fbdock/internal/project"
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
func contexts(o project.Options) (engine.Contexts, error) {
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

// freebsdSuffix ends the name of the context of FreeBSD's side.
const freebsdSuffix = "-freebsd"

// contextOf is the docker context of one side of a machine.
func contextOf(m plan.Machine, side machine.Side) string {
	if side == machine.SideFreeBSD {
		return m.Instance + freebsdSuffix
	}
	return m.Instance
}

// Context makes or updates the docker context of a side of a machine, and
// tells how the contexts are.
func Context(ctx context.Context, p *project.Project, name string, side machine.Side) (ContextResult, error) {
	m, err := p.Machine(name)
	if err != nil {
		return ContextResult{}, err
	}
	store, err := contexts(p.Options)
	if err != nil {
		return ContextResult{}, err
	}
	host, err := p.On(m).DockerHost(ctx, side)
	if err != nil {
		return ContextResult{}, err
	}
	r := ContextResult{Context: contextOf(m, side), Host: host}
	description := "fbdock: machine "
	if side == machine.SideFreeBSD {
		description = "fbdock: podman of machine "
	}
	if _, err := store.Put(r.Context, description+m.Name+" of "+p.Dir, r.Host); err != nil {
		return r, err
	}
	if r.Current, err = store.Current(); err != nil {
		return r, err
	}
	if f, ok := formerOf(p, m); ok && r.Current == r.Context {
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
func bringContexts(ctx context.Context, p *project.Project, m plan.Machine) error {
	_, err := Context(ctx, p, m.Name, machine.SideEngine)
	if err != nil || m.Podman {
		if err == nil {
			_, err = Context(ctx, p, m.Name, machine.SideFreeBSD)
		}
		return err
	}
	store, err := contexts(p.Options)
	if err != nil || !store.Exists(contextOf(m, machine.SideFreeBSD)) {
		return err
	}
	if now, err := store.Current(); err == nil && now == contextOf(m, machine.SideFreeBSD) {
		if _, _, err := restoreContext(p, m); err != nil {
			return err
		}
	}
	return store.Remove(contextOf(m, machine.SideFreeBSD))
}

// UseContext has the host's docker follow a side of a machine, and remembers
// what it followed before.
func UseContext(ctx context.Context, p *project.Project, name string, side machine.Side) (ContextResult, error) {
	m, err := p.Machine(name)
	if err != nil {
		return ContextResult{}, err
	}
	if err := machine.NeedsUp(p.State, m); err != nil {
		return ContextResult{}, err
	}
	r, err := Context(ctx, p, name, side)
	if err != nil {
		return r, err
	}
	if err := p.On(m).EnsureAgent(ctx); err != nil {
		return r, err
	}
	if r.Current == r.Context {
		return r, nil
	}
	former := formerContext{Name: r.Current}
	if f, ok := formerOf(p, m); ok && r.Current == contextOf(m, !side) {
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
	store, err := contexts(p.Options)
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
func RestoreContext(p *project.Project, name string) (restored bool, to string, err error) {
	m, err := p.Machine(name)
	if err != nil {
		return false, "", err
	}
	return restoreContext(p, m)
}

func restoreContext(p *project.Project, m plan.Machine) (restored bool, to string, err error) {
	f, remembered := formerOf(p, m)
	store, err := contexts(p.Options)
	if err != nil {
		return false, "", err
	}
	now, err := store.Current()
	if err != nil || now != contextOf(m, machine.SideEngine) && now != contextOf(m, machine.SideFreeBSD) {
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

func formerOf(p *project.Project, m plan.Machine) (f formerContext, ok bool) {
	data, err := privatefile.Read(p.State.Machine(m.Name).FormerContext())
	if err != nil {
		return f, false
	}
	return f, json.Unmarshal(data, &f) == nil
}

// leaveContext is for a machine that goes down: what it held of the
// host's docker goes back. forever removes the context as well.
func leaveContext(p *project.Project, m plan.Machine, forever bool) {
	restored, to, err := restoreContext(p, m)
	if err == nil && restored {
		p.Progress.Say("docker follows the context " + contextName(to) + " again")
	}
	if err == nil && forever {
		var store engine.Contexts
		if store, err = contexts(p.Options); err == nil {
			err = errors.Join(store.Remove(contextOf(m, machine.SideEngine)), store.Remove(contextOf(m, machine.SideFreeBSD)))
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
