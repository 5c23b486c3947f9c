// Package vagrant is the vagrant command line, typed: pure builders of its
// commands, a parser of its machine-readable stream, and errors by class. It
// never writes a Vagrantfile, never decides what should run, and never
// matches on the text of a message where Vagrant gives a class.
package vagrant

import (
	"context"
	"io"
	"time"

	"github.com/fbdock/fbdock/internal/run"
)

const (
	// queryTimeout bounds what only reads. Windows has been seen to take
	// 83 s for one call (hashicorp/vagrant#11853).
	queryTimeout = 3 * time.Minute
	// versionTimeout is shorter: the version needs no Vagrantfile.
	versionTimeout = 30 * time.Second
	// lockWait is how long another Vagrant may hold the machine: one that
	// lost its fbdock to kill -9 still finishes its up.
	lockWait = 10 * time.Minute
)

// Runner starts programs; run.Runner is one.
type Runner interface {
	Run(ctx context.Context, c run.Cmd) (run.Result, error)
}

// Vagrant drives one Vagrantfile.
type Vagrant struct {
	Runner Runner
	// Path of the program; "" is "vagrant" on PATH.
	Path string
	// Dir holds the Vagrantfile and Vagrant's own folder .vagrant.
	Dir string
	// Env is the environment to inherit; Environ says what is made of it.
	Env []string
	// Check is asked right before each command that makes Vagrant run the
	// Vagrantfile of Dir; its error keeps the command from being run.
	Check func() error
	// OnEvent is told of each event of a running command.
	OnEvent func(Event)
	// Log receives the raw output of all commands.
	Log io.Writer
	// QueryTimeout, VersionTimeout and LockWait replace the defaults.
	QueryTimeout, VersionTimeout, LockWait time.Duration
}

// Target is the machine that a command is about. Provider is told to
// Vagrant each time: of a machine that is not created yet it would guess
// one, and fail where its guess is not installed.
type Target struct {
	Machine, Provider string
}

// UpOptions are the choices of Up and Reload.
type UpOptions struct {
	// Provision lets Vagrant run the Vagrantfile's own provisioners;
	// fbdock has a faster way and leaves it off.
	Provision bool
}

// Up creates or starts the machine and leaves a half-made one in place.
func (v Vagrant) Up(ctx context.Context, t Target, o UpOptions) error {
	return v.change(ctx, "up", v.upCmd(t, o))
}

// Halt stops the machine; force pulls the plug.
func (v Vagrant) Halt(ctx context.Context, t Target, force bool) error {
	return v.change(ctx, "halt", v.haltCmd(t, force))
}

// Destroy removes the machine without asking.
func (v Vagrant) Destroy(ctx context.Context, t Target) error {
	return v.change(ctx, "destroy", v.destroyCmd(t))
}

// Reload restarts the machine with the Vagrantfile as it is now.
func (v Vagrant) Reload(ctx context.Context, t Target, o UpOptions) error {
	return v.change(ctx, "reload", v.reloadCmd(t, o))
}

// Provision runs the Vagrantfile's provisioners, or only those named.
func (v Vagrant) Provision(ctx context.Context, t Target, with ...string) error {
	return v.change(ctx, "provision", v.provisionCmd(t, with))
}

// Validate checks the Vagrantfile; without the provider's own part when
// ignoreProvider is set, which works where no provider is installed.
func (v Vagrant) Validate(ctx context.Context, ignoreProvider bool) error {
	_, err := v.query(ctx, "validate", v.validateCmd(ignoreProvider))
	return err
}

// Status gives the state of the machines named by targets, all of the
// Vagrantfile without any.
func (v Vagrant) Status(ctx context.Context, targets ...Target) (map[string]Status, error) {
	out, err := v.query(ctx, "status", v.statusCmd(targets))
	if err != nil {
		return nil, err
	}
	return statuses(out.events), nil
}

// SSHConfig gives the answer of `vagrant ssh-config` as it is.
func (v Vagrant) SSHConfig(ctx context.Context, t Target) ([]byte, error) {
	out, err := v.query(ctx, "ssh-config", v.sshConfigCmd(t))
	if err != nil {
		return nil, err
	}
	return sshConfig(out), nil
}

// Plugins gives the installed plugins and their versions.
func (v Vagrant) Plugins(ctx context.Context) (map[string]string, error) {
	out, err := v.query(ctx, "plugin list", v.pluginListCmd())
	if err != nil {
		return nil, err
	}
	return plugins(out.events), nil
}
