// Package contexts keeps the docker contexts of machines on this host, and
// gives docker back what it followed before.
package contexts

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/fbdock/fbdock/internal/engine"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/privatefile"
)

// formerContext is what the user's docker followed before `context use`.
type formerContext struct {
	Name string `json:"name"` // "" is the default one
}

// Result is what became of the docker context of a machine.
type Result struct {
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

// Store is that of the docker CLI on this host.
func Store(o host.Env) (engine.Contexts, error) {
	if dir, _ := o.Lookup("DOCKER_CONFIG"); dir != "" {
		return engine.Contexts{Dir: dir}, nil
	}
	if home, ok := o.Home(); ok {
		return engine.Contexts{Dir: filepath.Join(home, ".docker")}, nil
	}
	return engine.Contexts{}, errors.New("find docker's configuration: there is no home folder")
}

// freebsdSuffix ends the name of the context of FreeBSD's side.
const freebsdSuffix = "-freebsd"

// nameOf is the docker context of one side of a machine.
func nameOf(m machine.Machine, side machine.Side) string {
	if side == machine.SideFreeBSD {
		return m.Plan.Instance + freebsdSuffix
	}
	return m.Plan.Instance
}

// Instance is the machine that a context of that name would be of.
func Instance(name string) string { return strings.TrimSuffix(name, freebsdSuffix) }

// Put makes or updates the docker context of a side of a machine, and
// tells how the contexts are.
func Put(ctx context.Context, m machine.Machine, side machine.Side) (Result, error) {
	store, err := Store(m.Env)
	if err != nil {
		return Result{}, err
	}
	address, err := m.DockerHost(ctx, side)
	if err != nil {
		return Result{}, err
	}
	r := Result{Context: nameOf(m, side), Host: address}
	description := "fbdock: machine "
	if side == machine.SideFreeBSD {
		description = "fbdock: podman of machine "
	}
	if _, err := store.Put(r.Context, description+m.Plan.Name+" of "+m.Project.Folder(), r.Host); err != nil {
		return r, err
	}
	if r.Current, err = store.Current(); err != nil {
		return r, err
	}
	if f, ok := formerOf(m); ok && r.Current == r.Context {
		r.Former = f.Name
	}
	for _, name := range []string{"DOCKER_HOST", "DOCKER_CONTEXT"} {
		if value, _ := m.Lookup(name); value != "" && value != r.Host && value != r.Context {
			r.Overruled = name
			break
		}
	}
	return r, nil
}

// Bring has the docker contexts of a machine be those of the sides
// that it has.
func Bring(ctx context.Context, m machine.Machine) error {
	_, err := Put(ctx, m, machine.SideEngine)
	if err != nil || m.Plan.Podman {
		if err == nil {
			_, err = Put(ctx, m, machine.SideFreeBSD)
		}
		return err
	}
	store, err := Store(m.Env)
	if err != nil || !store.Exists(nameOf(m, machine.SideFreeBSD)) {
		return err
	}
	if now, err := store.Current(); err == nil && now == nameOf(m, machine.SideFreeBSD) {
		if _, _, err := Restore(m); err != nil {
			return err
		}
	}
	return store.Remove(nameOf(m, machine.SideFreeBSD))
}

// Use has the host's docker follow a side of a machine, and remembers
// what it followed before.
func Use(ctx context.Context, m machine.Machine, side machine.Side) (Result, error) {
	if err := machine.NeedsUp(m.Project, m.Plan); err != nil {
		return Result{}, err
	}
	r, err := Put(ctx, m, side)
	if err != nil {
		return r, err
	}
	if err := m.EnsureAgent(ctx); err != nil {
		return r, err
	}
	if r.Current == r.Context {
		return r, nil
	}
	former := formerContext{Name: r.Current}
	if f, ok := formerOf(m); ok && r.Current == nameOf(m, !side) {
		former = f // from one side of the machine to the other
	}
	data, err := json.Marshal(former)
	if err != nil {
		return r, err
	}
	// Before the change: a stop in between must not forget it.
	if err := m.Project.Write(m.Files.FormerContext(), append(data, '\n')); err != nil {
		return r, err
	}
	store, err := Store(m.Env)
	if err != nil {
		return r, err
	}
	if err := store.Use(r.Context); err != nil {
		return r, err
	}
	r.Former, r.Current = former.Name, r.Context
	return r, nil
}

// Restore gives the host's docker back what it followed before. It
// tells whether it followed the machine at all.
func Restore(m machine.Machine) (restored bool, to string, err error) {
	f, remembered := formerOf(m)
	store, err := Store(m.Env)
	if err != nil {
		return false, "", err
	}
	now, err := store.Current()
	if err != nil || now != nameOf(m, machine.SideEngine) && now != nameOf(m, machine.SideFreeBSD) {
		return false, now, err
	}
	if !remembered || !store.Exists(f.Name) {
		f.Name = "" // it was removed meanwhile
	}
	if err := store.Use(f.Name); err != nil {
		return false, "", err
	}
	err = os.Remove(m.Files.FormerContext())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return true, f.Name, err
}

func formerOf(m machine.Machine) (f formerContext, ok bool) {
	data, err := privatefile.Read(m.Files.FormerContext())
	if err != nil {
		return f, false
	}
	return f, json.Unmarshal(data, &f) == nil
}

// Leave is for a machine that goes down: what it held of the
// host's docker goes back. forever removes the context as well.
func Leave(m machine.Machine, forever bool) {
	restored, to, err := Restore(m)
	if err == nil && restored {
		m.Progress.Say("docker follows the context " + shown(to) + " again")
	}
	if err == nil && forever {
		var store engine.Contexts
		if store, err = Store(m.Env); err == nil {
			err = errors.Join(store.Remove(nameOf(m, machine.SideEngine)), store.Remove(nameOf(m, machine.SideFreeBSD)))
		}
	}
	if err != nil {
		m.Progress.Warn(err.Error())
	}
}

func shown(name string) string {
	if name == "" {
		return "default"
	}
	return name
}
