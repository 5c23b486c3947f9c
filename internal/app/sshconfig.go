package app

import (
	"fmt"
	"os"
	"strings"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/plan"
)

// OpenSSHConfig is a block of ssh_config for each guest of a machine, by
// which OpenSSH and what is built on it reach them through the agent:
// fbdock-NAME is FreeBSD, fbdock-NAME-engine the engine.
func (p *Project) OpenSSHConfig(machines []plan.Machine) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find fbdock's own program: %w", err)
	}
	var b strings.Builder
	for _, m := range machines {
		if err := p.ensureAgentKey(m); err != nil {
			return "", err
		}
		proxy := strings.Join([]string{proxyWord(self), "-C", proxyWord(p.Dir), "-m", m.Name, "agent-stdio"}, " ")
		known := p.State.Machine(m.Name).Agent().KnownHosts()
		for _, guest := range []struct{ name, user string }{
			{"fbdock-" + m.Name, agent.UserFreeBSD}, {"fbdock-" + m.Name + "-engine", agent.UserEngine},
		} {
			fmt.Fprintf(&b, "Host %s\n  HostKeyAlias agent\n  User %s\n  ProxyCommand %s\n  UserKnownHostsFile %s\n"+
				"  StrictHostKeyChecking yes\n  PubkeyAuthentication no\n  PasswordAuthentication no\n",
				guest.name, guest.user, proxy, configWord(known))
		}
	}
	return b.String(), nil
}

// proxyWord quotes for ssh's ProxyCommand, which the user's shell reads
// after ssh has put its own % words in.
func proxyWord(word string) string {
	return `"` + strings.NewReplacer("%", "%%", `"`, `\"`, "$", `\$`, "`", "\\`").Replace(word) + `"`
}

// configWord quotes a file name of ssh_config.
func configWord(word string) string {
	return `"` + strings.ReplaceAll(word, "%", "%%") + `"`
}
