package state

// Agent names the files of a machine's background process.
type Agent struct{ machine Machine }

// Agent is the part of the machine's folder that its agent uses.
func (m Machine) Agent() Agent { return Agent{m} }

// Socket is where the agent speaks SSH; where the path is too long for a
// socket, or sockets are pipes, it is the seed of the name used instead.
func (a Agent) Socket() string { return a.machine.join("agent.sock") }

// Docker is the socket of the engine's Docker API; the same holds for it.
func (a Agent) Docker() string { return a.machine.join("docker.sock") }

// Podman is the socket of podman of FreeBSD; the same holds for it.
func (a Agent) Podman() string { return a.machine.join("podman.sock") }

// Lock is held by the agent for as long as it serves.
func (a Agent) Lock() string { return a.machine.join("agent.lock") }

// Starting is held by who starts the agent.
func (a Agent) Starting() string { return a.machine.join("agent.start") }

// Log is what the agent tells.
func (a Agent) Log() string { return a.machine.join("agent.log") }

// Spec is what the agent is to serve.
func (a Agent) Spec() string { return a.machine.join("agent.json") }

// HostKey is the agent's host key; beside it lies HostKey().pub.
func (a Agent) HostKey() string { return a.machine.join("ssh", "agent_host_key") }

// KnownHosts holds the agent's host key for OpenSSH.
func (a Agent) KnownHosts() string { return a.machine.join("ssh", "agent_known_hosts") }

// FormerContext remembers which docker context was in use before ours.
func (m Machine) FormerContext() string { return m.join("context.json") }
