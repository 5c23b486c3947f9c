package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/privatefile"
	"github.com/fbdock/fbdock/internal/state"
)

// quickDial bounds the connection of a login that may well fail, as with a
// machine that is halted: what follows a failure is not an error but Vagrant.
const quickDial = 3 * time.Second

// guest is a FreeBSD guest that fbdock is logged in to.
type guest struct {
	*link.Client
	machine plan.Machine
	files   state.Machine
	address string // host:port of its sshd
	// root is what runs a program as root, none where the login is root's.
	root []string
	// agent is set when the login is the agent's, and ours to its socket.
	agent *agent.Remote
}

// cached logs in by what the last `vagrant ssh-config`, or the user's own
// ssh, has said.
func (p *Project) cached(ctx context.Context, m plan.Machine, timeout time.Duration) (*guest, error) {
	files := p.State.Machine(m.Name)
	if err := p.needsUp(m); err != nil {
		return nil, err
	}
	data, err := privatefile.Read(files.SSHConfig())
	if err != nil {
		return nil, fmt.Errorf("read how to log in to %s: %w", m.Name, err)
	}
	return p.dial(ctx, m, data, timeout)
}

// connect logs in through the machine's agent. Without one it logs in itself
// and leaves an agent behind for those who come next.
func (p *Project) connect(ctx context.Context, m plan.Machine) (*guest, error) {
	if g, err := p.dialAgent(ctx, m); err == nil {
		return g, nil
	}
	g, err := p.direct(ctx, m)
	if err == nil {
		p.leaveAgent(ctx, m)
	}
	return g, err
}

// direct logs in; when what is cached leads nowhere, Vagrant is asked anew.
func (p *Project) direct(ctx context.Context, m plan.Machine) (*guest, error) {
	g, err := p.cached(ctx, m, 0)
	if err == nil {
		return g, nil
	}
	_, unreachable := errors.AsType[*link.UnreachableError](err)
	_, refused := errors.AsType[*link.AuthError](err)
	if !unreachable && !refused {
		return nil, err
	}
	if err := p.refresh(ctx, m); err != nil {
		return nil, err
	}
	return p.cached(ctx, m, 0)
}

// refresh asks anew for the address and keys of the machine.
func (p *Project) refresh(ctx context.Context, m plan.Machine) error {
	data, err := p.system(m).sshConfig(ctx)
	if err != nil {
		return err
	}
	return p.State.Write(p.State.Machine(m.Name).SSHConfig(), data)
}

func (p *Project) dial(ctx context.Context, m plan.Machine, sshConfig []byte, timeout time.Duration) (*guest, error) {
	hosts, err := link.ParseSSHConfig(sshConfig)
	if err != nil {
		return nil, &failure.Error{
			Err:  fmt.Errorf("`vagrant ssh-config` is not understood: %w", err),
			Next: "see what `vagrant ssh-config` prints in " + p.State.Path(),
		}
	}
	for _, h := range hosts {
		if h.Name != m.Name && len(hosts) > 1 {
			continue
		}
		to, err := h.Endpoint(m.Instance, runtime.GOOS)
		if err != nil {
			return nil, err
		}
		files := p.State.Machine(m.Name)
		options := link.Options{KnownHosts: files.KnownHosts(), AgentSocket: p.keysOf(h), Connect: timeout}
		p.system(m).dialing(&options)
		client, err := link.Dial(ctx, to, options)
		if err != nil {
			return nil, err
		}
		root, err := p.rootOf(m, to.User)
		if err != nil {
			return nil, errors.Join(err, client.Close())
		}
		return &guest{Client: client, machine: m, files: files, address: to.Address, root: root}, nil
	}
	return nil, fmt.Errorf("`vagrant ssh-config` names no host %s", m.Name)
}

// engine logs in to the engine through the guest. Its host key was made on
// this host, so that there is no first sight to trust.
func (g *guest) engine(ctx context.Context) (*link.Client, error) {
	if g.agent != nil {
		return g.agent.Dial(ctx, agent.UserEngine, 0)
	}
	to, options, err := engineLogin(g.files, g.machine)
	if err != nil {
		return nil, err
	}
	return g.Through(ctx, to, options)
}

// engineLogin is root's login at the engine, by the keys that it was given.
func engineLogin(files state.Machine, m plan.Machine) (link.Endpoint, link.Options, error) {
	secrets, err := usedSecrets(files)
	if err != nil {
		return link.Endpoint{}, link.Options{}, err
	}
	key, err := secrets.EngineKey.Signer()
	if err != nil {
		return link.Endpoint{}, link.Options{}, err
	}
	hostKey, err := secrets.EngineHostKey.Signer()
	if err != nil {
		return link.Endpoint{}, link.Options{}, err
	}
	return link.Endpoint{
		Name: m.Instance + plan.EngineSuffix, Address: m.Engine.Address.String() + ":22",
		User: "root", Keys: []ssh.Signer{key}, KeysOnly: true,
	}, link.Options{HostKey: hostKey.PublicKey()}, nil
}

// sudo runs a script as root and answers with what it wrote. A status
// other than 0 is an error with the script's last words.
func (g *guest) sudo(ctx context.Context, script string) (string, error) {
	out, err := g.Output(ctx, link.Command{Args: g.asRoot("sh", "-c", script)})
	if err != nil {
		return "", err
	}
	if out.Status != 0 {
		return "", fmt.Errorf("in the guest: status %d: %s", out.Status, out.Reason())
	}
	return out.Stdout, nil
}

// asRoot are the arguments that run a program as root.
func (g *guest) asRoot(args ...string) []string {
	return append(slices.Clone(g.root), args...)
}

// rootOf is what runs a program as root for a login. sudo without -n would
// wait for a password that nobody can give.
func (p *Project) rootOf(m plan.Machine, login string) ([]string, error) {
	switch {
	case m.OwnComputer():
		r, err := p.record(m)
		return r.Root, err
	case login == "root":
		return nil, nil
	}
	return []string{"sudo", "-n"}, nil
}

// keysOf is the socket of the ssh-agent for a host.
func (p *Project) keysOf(h link.Host) string {
	if h.IdentityAgent == "none" {
		return ""
	}
	keys, _ := p.Lookup("SSH_AUTH_SOCK")
	return cmp.Or(h.IdentityAgent, keys)
}
