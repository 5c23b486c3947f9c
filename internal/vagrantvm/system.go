package vagrantvm

import (
	"context"

	"github.com/fbdock/fbdock/internal/external"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/progress"
	"github.com/fbdock/fbdock/internal/redact"
	"github.com/fbdock/fbdock/internal/state"
	"github.com/fbdock/fbdock/internal/untrusted"
	"github.com/fbdock/fbdock/internal/vagrant"
	"github.com/fbdock/fbdock/platforms"
	"github.com/fbdock/fbdock/provision"
)

// VM is a VM, or the lab's container, that Vagrant makes.
type VM struct {
	machine.Machine
	vagrant vagrant.Vagrant
	// facts reads what this computer is; nil leaves the checks out.
	facts   func(context.Context) (platforms.Facts, error)
	checked bool // Vagrant is there and fit
	// stopped tells that an engine beside FreeBSD was halted already.
	stopped bool
}

// New is the VM of a machine.
func New(m machine.Machine, vagrant vagrant.Vagrant, facts func(context.Context) (platforms.Facts, error)) *VM {
	v := &VM{Machine: m, vagrant: vagrant, facts: facts}
	v.System = v
	return v
}

// Preflight refuses a machine that is on an external host, and what this host
// cannot run.
func (v *VM) Preflight(ctx context.Context) error {
	if err := external.NotOwn(v.Machine); err != nil {
		return err
	}
	return v.fit(ctx)
}

// Agree has nothing to ask: the VM is fbdock's own.
func (v *VM) Agree(context.Context, progress.Runner, []provision.Setting) error { return nil }

// Check looks at Vagrant, once.
func (v *VM) Check(ctx context.Context, phase progress.Runner) error {
	if v.checked {
		return nil
	}
	return phase("vagrant", func() (string, error) {
		version, err := v.vagrant.Version(ctx)
		if err != nil {
			return "", err
		}
		v.checked = true
		return version.String(), vagrant.Check(version, needsPlugin(v.Plan.Provider))
	})
}

// Up makes or starts the VM, and an engine beside it first.
func (v *VM) Up(ctx context.Context, phase progress.Runner) error {
	if v.Plan.Engine.Sibling() {
		if err := v.StartEngine(ctx, phase); err != nil {
			return err
		}
	}
	return v.start(ctx, phase, "freebsd guest", func() error {
		return v.vagrant.Up(ctx, Target(v.Plan), vagrant.UpOptions{})
	})
}

// StartEngine starts the engine beside FreeBSD.
func (v *VM) StartEngine(ctx context.Context, phase progress.Runner) error {
	if err := v.ensureDataDisk(ctx); err != nil {
		return err
	}
	return v.start(ctx, phase, "engine VM", func() error {
		return v.vagrant.Up(ctx, engineTarget(v.Plan), vagrant.UpOptions{})
	})
}

// Restart reboots through Vagrant, which knows when the guest is back.
func (v *VM) Restart(ctx context.Context, phase progress.Runner) error {
	return v.start(ctx, phase, "restart of the guest", func() error {
		return v.vagrant.Reload(ctx, Target(v.Plan), vagrant.UpOptions{})
	})
}

func (v *VM) start(ctx context.Context, phase progress.Runner, name string, start func() error) error {
	if err := v.Check(ctx, phase); err != nil {
		return err
	}
	return phase(name, func() (string, error) { return "started on " + v.Plan.Provider, start() })
}

// SSHConfig is `vagrant ssh-config`.
func (v *VM) SSHConfig(ctx context.Context) ([]byte, error) {
	return v.vagrant.SSHConfig(ctx, Target(v.Plan))
}

// EngineSSHConfig is the same of an engine beside FreeBSD.
func (v *VM) EngineSSHConfig(ctx context.Context) ([]byte, error) {
	return v.vagrant.SSHConfig(ctx, engineTarget(v.Plan))
}

