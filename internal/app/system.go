package app

import (
	"context"
	"fmt"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/vagrant"
	"github.com/fbdock/fbdock/provision"
)

// phases runs f as a phase of progress.
type phases func(name string, f func() (text string, err error)) error

// system is who brings the FreeBSD of one machine up and down: Vagrant, or
// the user, whose own computer it is. What runs in FreeBSD is the same.
type system interface {
	// preflight says whether the machine can be had here, before anything is
	// fetched or made.
	preflight(ctx context.Context) error
	// agree has the user's word for what up will change by these settings; a
	// VM needs none.
	agree(ctx context.Context, phase phases, settings []provision.Setting) error
	// check looks for what up will need, once.
	check(ctx context.Context, phase phases) error
	// up brings FreeBSD to where it can be logged in to.
	up(ctx context.Context, phase phases) error
	// restart is the reboot that the guest's steps may ask for.
	restart(ctx context.Context, phase phases) error
	// sshConfig is how to log in, as `vagrant ssh-config` says it.
	sshConfig(ctx context.Context) ([]byte, error)
	// dialing completes the options of a login.
	dialing(o *link.Options)
	// stopEngine ends the engine and its containers; halt does so as well.
	stopEngine(ctx context.Context)
	halt(ctx context.Context, force bool) error
	destroy(ctx context.Context) error
	// state is asked of g, nil where the machine cannot be logged in to.
	state(ctx context.Context, g *guest) (vagrant.State, error)
}

func (p *Project) system(m plan.Machine) system {
	if m.OwnComputer() {
		return &ownComputer{p: p, m: m, files: p.State.Machine(m.Name)}
	}
	return &vagrantVM{p: p, m: m}
}

// vagrantVM is a VM, or the lab's container, that Vagrant makes.
type vagrantVM struct {
	p       *Project
	m       plan.Machine
	checked bool // Vagrant is there and fit
	// stopped tells that an engine beside FreeBSD was halted already.
	stopped bool
}

func (v *vagrantVM) preflight(ctx context.Context) error {
	if err := v.p.notOwn(v.m); err != nil {
		return err
	}
	return v.p.preflight(ctx, v.m)
}

func (v *vagrantVM) agree(context.Context, phases, []provision.Setting) error { return nil }

func (v *vagrantVM) check(ctx context.Context, phase phases) error {
	if v.checked {
		return nil
	}
	return phase("vagrant", func() (string, error) {
		version, err := v.p.vagrant().Version(ctx)
		if err != nil {
			return "", err
		}
		v.checked = true
		return version.String(), vagrant.Check(version, needsPlugin(v.m.Provider))
	})
}

func (v *vagrantVM) up(ctx context.Context, phase phases) error {
	if v.m.Engine.Sibling() {
		if err := v.startEngine(ctx, phase); err != nil {
			return err
		}
	}
	return v.start(ctx, phase, "freebsd guest", func() error {
		return v.p.vagrant().Up(ctx, target(v.m), vagrant.UpOptions{})
	})
}

// startEngine starts the engine beside FreeBSD.
func (v *vagrantVM) startEngine(ctx context.Context, phase phases) error {
	return v.start(ctx, phase, "engine VM", func() error {
		return v.p.vagrant().Up(ctx, engineTarget(v.m), vagrant.UpOptions{})
	})
}

// restart reboots through Vagrant, which knows when the guest is back.
func (v *vagrantVM) restart(ctx context.Context, phase phases) error {
	return v.start(ctx, phase, "restart of the guest", func() error {
		return v.p.vagrant().Reload(ctx, target(v.m), vagrant.UpOptions{})
	})
}

func (v *vagrantVM) start(ctx context.Context, phase phases, name string, start func() error) error {
	if err := v.check(ctx, phase); err != nil {
		return err
	}
	return phase(name, func() (string, error) { return "started on " + v.m.Provider, start() })
}

func (v *vagrantVM) sshConfig(ctx context.Context) ([]byte, error) {
	return v.p.vagrant().SSHConfig(ctx, target(v.m))
}

func (v *vagrantVM) dialing(*link.Options) {}

func (v *vagrantVM) stopEngine(ctx context.Context) {
	if !v.m.Engine.Sibling() {
		v.p.stopEngine(ctx, v.m)
		return
	}
	v.stopped = v.haltEngine(ctx, false) == nil // halt tries again
}

func (v *vagrantVM) haltEngine(ctx context.Context, force bool) error {
	return v.p.step("halt "+v.m.EngineName(), func() error { return v.p.vagrant().Halt(ctx, engineTarget(v.m), force) })
}

func (v *vagrantVM) halt(ctx context.Context, force bool) error {
	if v.m.Engine.Sibling() && !v.stopped {
		if err := v.haltEngine(ctx, force); err != nil {
			return err
		}
	}
	return v.p.step("halt "+v.m.Name, func() error { return v.p.vagrant().Halt(ctx, target(v.m), force) })
}

func (v *vagrantVM) destroy(ctx context.Context) error {
	if err := v.p.notOwn(v.m); err != nil {
		return err
	}
	if v.m.Engine.Sibling() {
		err := v.p.step("destroy "+v.m.EngineName(), func() error { return v.p.vagrant().Destroy(ctx, engineTarget(v.m)) })
		if err != nil {
			return err
		}
		if v.m.OwnDisk() {
			v.p.Progress.Say(fmt.Sprintf("docker's data stays in the volume %[1]s-docker.qcow2 of libvirt, and the next engine of %[2]s takes it; "+
				"`virsh vol-delete --pool default %[1]s-docker.qcow2` removes it", v.m.Instance, v.m.Name))
		}
	}
	return v.p.step("destroy "+v.m.Name, func() error { return v.p.vagrant().Destroy(ctx, target(v.m)) })
}

func (v *vagrantVM) state(ctx context.Context, g *guest) (vagrant.State, error) {
	switch {
	case g != nil:
		return vagrant.Running, nil
	case !v.p.created(v.m):
		return vagrant.NotCreated, nil
	}
	statuses, err := v.p.vagrant().Status(ctx, target(v.m))
	if err != nil {
		return "", err
	}
	return statuses[v.m.Name].State, nil
}

// needsPlugin tells whether a provider does not come with Vagrant itself.
func needsPlugin(provider string) bool {
	switch provider {
	case "virtualbox", "hyperv", "docker":
		return false
	}
	return true
}
