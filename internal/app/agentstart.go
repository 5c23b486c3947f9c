package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/localsocket"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/privatefile"
	"github.com/fbdock/fbdock/internal/run"
)

// AgentCommand is the hidden command that is the agent.
const AgentCommand = "agent"

// StdioCommand is the hidden command that OpenSSH runs to reach an agent.
const StdioCommand = "agent-stdio"

// agentTimeout bounds the login at the agent, which may be reconnecting;
// after it the command logs in itself.
const agentTimeout = 14 * time.Second

// noAgent tells whether the user wants no background process.
func (o Options) noAgent() bool {
	value, _ := o.Lookup("FBDOCK_AGENT")
	return value == "off" || value == "0"
}

// remote is the agent of m. An error says that its socket cannot be trusted.
func (p *Project) remote(m plan.Machine) (agent.Remote, error) { return p.remoteOf(m.Name) }

func (p *Project) remoteOf(machine string) (agent.Remote, error) {
	files := p.State.Machine(machine)
	address, err := p.address(files.Agent().Socket())
	return agent.Remote{Address: address, HostKey: agentKey(files)}, err
}

// spec is what the agent of m is to serve.
func (p *Project) spec(m plan.Machine) (agentSpec, error) {
	spec, err := p.specOf(m)
	if err != nil {
		return spec, err
	}
	text, err := p.Vagrantfile()
	if err == nil {
		spec.Vagrantfile = digest(text)
	} else if !NothingToRender(err) {
		return spec, err
	}
	return spec, nil
}

func (p *Project) writeSpec(m plan.Machine, spec agentSpec) error {
	data, err := spec.marshal()
	if err != nil {
		return err
	}
	return p.State.Write(p.State.Machine(m.Name).Agent().Spec(), data)
}

// starter is how the agent of m is started. It writes what the agent is to
// serve.
func (p *Project) starter(m plan.Machine) (agent.Starter, error) {
	if err := p.ensureAgentKey(m); err != nil {
		return agent.Starter{}, err
	}
	files := p.State.Machine(m.Name)
	remote, err := p.remote(m)
	if err != nil {
		return agent.Starter{}, err
	}
	spec, err := p.spec(m)
	if err != nil {
		return agent.Starter{}, err
	}
	spawn := func(ctx context.Context, log *os.File) (int, error) {
		if err := p.writeSpec(m, spec); err != nil {
			return 0, err
		}
		self, err := os.Executable()
		if err != nil {
			return 0, fmt.Errorf("find fbdock's own program: %w", err)
		}
		return p.Runner.Detach(ctx, run.Cmd{
			// Not the project's folder: Windows would not let go of it.
			Name: self, Args: []string{AgentCommand, "--project", p.State.Record().ID, "--name", m.Name}, Env: p.Environ,
			Dir: os.TempDir(), Stdout: log, Stderr: log,
		})
	}
	return agent.Starter{
		Remote: remote, Identity: spec.identity(), Lock: files.Agent().Starting(), Log: files.Agent().Log(), Spawn: spawn,
	}, nil
}

// ensureAgent returns when an agent of m serves. One that does stays as it is:
// what it serves was applied by `up`.
func (p *Project) ensureAgent(ctx context.Context, m plan.Machine) error {
	if p.noAgent() {
		return nil
	}
	s, err := p.starter(m)
	if err != nil {
		return err
	}
	return s.Ensure(ctx)
}

// servingAgent is the agent of m, once it serves.
func (p *Project) servingAgent(ctx context.Context, m plan.Machine) (agent.Remote, error) {
	if err := p.ensureAgent(ctx, m); err != nil {
		return agent.Remote{}, err
	}
	return p.remote(m)
}

// applyAgent returns when an agent of m serves what m says: it is replaced
// where it is another fbdock's, and exchanges its settings otherwise.
func (p *Project) applyAgent(ctx context.Context, m plan.Machine) error {
	if p.noAgent() {
		return nil
	}
	s, err := p.starter(m)
	if err != nil {
		return err
	}
	s.Replace = true
	other := s.Other(ctx)
	if err := s.Ensure(ctx); err != nil {
		return err
	}
	if other { // not before: it may be tried again and again
		p.Progress.Say(fmt.Sprintf("the agent of %s is replaced: it was another fbdock's, or led to another host", m.Name))
	}
	return p.reloadAgent(ctx, m)
}

