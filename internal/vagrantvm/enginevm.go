package vagrantvm

import (
	"context"
	"crypto/sha256"
	"errors"
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
	data, err := v.vagrant.SSHConfig(ctx, engineTarget(v.Plan))
	if err != nil {
		return nil, err
	}
	hosts, err := link.ParseSSHConfig(data)
	if err != nil {
		return nil, fmt.Errorf("`vagrant ssh-config %s` is not understood: %w", v.Plan.EngineName(), err)
	}
	i := slices.IndexFunc(hosts, func(h link.Host) bool { return h.Name == v.Plan.EngineName() || len(hosts) == 1 })
	if i < 0 {
		return nil, fmt.Errorf("`vagrant ssh-config` names no host %s", v.Plan.EngineName())
	}
	to, err := hosts[i].Endpoint(v.Plan.Instance+plan.EngineSuffix, runtime.GOOS)
	if err != nil {
		return nil, err
	}
	own, options, err := machine.EngineLogin(v.Files, v.Plan)
	if err != nil {
		return nil, err
	}
	own.Address = to.Address
	c, err := link.Dial(ctx, own, options)
	if err == nil {
		return &Engine{Client: c}, nil
	}
	_, other := errors.AsType[*link.HostKeyChangedError](err)
	_, refused := errors.AsType[*link.AuthError](err)
	if !other && !refused {
		return nil, err
	}
	to.Name += "-" + v.engineID()
	c, err = link.Dial(ctx, to, link.Options{KnownHosts: v.Files.KnownHosts(), AgentSocket: v.KeysOf(hosts[i])})
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