// Root is sudo's way: without -n it would wait for a password that nobody can
// give.
func (v *VM) Root(login string) ([]string, error) {
	if login == "root" {
		return nil, nil
	}
	return []string{"sudo", "-n"}, nil
}

// Dialing adds nothing.
func (v *VM) Dialing(*link.Options) {}

// StopEngine ends the engine, in FreeBSD or beside it.
func (v *VM) StopEngine(ctx context.Context) {
	if !v.Plan.Engine.Sibling() {
		v.Machine.StopEngine(ctx)
		return
	}
	v.stopped = v.haltEngine(ctx, false) == nil // halt tries again
}

func (v *VM) haltEngine(ctx context.Context, force bool) error {
	return progress.Step(v.Progress, "halt "+v.Plan.EngineName(), func() error { return v.vagrant.Halt(ctx, engineTarget(v.Plan), force) })
}

// Halt stops the VM, and an engine beside it first.
func (v *VM) Halt(ctx context.Context, force bool) error {
	if v.Plan.Engine.Sibling() && !v.stopped {
		if err := v.haltEngine(ctx, force); err != nil {
			return err
		}
	}
	return progress.Step(v.Progress, "halt "+v.Plan.Name, func() error { return v.vagrant.Halt(ctx, Target(v.Plan), force) })
}

// Destroy removes the VM, and an engine beside it first.
func (v *VM) Destroy(ctx context.Context) error {
	if err := external.NotOwn(v.Machine); err != nil {
		return err
	}
	if v.Plan.Engine.Sibling() {
		err := progress.Step(v.Progress, "destroy "+v.Plan.EngineName(), func() error { return v.vagrant.Destroy(ctx, engineTarget(v.Plan)) })
		if err != nil {
			return err
		}
	}
	return progress.Step(v.Progress, "destroy "+v.Plan.Name, func() error { return v.vagrant.Destroy(ctx, Target(v.Plan)) })
}

// DestroyEngine removes the engine beside FreeBSD alone, after its containers have
// ended where it can be halted.
func (v *VM) DestroyEngine(ctx context.Context) error {
	if err := v.vagrant.Halt(ctx, engineTarget(v.Plan), false); err != nil && ctx.Err() != nil {
		return err
	}
	return v.vagrant.Destroy(ctx, engineTarget(v.Plan))
}

// State is Vagrant's answer where nobody could log in.
func (v *VM) State(ctx context.Context, g *machine.Guest) (vagrant.State, error) {
	switch {
	case g != nil:
		return vagrant.Running, nil
	case !machine.Created(v.Project, v.Plan):
		return vagrant.NotCreated, nil
	}
	statuses, err := v.vagrant.Status(ctx, Target(v.Plan))
	if err != nil {
		return "", err
	}
	return statuses[v.Plan.Name].State, nil
}

// needsPlugin tells whether a provider does not come with Vagrant itself.
func needsPlugin(provider string) bool {
	switch provider {
	case "virtualbox", "hyperv", "docker":
		return false
	}
	return true
}

// Vagrant is Vagrant in the folder of a project, whose Vagrantfile check lets
// it run.
func Vagrant(env host.Env, d state.Dir, check func() error) vagrant.Vagrant {
	return vagrant.Vagrant{
		Runner: env.Runner, Dir: d.Path(), Env: env.Environ, Log: redact.NewWriter(vagrant.LogFile{Path: d.Log("vagrant")}),
		Check:          check,
		VersionTimeout: env.Timeouts.VagrantVersion, QueryTimeout: env.Timeouts.VagrantQuery, LockWait: env.Timeouts.VagrantLock,
		OnEvent: func(e vagrant.Event) {
			if level, text, ok := e.Message(); ok && level != "error" {
				env.Progress.Detail(untrusted.FirstLine(text))
			}
		},
	}
}

// Target is the VM as Vagrant knows it.
func Target(m plan.Machine) vagrant.Target {
	return vagrant.Target{Machine: m.Name, Provider: m.Provider}
}
