package serve

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/privatefile"
	"github.com/fbdock/fbdock/internal/progress"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/internal/redact"
	"github.com/fbdock/fbdock/internal/state"
	"github.com/fbdock/fbdock/internal/vagrant"
	"github.com/fbdock/fbdock/internal/vagrantvm"
)

// maxLog is the size at which the agent's log is put aside.
const maxLog = 1 << 20

// Run is the agent of one machine: it serves until it is stopped or the
// machine is gone. id is that of its project; fbdock.hcl is not read.
func Run(ctx context.Context, env host.Env, id, name string) error {
	store, err := env.Store()
	if err != nil {
		return err
	}
	folder, err := store.OpenID(id)
	if err != nil {
		return err
	}
	files := folder.Machine(name)
	out := &agent.LogFile{Path: files.Agent().Log(), Max: maxLog}
	defer out.Close() //nolint:errcheck // what is said is written
	log := slog.New(slog.NewTextHandler(redact.NewWriter(out), &slog.HandlerOptions{Level: logLevel(env)}))
	err = run(ctx, env, folder, name, log)
	if errors.Is(err, agent.ErrGone) {
		err = nil
		log.Info("the machine runs no more")
	}
	if err != nil && ctx.Err() == nil {
		agent.LogEnd(log, err)
		return err
	}
	agent.LogEnd(log, nil)
	return nil
}

func logLevel(env host.Env) slog.Level {
	if level, _ := env.Lookup("FBDOCK_AGENT_LOG"); level == "debug" {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

func run(ctx context.Context, env host.Env, folder state.Dir, name string, log *slog.Logger) error {
	files := folder.Machine(name)
	guests := &guests{env: env, folder: folder, machine: name}
	spec, err := guests.load()
	if err != nil {
		return err
	}
	key, err := machine.ReadSigner(files.Agent().HostKey())
	if err != nil {
		return err
	}
	sockets, err := guests.of().Sockets()
	if err != nil {
		return err
	}
	certificates := &machine.Certificates{Files: files}
	return agent.Run(ctx, agent.Options{
		Identity: spec.Identity(), Settings: guests.of().Settings(spec), HostKey: key, Log: log,
		Reload: func() (agent.Settings, error) {
			spec, err := guests.load()
			if err != nil {
				return agent.Settings{}, err
			}
			return guests.of().Settings(spec), nil
		},
		Socket: sockets[0], Docker: sockets[1], Podman: sockets[2], Lock: files.Agent().Lock(), Guests: guests, TLS: certificates.Config,
		Sibling: spec.Machine.Engine.Sibling(), Reverse: spec.Reverse(),
	})
}

// guests logs in as the other commands do.
type guests struct {
	env     host.Env
	folder  state.Dir
	machine string

	now atomic.Pointer[machine.Machine]
}

// load reads what is to be served.
func (a *guests) load() (spec machine.Spec, err error) {
	data, err := privatefile.Read(a.folder.Machine(a.machine).Agent().Spec())
	if err == nil {
		err = json.Unmarshal(data, &spec)
	}
	if err != nil {
		return spec, fmt.Errorf("read what to serve: %w", err)
	}
	// The folder of the project may have moved since the agent was started.
	folder := a.folder
	if store, err := a.env.Store(); err == nil {
		if now, err := store.OpenID(folder.Record().ID); err == nil {
			folder = now
		}
	}
	env := a.env
	env.Progress = progress.Silent()
	m := machine.New(env, folder, spec.Machine)
	m.System = project.SystemOf(m, vagrantvm.Vagrant(env, folder, func() error {
		// Without one nothing of Vagrant's is to be run.
		return state.CheckVagrantfile(folder.Path(), cmp.Or(spec.Vagrantfile, "none"))
	}), nil)
	a.now.Store(&m)
	return spec, nil
}

// of is the machine as it is now.
func (a *guests) of() machine.Machine { return *a.now.Load() }

// Root is what runs a program as root in FreeBSD.
func (a *guests) Root(user string) ([]string, error) { return a.of().System.Root(user) }

// FreeBSD logs in to the guest.
func (a *guests) FreeBSD(ctx context.Context, fresh bool) (*link.Client, error) {
	m := a.of()
	if fresh {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		if err := m.Refresh(ctx); err != nil {
			return nil, err
		}
	}
	g, err := m.Cached(ctx, 0)
	if err != nil {
		return nil, err
	}
	return g.Client, nil
}

// EngineInside logs in to an engine in FreeBSD.
func (a *guests) EngineInside(ctx context.Context, through *link.Client) (*link.Client, error) {
	return a.of().EngineInside(ctx, through)
}

// EngineBeside logs in to an engine beside FreeBSD.
func (a *guests) EngineBeside(ctx context.Context, fresh bool) (*link.Client, error) {
	m := a.of()
	if fresh || !host.Exists(m.Files.EngineSSHConfig()) {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		if err := m.Sibling().Refresh(ctx); err != nil {
			return nil, err
		}
	}
	return m.Sibling().Cached(ctx, 0)
}

// Gone asks, once what a running machine leaves is there at all.
func (a *guests) Gone(ctx context.Context) bool {
	m := a.of()
	if !host.Exists(m.Files.SSHConfig()) {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	s, err := m.System.State(ctx, nil)
	return err == nil && (s == vagrant.NotCreated || s == vagrant.Stopped)
}