// reloadAgent has a running agent serve what m says.
func (p *Project) reloadAgent(ctx context.Context, m plan.Machine) error {
	remote, err := p.remote(m)
	if err != nil {
		return err
	}
	spec, err := p.spec(m)
	if err != nil {
		return err
	}
	now, err := remote.Status(ctx)
	if err != nil || now.Settings == spec.settings(p).ID {
		return err
	}
	if err := p.writeSpec(m, spec); err != nil {
		return err
	}
	_, err = remote.Reload(ctx)
	return err
}

// tellAgent has the agent of m, if one serves, know the paths that a project
// has which was moved. Without it the agent goes on with the folders that it
// has open.
func (p *Project) tellAgent(ctx context.Context, m plan.Machine) {
	if p.noAgent() || !exists(p.State.Machine(m.Name).Agent().Spec()) {
		return
	}
	err := p.reloadAgent(ctx, m)
	if _, none := errors.AsType[*link.UnreachableError](err); err != nil && !none {
		p.Progress.Warn(fmt.Sprintf("the agent of %s does not know that the project has moved: %v", m.Name, err))
	}
}

// bringAgent is ensureAgent for `up`, to which an agent is an extra: all
// commands work without.
func (p *Project) bringAgent(ctx context.Context, m plan.Machine) {
	if err := p.applyAgent(ctx, m); err != nil {
		p.Progress.Warn(fmt.Sprintf("%s works without its agent, slower and without ports and socket: %v", m.Name, err))
		return
	}
	if p.noAgent() {
		if len(served(m)) > 0 {
			p.Progress.Warn(fmt.Sprintf("without an agent the mounts of %s are in its guests only while `fbdock mount --foreground` runs", m.Name))
		}
		return
	}
	p.awaitMounts(ctx, m)
	if err := p.bringContexts(ctx, m); err != nil {
		p.Progress.Warn(err.Error())
	}
}

// stopAgent ends the agent of m, if there is one.
func (p *Project) stopAgent(ctx context.Context, m plan.Machine) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	remote, err := p.remote(m)
	if remote.HostKey == nil {
		return // there never was one
	}
	if err == nil {
		err = remote.Stop(ctx)
	}
	if _, none := errors.AsType[*link.UnreachableError](err); err != nil && !none {
		p.Progress.Warn(fmt.Sprintf("the agent of %s: %v", m.Name, err))
	}
}

// removeSockets takes away what an agent that was killed has left.
func (p *Project) removeSockets(m plan.Machine) {
	sockets, err := p.sockets(m.Name)
	for _, address := range sockets {
		if err == nil {
			err = localsocket.Remove(address)
		}
	}
	if err != nil {
		p.Progress.Warn(fmt.Sprintf("the sockets of %s stay: %v", m.Name, err))
	}
}

// dialAgent logs in through the agent of m, if one serves.
func (p *Project) dialAgent(ctx context.Context, m plan.Machine) (g *guest, err error) {
	if p.noAgent() {
		return nil, errors.New("no agent is wanted")
	}
	remote, err := p.remote(m)
	if err != nil {
		return nil, err
	}
	client := p.Ahead.take(ctx, p.Dir, m.Name)
	if client == nil {
		if client, err = remote.Dial(ctx, agent.UserFreeBSD, agentTimeout); err != nil {
			return nil, err
		}
	}
	g = &guest{Client: client, machine: m, files: p.State.Machine(m.Name), agent: &remote}
	if g.root, err = p.rootOf(m, p.loginOf(m)); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return g, nil
}

// loginOf is the user that the agent's login in FreeBSD is.
func (p *Project) loginOf(m plan.Machine) string {
	data, err := privatefile.Read(p.State.Machine(m.Name).SSHConfig())
	if err != nil {
		return ""
	}
	hosts, err := link.ParseSSHConfig(data)
	if err != nil {
		return ""
	}
	for _, h := range hosts {
		if h.Name == m.Name || len(hosts) == 1 {
			return h.User
		}
	}
	return ""
}

// leaveAgent starts the agent of m without waiting for it.
func (p *Project) leaveAgent(ctx context.Context, m plan.Machine) {
	if p.noAgent() {
		return
	}
	s, err := p.starter(m)
	if err != nil {
		return // the command works without; `up` will say it
	}
	s.Leave(ctx)
}
