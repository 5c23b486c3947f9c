package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/localsocket"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/privatefile"
	"github.com/fbdock/fbdock/internal/redact"
	"github.com/fbdock/fbdock/internal/state"
	"github.com/fbdock/fbdock/internal/vagrant"
	"github.com/fbdock/fbdock/provision/contract"
)

// maxLog is the size at which the agent's log is put aside.
const maxLog = 1 << 20

// agentSpec is what an agent has to know of its machine. It is written by
// who starts it, so that a later change of fbdock.hcl breaks nothing, and by
// `up`, which has a running agent read it again.
type agentSpec struct {
	Machine plan.Machine `json:"machine"`
	Build   string       `json:"build"`
	// Vagrantfile is the digest of the one that Vagrant may run. It holds the
	// other machines too.
	Vagrantfile string `json:"vagrantfile,omitempty"`
}

// specOf keeps what the agent needs. It serves nothing that the user has not
// agreed to.
func (p *Project) specOf(m plan.Machine) (agentSpec, error) {
	m, err := p.allowed(m)
	return agentSpec{Build: p.build(), Machine: plan.Machine{
		Name: m.Name, Instance: m.Instance, Provider: m.Provider, Host: m.Host, Forward: m.Forward, MaxForwards: m.MaxForwards, Mounts: m.Mounts,
		Podman: m.Podman, Engine: plan.Engine{Address: m.Engine.Address},
	}}, err
}

// build tells one fbdock from another: the version says too little while it
// is being worked on.
func (p *Project) build() string {
	file, err := os.Executable()
	if err != nil {
		return p.Version
	}
	info, err := os.Stat(file)
	if err != nil {
		return p.Version
	}
	return fmt.Sprintf("%s %d %d", p.Version, info.Size(), info.ModTime().UnixNano())
}

// identity changes with what a running agent cannot exchange: its program,
// and the host that its link leads to.
func (s agentSpec) identity() string {
	return fingerprint([]any{s.Build, s.Machine.Instance, s.Machine.Provider, s.Machine.Host})
}

// settings are what it can.
func (s agentSpec) settings(p *Project) agent.Settings {
	m := s.Machine
	set := agent.Settings{
		ID: fingerprint([]any{s}), Engine: contract.EngineAddress(m.Engine.Address),
		Bind: m.Forward, MaxForwards: m.MaxForwards, Mounts: p.folders(m), OwnComputer: m.OwnComputer(),
	}
	if m.Podman {
		set.Podman = podmanSocket
	}
	return set
}

// podmanSocket is where podman_service of FreeBSD's port listens.
const podmanSocket = "/var/run/podman/podman.sock"

func (s agentSpec) marshal() ([]byte, error) {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("describe the machine to its agent: %w", err)
	}
	return append(data, '\n'), nil
}

// address is where a socket of an agent is.
func (o Options) address(path string) (string, error) {
	return o.places().Address(path)
}

// places are where sockets may be.
func (o Options) places() localsocket.Places {
	home, _ := o.home()
	runtime, _ := o.Lookup("XDG_RUNTIME_DIR")
	return localsocket.Places{Home: home, Runtime: runtime}
}

// sockets are the addresses of the agent's own, of the engine's and of
// podman's.
func (p *Project) sockets(machine string) (s [3]string, err error) {
	files := p.State.Machine(machine).Agent()
	for i, path := range []string{files.Socket(), files.Docker(), files.Podman()} {
		if s[i], err = p.address(path); err != nil {
			return s, err
		}
	}
	return s, nil
}

