package machine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/privatefile"
	"github.com/fbdock/fbdock/internal/state"
)

// QuickDial bounds the connection of a login that may well fail, as with a
// machine that is halted: what follows a failure is not an error but Vagrant.
const QuickDial = 3 * time.Second

// Guest is a FreeBSD guest that fbdock is logged in to.
type Guest struct {
	*link.Client
	Plan    plan.Machine
	Files   state.Machine
	Address string // host:port of its sshd
	// Root is what runs a program as root, none where the login is root's.
	Root []string
	// Agent is set when the login is the agent's, and ours to its socket.
	Agent *agent.Remote

	machine Machine
}

// Cached logs in by what the last `vagrant ssh-config`, or the user's own
// ssh, has said.
func (m Machine) Cached(ctx context.Context, timeout time.Duration) (*Guest, error) {
	if err := NeedsUp(m.Project, m.Plan); err != nil {
		return nil, err
	}
	data, err := privatefile.Read(m.Files.SSHConfig())
	if err != nil {
		return nil, fmt.Errorf("read how to log in to %s: %w", m.Plan.Name, err)
	}
	return m.dial(ctx, data, timeout)
}

// Connect logs in through the machine's agent. Without one it logs in itself
// and leaves an agent behind for those who come next.
func (m Machine) Connect(ctx context.Context) (*Guest, error) {
	if g, err := m.DialAgent(ctx); err == nil {
		return g, nil
	}
	g, err := m.Direct(ctx)
	if err == nil {
		m.leaveAgent(ctx)
	}
	return g, err
}

// Direct logs in; when what is cached leads nowhere, Vagrant is asked anew.
func (m Machine) Direct(ctx context.Context) (*Guest, error) {
	g, err := m.Cached(ctx, 0)
	if err == nil {
		return g, nil
	}
	_, unreachable := errors.AsType[*link.UnreachableError](err)
	_, refused := errors.AsType[*link.AuthError](err)
	if !unreachable && !refused {
		return nil, err
	}
	if err := m.Refresh(ctx); err != nil {
		return nil, err
	}
	return m.Cached(ctx, 0)
}

// Refresh asks anew for the address and keys of the machine.
func (m Machine) Refresh(ctx context.Context) error {
	data, err := m.System.SSHConfig(ctx)
	if err != nil {
		return err
	}
	return m.Project.Write(m.Files.SSHConfig(), data)
}

func (m Machine) dial(ctx context.Context, sshConfig []byte, timeout time.Duration) (*Guest, error) {
	h, err := m.hostOf(sshConfig, m.Plan.Name)
	if err != nil {
		return nil, err
	}
	to, err := h.Endpoint(m.Plan.Instance, runtime.GOOS)
	if err != nil {
		return nil, err
	}
	options := link.Options{KnownHosts: m.Files.KnownHosts(), AgentSocket: m.KeysOf(h), Connect: timeout}
	m.System.Dialing(&options)
	client, err := link.Dial(ctx, to, options)
	if err != nil {
		return nil, err
	}
	root, err := m.System.Root(to.User)
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return &Guest{Client: client, Plan: m.Plan, Files: m.Files, Address: to.Address, Root: root, machine: m}, nil
}

// hostOf is how `vagrant ssh-config` has one reach a VM, by Vagrant's name of it.
func (m Machine) hostOf(sshConfig []byte, name string) (link.Host, error) {
	hosts, err := link.ParseSSHConfig(sshConfig)
	if err != nil {
		return link.Host{}, &failure.Error{
			Err:  fmt.Errorf("`vagrant ssh-config` is not understood: %w", err),
			Next: "see what `vagrant ssh-config` prints in " + m.Project.Path(),
		}
	}
	i := slices.IndexFunc(hosts, func(h link.Host) bool { return h.Name == name || len(hosts) == 1 })
	if i < 0 {
		return link.Host{}, fmt.Errorf("`vagrant ssh-config` names no host %s", name)
	}
	return hosts[i], nil
}

// Sudo runs a script as root and answers with what it wrote. A status
// other than 0 is an error with the script's last words.
func (g *Guest) Sudo(ctx context.Context, script string) (string, error) {
	out, err := g.Output(ctx, link.Command{Args: g.AsRoot("sh", "-c", script)})
	if err != nil {
		return "", err
	}
	if out.Status != 0 {
		return "", fmt.Errorf("in the guest: status %d: %s", out.Status, out.Reason())
	}
	return out.Stdout, nil
}

// AsRoot are the arguments that run a program as root.
func (g *Guest) AsRoot(args ...string) []string {
	return append(slices.Clone(g.Root), args...)
}

// KeysOf is the socket of the ssh-agent for a host.
func (m Machine) KeysOf(h link.Host) string {
	if h.IdentityAgent == "none" {
		return ""
	}
	keys, _ := m.Lookup("SSH_AUTH_SOCK")
	return cmp.Or(h.IdentityAgent, keys)
}
