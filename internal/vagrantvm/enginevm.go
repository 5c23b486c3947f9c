package vagrantvm

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/privatefile"
	"github.com/fbdock/fbdock/internal/vagrant"
)

// engineTarget is the engine beside m's FreeBSD, as Vagrant knows it.
func engineTarget(m plan.Machine) vagrant.Target {
	return vagrant.Target{Machine: m.EngineName(), Provider: m.Provider}
}

// Engine is a login at an engine beside FreeBSD, by the way that Vagrant has
// to it.
type Engine struct {
	*link.Client
	root []string // what runs a program as root
}

// AsRoot are the arguments that run a program as root.
func (e *Engine) AsRoot(args ...string) []string { return append(slices.Clone(e.root), args...) }

// DialEngine logs in: as root by the keys that the engine was set up with, which
// were made on this host, else as Vagrant does, in a VM that is new. The key that
// a new VM shows is pinned to this VM alone.
func (v *VM) DialEngine(ctx context.Context) (*Engine, error) {
	if c, err := v.Sibling().Cached(ctx, machine.QuickDial); err == nil {
		return &Engine{Client: c}, nil
	}
	if err := v.Sibling().Refresh(ctx); err != nil {
		return nil, err
	}
	c, err := v.Sibling().Cached(ctx, 0)
	if err == nil {
		return &Engine{Client: c}, nil
	}
	if !machine.WrongEngine(err) {
		return nil, err
	}
	h, err := v.Sibling().Host()
	if err != nil {
		return nil, err
	}
	to, err := h.Endpoint(v.Plan.Instance+plan.EngineSuffix, runtime.GOOS)
	if err != nil {
		return nil, err
	}
	to.Name += "-" + v.engineID()
	c, err = link.Dial(ctx, to, link.Options{KnownHosts: v.Files.KnownHosts(), AgentSocket: v.KeysOf(h)})
	if err != nil {
		return nil, err
	}
	e := &Engine{Client: c}
	if to.User != "root" {
		e.root = []string{"doas", "-n"}
	}
	return e, nil
}

// engineID tells one VM of the engine from the next.
func (v *VM) engineID() string {
	provider := machine.MadeWith(v.Project, v.Plan.EngineName())
	id, err := privatefile.Read(filepath.Join(v.Project.VagrantDotfiles(), "machines", v.Plan.EngineName(), provider, "id"))
	if provider == "" || err != nil {
		return "unknown"
	}
	sum := sha256.Sum256(id)
	return fmt.Sprintf("%x", sum[:8])
}
