package machine

import (
	"context"

	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/progress"
	"github.com/fbdock/fbdock/internal/state"
	"github.com/fbdock/fbdock/internal/vagrant"
	"github.com/fbdock/fbdock/provision"
)

// Machine is one machine of a project, and knows how to connect to it: it has
// the machine's folder with its keys, pins and cached ssh-config, and who brings
// it up and down.
type Machine struct {
	host.Env
	Plan    plan.Machine
	Project state.Dir
	Files   state.Machine
	System  System
	// Spec is what its agent is to serve.
	Spec func() (Spec, error)
	// Ahead is a login at the agent that was begun before; it may be nil.
	Ahead *Ahead
}

// New is a machine that nobody brings up and down yet.
func New(e host.Env, project state.Dir, m plan.Machine) Machine {
	return Machine{Env: e, Plan: m, Project: project, Files: project.Machine(m.Name)}
}

// System is who brings the FreeBSD of one machine up and down: Vagrant, or
// the user, whose own computer it is. What runs in FreeBSD is the same.
type System interface {
	// Preflight says whether the machine can be had here, before anything is
	// fetched or made.
	Preflight(ctx context.Context) error
	// Agree has the user's word for what up will change by these settings; a
	// VM needs none.
	Agree(ctx context.Context, phase progress.Runner, settings []provision.Setting) error
	// Check looks for what up will need, once.
	Check(ctx context.Context, phase progress.Runner) error
	// Up brings FreeBSD to where it can be logged in to.
	Up(ctx context.Context, phase progress.Runner) error
	// Restart is the reboot that the guest's steps may ask for.
	Restart(ctx context.Context, phase progress.Runner) error
	// SSHConfig is how to log in, as `vagrant ssh-config` says it.
	SSHConfig(ctx context.Context) ([]byte, error)
	// EngineSSHConfig is the same of an engine beside FreeBSD, whose name there is
	// that of plan.Machine.EngineName.
	EngineSSHConfig(ctx context.Context) ([]byte, error)
	// Root is what runs a program as root for a login, none where it is root's.
	Root(login string) ([]string, error)
	// Dialing completes the options of a login.
	Dialing(o *link.Options)
	// StopEngine ends the engine and its containers; halt does so as well.
	StopEngine(ctx context.Context)
	Halt(ctx context.Context, force bool) error
	Destroy(ctx context.Context) error
	// State is asked of g, nil where the machine cannot be logged in to.
	State(ctx context.Context, g *Guest) (vagrant.State, error)
}
