package app

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/project"
)

// OpenSSHConfig is a block of ssh_config for each guest of a machine, by
// which OpenSSH and what is built on it reach them through the agent:
// fbdock-NAME is FreeBSD, fbdock-NAME-engine the engine.
func OpenSSHConfig(p *project.Project, machines []plan.Machine) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find fbdock's own program: %w", err)
	}
	var b strings.Builder
	for _, m := range machines {
		if !machine.Created(p.State, m) {
			return "", machine.NeedsUp(p.State, m)
		}
		if err := p.On(m).EnsureAgentKey(); err != nil {
			return "", err
		}
		proxy, err := link.ProxyCommand(runtime.GOOS, []string{self, "-C", p.Dir, "-m", m.Name, machine.StdioCommand})
		if err != nil {
			return "", err
		}
		known, err := link.ConfigWord(p.State.Machine(m.Name).Agent().KnownHosts(), true)
		if err != nil {
			return "", err
		}
		for _, guest := range []struct{ name, user string }{
			{"fbdock-" + m.Name, agent.UserFreeBSD}, {"fbdock-" + m.Name + "-engine", agent.UserEngine},
		} {
			fmt.Fprintf(&b, "Host %s\n  HostKeyAlias agent\n  User %s\n  ProxyCommand %s\n  UserKnownHostsFile %s\n"+
				"  StrictHostKeyChecking yes\n  PubkeyAuthentication no\n  PasswordAuthentication no\n",
				guest.name, guest.user, proxy, known)
		}
	}
	return b.String(), nil
}
