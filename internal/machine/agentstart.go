package machine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/localsocket"
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

// Remote is the agent of m. An error says that its socket cannot be trusted.
func (m Machine) Remote() (agent.Remote, error) {
	address, err := m.Address(m.Files.Agent().Socket())
	return agent.Remote{Address: address, HostKey: agentKey(m.Files)}, err
}

func (m Machine) writeSpec(spec Spec) error {
	data, err := spec.marshal()
	if err != nil {
		return err
	}
	return m.Project.Write(m.Files.Agent().Spec(), data)
}

// starter is how the agent of m is started. It writes what the agent is to
// serve.
func (m Machine) starter() (agent.Starter, error) {
	if err := m.EnsureAgentKey(); err != nil {
		return agent.Starter{}, err
	}
	remote, err := m.Remote()
	if err != nil {
		return agent.Starter{}, err
	}
	spec, err := m.Spec()
	if err != nil {
		return agent.Starter{}, err
	}
	spawn := func(ctx context.Context, log *os.File) (int, error) {
		if err := m.writeSpec(spec); err != nil {
			return 0, err
		}
		self, err := os.Executable()
		if err != nil {
			return 0, fmt.Errorf("find fbdock's own program: %w", err)
		}
		return m.Runner.Detach(ctx, run.Cmd{
			// Not the project's folder: Windows would not let go of it.
			Name: self, Args: []string{AgentCommand, "--project", m.Project.Record().ID, "--name", m.Plan.Name}, Env: m.Environ,
			Dir: os.TempDir(), Stdout: log, Stderr: log,
		})
	}
	return agent.Starter{
		Remote: remote, Identity: spec.Identity(), Lock: m.Files.Agent().Starting(), Log: m.Files.Agent().Log(), Spawn: spawn,
	}, nil
}

// EnsureAgent returns when an agent of m serves. One that does stays as it is:
// what it serves was applied by `up`.
func (m Machine) EnsureAgent(ctx context.Context) error {
	if m.NoAgent() {
		return nil
	}
	s, err := m.starter()
	if err != nil {
		return err
	}
	return s.Ensure(ctx)
}

// ServingAgent is the agent of m, once it serves.
func (m Machine) ServingAgent(ctx context.Context) (agent.Remote, error) {
	if err := m.EnsureAgent(ctx); err != nil {
		return agent.Remote{}, err
	}
	return m.Remote()
}

// ApplyAgent returns when an agent of m serves what m says: it is replaced
// where it is another fbdock's, and exchanges its settings otherwise.
func (m Machine) ApplyAgent(ctx context.Context) error {
	if m.NoAgent() {
		return nil
	}
	s, err := m.starter()
	if err != nil {
		return err
	}
	s.Replace = true
	other := s.Other(ctx)
	if err := s.Ensure(ctx); err != nil {
		return err
	}
	if other { // not before: it may be tried again and again
		m.Progress.Say(fmt.Sprintf("the agent of %s is replaced: it was another fbdock's, or led to another host", m.Plan.Name))
	}
	return m.reloadAgent(ctx)
}

// reloadAgent has a running agent serve what m says.
func (m Machine) reloadAgent(ctx context.Context) error {
	remote, err := m.Remote()
	if err != nil {
		return err
	}
	spec, err := m.Spec()
	if err != nil {
		return err
	}
	now, err := remote.Status(ctx)
	if err != nil || now.Settings == m.Settings(spec).ID {
		return err
	}
	if err := m.writeSpec(spec); err != nil {
		return err
	}
	_, err = remote.Reload(ctx)
	return err
}

// TellAgent has the agent of m, if one serves, know the paths that a project
// has which was moved. Without it the agent goes on with the folders that it
// has open.
func (m Machine) TellAgent(ctx context.Context) {
	if m.NoAgent() || !host.Exists(m.Files.Agent().Spec()) {
		return
	}
	err := m.reloadAgent(ctx)
	if _, none := errors.AsType[*link.UnreachableError](err); err != nil && !none {
		m.Progress.Warn(fmt.Sprintf("the agent of %s does not know that the project has moved: %v", m.Plan.Name, err))
	}
}

// StopAgent ends the agent of m, if there is one.
func (m Machine) StopAgent(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	remote, err := m.Remote()
	if remote.HostKey == nil {
		return // there never was one
	}
	if err == nil {
		err = remote.Stop(ctx)
	}
	if _, none := errors.AsType[*link.UnreachableError](err); err != nil && !none {
		m.Progress.Warn(fmt.Sprintf("the agent of %s: %v", m.Plan.Name, err))
	}
}

// RemoveSockets takes away what an agent that was killed has left.
func (m Machine) RemoveSockets() {
	sockets, err := m.Sockets()
	for _, address := range sockets {
		if err == nil {
			err = localsocket.Remove(address)
		}
	}
	if err != nil {
		m.Progress.Warn(fmt.Sprintf("the sockets of %s stay: %v", m.Plan.Name, err))
	}
}

// DialAgent logs in through the agent of m, if one serves.
func (m Machine) DialAgent(ctx context.Context) (g *Guest, err error) {
	if m.NoAgent() {
		return nil, errors.New("no agent is wanted")
	}
	remote, err := m.Remote()
	if err != nil {
		return nil, err
	}
	client := m.Ahead.take(ctx, m.Project.Folder(), m.Plan.Name)
	if client == nil {
		if client, err = remote.Dial(ctx, agent.UserFreeBSD, agentTimeout); err != nil {
			return nil, err
		}
	}
	g = &Guest{Client: client, Plan: m.Plan, Files: m.Files, Agent: &remote, machine: m}
	if g.Root, err = m.System.Root(m.loginOf()); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return g, nil
}

// loginOf is the user that the agent's login in FreeBSD is.
func (m Machine) loginOf() string {
	data, err := privatefile.Read(m.Files.SSHConfig())
	if err != nil {
		return ""
	}
	hosts, err := link.ParseSSHConfig(data)
	if err != nil {
		return ""
	}
	for _, h := range hosts {
		if h.Name == m.Plan.Name || len(hosts) == 1 {
			return h.User
		}
	}
	return ""
}

// leaveAgent starts the agent of m without waiting for it.
func (m Machine) leaveAgent(ctx context.Context) {
	if m.NoAgent() {
		return
	}
	s, err := m.starter()
	if err != nil {
		return // the command works without; `up` will say it
	}
	s.Leave(ctx)
}
