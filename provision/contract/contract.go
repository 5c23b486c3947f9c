// Package contract is what the host and the scripts in the FreeBSD guest agree
// on: folders, files, ports, exit statuses, commands, and the lines that the
// scripts say. The scripts themselves are beside it, in provision. It runs
// nothing and takes no line for true: what a guest says is only cut apart.
package contract

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Folders and files of the FreeBSD guest; lib.sh has the same.
const (
	Libexec  = "/usr/local/libexec/fbdock"
	Etc      = "/usr/local/etc/fbdock"
	State    = "/var/db/fbdock"
	Incoming = State + "/incoming" // the payload, as it is unpacked
	Images   = State + "/images"
	Undo     = State + "/undo"
	// Applied holds the hash of the payload that was applied last.
	Applied = State + "/applied"
	// StepsLog has what the steps did, ConsoleLog what the engine's console shows.
	StepsLog   = "/var/log/fbdock.log"
	ConsoleLog = "/var/log/fbdock-console.log"
	// PodmanSocket is where podman_service of FreeBSD's port listens.
	PodmanSocket = "/var/run/podman/podman.sock"
)

// Files of the engine.
const (
	SeedLog   = "/var/log/fbdock-seed.log"
	DockerLog = "/var/log/docker.log"
	// DockerSocket is dockerd's own, in the engine and in whatever plays one.
	DockerSocket = "/var/run/docker.sock"
)

// TLSPort is where dockerd listens with mutual TLS, on the engine's address.
const TLSPort = 2376

// EngineAddress is where the Docker API of an engine is reached from FreeBSD.
func EngineAddress(engine netip.Addr) string {
	return net.JoinHostPort(engine.String(), strconv.Itoa(TLSPort))
}

// LoopbackSSHPort is where the agent has FreeBSD's sshd listen, at FreeBSD's
// loopback, for the sshd of an engine that FreeBSD has no network to. It is
// above 1023, as the login is not root's.
const LoopbackSSHPort = 7322

// EngineURL is EngineAddress for docker and for dockerd.
func EngineURL(engine netip.Addr) string { return "tcp://" + EngineAddress(engine) }

// Exit statuses of fbdock-steps beside 0 and 1.
const (
	StatusImpossible = 3  // the guest cannot run an engine
	StatusReboot     = 10 // a step asks for a reboot; the steps run again after it
)

// Helper is where one of fbdock's programs is in the guest.
func Helper(name string) string { return Libexec + "/" + name }

// HealthCommand asks for layers of the machine, all of them without names.
func HealthCommand(layers ...string) string {
	return strings.Join(append([]string{"exec " + Helper("fbdock-health")}, layers...), " ")
}

// SharesCommand tries the shares of the machine.
func SharesCommand() string { return "exec " + Helper("fbdock-shares") }

// AppliedCommand says the hash of the payload that was applied last.
func AppliedCommand() string { return "cat " + Applied }

// UnpackCommand is what root runs in the guest with the tar of a payload on
// stdin: it unpacks, installs and runs the steps.
const UnpackCommand = "umask 077; rm -rf " + Incoming + "; mkdir -p " + Incoming +
	" && tar -xf - -C " + Incoming + " && sh " + Incoming + "/install.sh"
