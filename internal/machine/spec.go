package machine

import (
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/engine"
	"github.com/fbdock/fbdock/internal/fingerprint"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/provision/contract"
)

// Spec is what an agent has to know of its machine. It is written by
// who starts it, so that a later change of fbdock.hcl breaks nothing, and by
// `up`, which has a running agent read it again.
type Spec struct {
	Machine plan.Machine `json:"machine"`
	Build   string       `json:"build"`
	// Vagrantfile is the digest of the one that Vagrant may run. It holds the
	// other machines too.
	Vagrantfile string `json:"vagrantfile,omitempty"`
}

// Identity changes with what a running agent cannot exchange: its program,
// and the hosts that its connections lead to.
func (s Spec) Identity() string {
	return fingerprint.Of([]any{s.Build, s.Machine.Instance, s.Machine.Provider, s.Machine.Host, s.Machine.Engine.Sibling()})
}

// Settings are what it can.
func (m Machine) Settings(s Spec) agent.Settings {
	serve := s.Machine
	set := agent.Settings{
		ID: fingerprint.Of([]any{s}), Engine: contract.EngineAddress(serve.Engine.Address),
		Bind: serve.Forward, MaxForwards: serve.MaxForwards, Mounts: Folders(m.Env, m.Project, serve), OwnComputer: serve.OwnComputer(),
	}
	if serve.Podman {
		set.Podman = contract.PodmanSocket
	}
	set.Jails = jailPorts(serve.Jails)
	set.Waiting = waitingJails(serve.Jails)
	return set
}

// Reverse are FreeBSD's ways to an engine that it has no network to: to dockerd,
// which wants a client certificate, and to sshd, which fbdock's own scripts in
// FreeBSD log in to by a key. Both give who has them the engine.
func (s Spec) Reverse() []agent.Reverse {
	address := s.Machine.Engine.Address
	if !s.Machine.Engine.ByAgent() {
		return nil
	}
	at := func(port int) string { return net.JoinHostPort(address.String(), strconv.Itoa(port)) }
	return []agent.Reverse{
		{Name: "dockerd", At: contract.EngineAddress(address), To: contract.EngineAddress(address)},
		{Name: "the engine's sshd", At: at(contract.LoopbackSSHPort), To: at(22)},
	}
}

// waitingJails are the jails that start with the guest, and see folders of the
// host: rc.d/jail leaves them out.
func waitingJails(jails []plan.Jail) (w agent.Waiting) {
	for _, j := range jails {
		for _, mount := range j.Mounts {
			if j.Boot && mount.Mount != "" && !slices.Contains(w.Folders, mount.Mount) {
				w.Folders = append(w.Folders, mount.Mount)
			}
		}
	}
	w.Start = []string{"sh", contract.Helper("fbdock-jail"), "settle", "boot"}
	return w
}

// jailPorts are jails as containers of FreeBSD whose ports are published.
func jailPorts(jails []plan.Jail) []engine.Container {
	var all []engine.Container
	for _, j := range jails {
		c := engine.Container{Name: "jail/" + j.Name, ID: "jail/" + j.Name, Address: j.Address}
		if !c.Address.IsValid() { // in FreeBSD's own network
			c.Address = plan.Loopback()
		}
		for _, f := range j.Forward {
			host, port, _ := strings.Cut(f, ":")
			from, err := strconv.ParseUint(host, 10, 16)
			to, err2 := strconv.ParseUint(port, 10, 16)
			if err != nil || err2 != nil {
				continue // the configuration was checked
			}
			c.Published = append(c.Published, engine.Published{
				Container: c.Name, ID: c.ID, HostIP: netip.IPv4Unspecified(), HostPort: uint16(from), Port: uint16(to), Protocol: "tcp", Podman: true, Address: c.Address,
			})
		}
		if c.Count = len(c.Published); c.Count > 0 {
			all = append(all, c)
		}
	}
	return all
}

func (s Spec) marshal() ([]byte, error) {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("describe the machine to its agent: %w", err)
	}
	return append(data, '\n'), nil
}

// Sockets are the addresses of the agent's own, of the engine's and of
// podman's.
func (m Machine) Sockets() (s [3]string, err error) {
	files := m.Files.Agent()
	for i, path := range []string{files.Socket(), files.Docker(), files.Podman()} {
		if s[i], err = m.Address(path); err != nil {
			return s, err
		}
	}
	return s, nil
}