// RunAgent is the agent of one machine: it serves until it is stopped or the
// machine is gone. project is its id; fbdock.hcl is not read.
func RunAgent(ctx context.Context, o Options, project, machine string) error {
	store, err := o.Store()
	if err != nil {
		return err
	}
	folder, err := store.OpenID(project)
	if err != nil {
		return err
	}
	files := folder.Machine(machine)
	out := &agent.LogFile{Path: files.Agent().Log(), Max: maxLog}
	defer out.Close() //nolint:errcheck // what is said is written
	log := slog.New(slog.NewTextHandler(redact.NewWriter(out), &slog.HandlerOptions{Level: logLevel(o)}))
	err = runAgent(ctx, o, folder, machine, log)
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

func logLevel(o Options) slog.Level {
	if level, _ := o.Lookup("FBDOCK_AGENT_LOG"); level == "debug" {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

func runAgent(ctx context.Context, o Options, folder state.Dir, machine string, log *slog.Logger) error {
	files := folder.Machine(machine)
	guests := &agentGuests{o: o, folder: folder, machine: machine}
	spec, err := guests.load()
	if err != nil {
		return err
	}
	key, err := readSigner(files.Agent().HostKey())
	if err != nil {
		return err
	}
	p, _ := guests.of()
	sockets, err := p.sockets(machine)
	if err != nil {
		return err
	}
	certificates := &certificates{files: files}
	return agent.Run(ctx, agent.Options{
		Identity: spec.identity(), Settings: spec.settings(p), HostKey: key, Log: log,
		Reload: func() (agent.Settings, error) {
			spec, err := guests.load()
			if err != nil {
				return agent.Settings{}, err
			}
			p, _ := guests.of()
			return spec.settings(p), nil
		},
		Socket: sockets[0], Docker: sockets[1], Podman: sockets[2], Lock: files.Agent().Lock(), Guests: guests, TLS: certificates.config,
	})
}

// agentGuests logs in as the other commands do.
type agentGuests struct {
	o       Options
	folder  state.Dir
	machine string

	now atomic.Pointer[Project] // of one machine
}

// load reads what is to be served.
func (a *agentGuests) load() (spec agentSpec, err error) {
	data, err := privatefile.Read(a.folder.Machine(a.machine).Agent().Spec())
	if err == nil {
		err = json.Unmarshal(data, &spec)
	}
	if err != nil {
		return spec, fmt.Errorf("read what to serve: %w", err)
	}
	// The folder of the project may have moved since the agent was started.
	folder := a.folder
	if store, err := a.o.Store(); err == nil {
		if now, err := store.OpenID(folder.Record().ID); err == nil {
			folder = now
		}
	}
	p := &Project{Options: a.o, Dir: folder.Folder(), State: folder, Plan: plan.Plan{Machines: []plan.Machine{spec.Machine}}}
	// Without one nothing of Vagrant's is to be run.
	p.Progress, p.rendered = silent{}, cmp.Or(spec.Vagrantfile, "none")
	a.now.Store(p)
	return spec, nil
}

// of is the project and the machine as they are now.
func (a *agentGuests) of() (*Project, plan.Machine) {
	p := a.now.Load()
	return p, p.Plan.Machines[0]
}

// Root is what runs a program as root in FreeBSD.
func (a *agentGuests) Root(user string) ([]string, error) {
	p, m := a.of()
	return p.rootOf(m, user)
}

// FreeBSD logs in to the guest.
func (a *agentGuests) FreeBSD(ctx context.Context, fresh bool) (*link.Client, error) {
	p, m := a.of()
	if fresh {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		if err := p.refresh(ctx, m); err != nil {
			return nil, err
		}
	}
	g, err := p.cached(ctx, m, 0)
	if err != nil {
		return nil, err
	}
	return g.Client, nil
}

// Engine logs in to the engine.
func (a *agentGuests) Engine(ctx context.Context, through *link.Client) (*link.Client, error) {
	p, m := a.of()
	g := &guest{Client: through, machine: m, files: p.State.Machine(m.Name)}
	return g.engine(ctx)
}

// Gone asks, once what a running machine leaves is there at all.
func (a *agentGuests) Gone(ctx context.Context) bool {
	p, m := a.of()
	if !exists(p.State.Machine(m.Name).SSHConfig()) {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	s, err := p.system(m).state(ctx, nil)
	return err == nil && (s == vagrant.NotCreated || s == vagrant.Stopped)
}

// silent is the Progress of who has nobody to tell.
type silent struct{}

func (silent) Begin(string)       {}
func (silent) Detail(string)      {}
func (silent) Bytes(int64, int64) {}
func (silent) End(string, string) {}
func (silent) Say(string)         {}
func (silent) Show(string)        {}
func (silent) Note(string)        {}
func (silent) Warn(string)        {}
