package hcl

import (
	"net/netip"
	"strings"
)

// Machine is one machine block. A zero value means "not set": defaults
// are the business of internal/plan, so that this package says only what
// the file says.
type Machine struct {
	Name     string
	Provider string // "" or "auto" lets fbdock choose
	// Host is a FreeBSD computer of the user's own: ssh://[USER@]HOST[:PORT].
	Host string
	// Architecture of that computer.
	Architecture string
	Box          string
	BoxVersion   string // a go-version constraint
	// BoxURL is the address of metadata (IsBoxMetadata tells) or the path of a
	// box file; BoxChecksum is that of the file, sha256:HEX in lower case.
	BoxURL, BoxChecksum string
	CPUs                int
	Memory              Size
	// CLI says whose docker CLI runs commands: auto, host or guest; "" is auto.
	CLI     string
	Storage Storage
	Engine  Engine
	Mounts  []Mount
	Shares  []Share
	Forward *Forward
	Podman  bool // podman {}: containers of FreeBSD itself
	// EngineAccess tells whether those and the engine's reach each other.
	EngineAccess bool
	// JailNetwork is where jails have their addresses.
	JailNetwork netip.Prefix
	Jails       []Jail
	Timeouts    Timeouts
	Mirrors     Mirrors
	Provisions  []Provision

	// Where tells where each value stands: "" is the block itself, then
	// dotted attribute paths as in "engine.memory" or "mount.0".
	Where map[string]Range
}

func (m *Machine) begin(s *scope) {
	m.Where = map[string]Range{}
	s.where, s.path = m.Where, ""
}

func (m *Machine) end(s *scope) {
	m.Name = s.label
	m.BoxChecksum = strings.ToLower(m.BoxChecksum)
	s.ownComputer(*m)
	s.boxSource(*m)
}

func machineSchema(m *Machine) Block {
	return Block{
		Name: "machine", Label: "NAME", check: machineName,
		Doc:   "A FreeBSD guest with a Docker engine in it. The least that works is `machine \"dev\" {}`.",
		begin: m.begin, end: m.end,
		Attributes: []Attribute{
			{
				Name: "provider", into: text(&m.Provider), Default: "auto", Example: `"virtualbox"`, Values: providers(),
				Doc: "the hypervisor on the host; `native` is a host that runs FreeBSD itself, `docker` the lab",
			},
			{
				Name: "host", into: text(&m.Host), Example: `"ssh://me@freebsd.example"`, check: hostURL,
				Doc: "a FreeBSD computer of your own that takes the place of a VM; it excludes `provider`, `box`, `cpus` and `memory`",
			},
			{
				Name: "architecture", into: text(&m.Architecture), Default: "amd64", Example: `"arm64"`, Values: []string{"amd64", "arm64"},
				Doc: "of the computer that `host` names",
			},
			{
				Name: "box", into: text(&m.Box), Default: "the pick for provider and architecture", Example: `"bento/freebsd-15"`,
				Doc: "the Vagrant box of the FreeBSD guest", check: boxName,
			},
			{
				Name: "box_version", into: constraint(&m.BoxVersion), Example: `"~> 202510.26"`,
				Doc: "versions of the box that will do",
			},
			{
				Name: "box_url", into: text(&m.BoxURL), Example: `"https://boxes.example.com/freebsd.json"`, check: boxURL,
				Doc: "where the box comes from: the URL of its metadata (`https://`, ending in `.json`), or the path of a box file, with `box_checksum`",
			},
			{
				Name: "box_checksum", into: text(&m.BoxChecksum), check: boxChecksum,
				Doc: "of the box file that `box_url` names: `sha256:` and 64 hexadecimal digits",
			},
			{Name: "cpus", into: whole(&m.CPUs), Default: "4, or what the host has", Example: `4`, Min: 1, Doc: "CPUs of the FreeBSD guest, the engine's included"},
			{
				Name: "memory", into: size(&m.Memory), Default: "4GiB, or the engine's and 2GiB", Example: `"6GiB"`,
				Doc: "memory of the FreeBSD guest, the engine's included",
			},
			{
				Name: "cli", into: text(&m.CLI), Default: "auto", Example: `"auto"`, Values: []string{"auto", "host", "guest"},
				Doc: "the docker CLI of `fbdock docker` and `compose`: the host's own, the guest's, or with `auto` the host's where it is usable; " +
					"FBDOCK_DOCKER_CLI in the environment overrides it",
			},
			{Name: "jail_network", into: network(&m.JailNetwork), Default: "10.79.0.0/24", Example: `"10.79.0.0/24"`, Doc: "the network of the guest's jails"},
		},
		Blocks: []Block{
			storageSchema(&m.Storage), engineSchema(&m.Engine), each(&m.Mounts, mountSchema), each(&m.Shares, shareSchema),
			forwardSchema(m), podmanSchema(m), each(&m.Jails, jailSchema), timeoutsSchema(&m.Timeouts), mirrorsSchema(&m.Mirrors),
			each(&m.Provisions, provisionSchema),
		},
	}
}

// At is the place of the attribute at path, or of the nearest block above
// it that the file has.
func (m Machine) At(path string) Range {
	for {
		if r, ok := m.Where[path]; ok {
			return r
		}
		if path == "" {
			return Range{}
		}
		path = parent(path)
	}
}

func parent(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '.' {
			return path[:i]
		}
	}
	return ""
}
