package provision

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/provision/contract"
)

// contextName is the docker context of the users in the FreeBSD guest.
const contextName = "fbdock"

// clientFiles are what a user of the FreeBSD guest needs to talk to the
// engine: a docker context as the docker CLI keeps it, and an SSH
// configuration for the engine.
func clientFiles(m plan.Machine, in Inputs) ([]File, error) {
	address := m.Engine.Address.String()
	meta, err := json.Marshal(map[string]any{
		"Name":     contextName,
		"Metadata": map[string]any{"Description": "fbdock engine of machine " + m.Name},
		"Endpoints": map[string]any{
			"docker": map[string]any{"Host": contract.EngineURL(m.Engine.Address), "SkipTLSVerify": false},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("docker context: %w", err)
	}
	s := in.Secrets
	port, known := "", address
	if m.Engine.ByAgent() {
		port = fmt.Sprintf("  Port %d\n", contract.LoopbackSSHPort)
		known = fmt.Sprintf("[%s]:%d", address, contract.LoopbackSSHPort) // sshd(8), SSH_KNOWN_HOSTS FILE FORMAT
	}
	config := fmt.Sprintf(`# Written by fbdock.
Host engine
  HostName %s
%s  User root
  IdentityFile ~/.fbdock/id_ed25519
  UserKnownHostsFile ~/.fbdock/known_hosts
  IdentitiesOnly yes
  StrictHostKeyChecking yes
  ConnectTimeout 10
  ServerAliveInterval 15
`, address, port)
	return []File{
		{"client/config.json", 0o600, []byte("{\n  \"currentContext\": \"" + contextName + "\"\n}\n")},
		{"client/context-id", 0o600, fmt.Appendf(nil, "%x\n", sha256.Sum256([]byte(contextName)))},
		{"client/meta/meta.json", 0o600, append(meta, '\n')},
		{"client/tls/docker/ca.pem", 0o600, s.CA.Cert},
		{"client/tls/docker/cert.pem", 0o600, s.GuestClient.Cert},
		{"client/tls/docker/key.pem", 0o600, s.GuestClient.Key},
		{"client/ssh/id_ed25519", 0o600, s.GuestKey.Private},
		{"client/ssh/known_hosts", 0o600, []byte(known + " " + s.EngineHostKey.Authorized + "\n")},
		{"client/ssh/ssh_config", 0o600, []byte(config)},
	}, nil
}
