// Package hcl reads fbdock.hcl into a typed Config and tells every mistake in it
// with its place. It knows nothing of the other fbdock packages and does no
// I/O beyond the files of the configuration.
package hcl

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"github.com/fbdock/fbdock/internal/redact"
)

// Config is one decoded and checked fbdock.hcl.
type Config struct {
	// Path is the file that was read, as it was given.
	Path string
	// RequiredVersion is the constraint of the fbdock block, "" when there is none.
	RequiredVersion string
	// Machines in the order of the file.
	Machines []Machine
}

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
	CLI        string
	Storage    Storage
	Engine     Engine
	Mounts     []Mount
	Shares     []Share
	Forward    *Forward
	Podman     bool // podman {}: containers of FreeBSD itself
	Timeouts   Timeouts
	Provisions []Provision

	// Where tells where each value stands: "" is the block itself, then
	// dotted attribute paths as in "engine.memory" or "mount.0".
	Where map[string]Range
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

// Storage is ZFS in the FreeBSD guest.
type Storage struct {
	Pool        string // "" or "auto": the box's own pool, else a spare disk
	Compression string // a zfsprops(7) compression value; "" is lz4
	ARCMax      Size
}

// Engine is the Alpine VM that runs dockerd.
type Engine struct {
	Hypervisor         string // auto, bhyve or qemu
	Placement          string // auto, nested or sibling
	Image              string // a catalogue name, or the path of a qcow2 or raw file
	CPUs               int
	Memory             Size
	Disk               Size // the data disk
	Network            netip.Prefix
	Daemon             map[string]any // merged into daemon.json; as encoding/json decodes it, numbers as json.Number
	InsecureTCP        bool
	GuestPorts         []string // as in 5432 or 53/udp
	RegistryMirrors    []string
	InsecureRegistries []string
	DNS                []netip.Addr
	CACertificates     []string // files on the host
	Proxy              Proxy
}

// Proxy is what the guests use to reach the network; empty values mean
// "as the host does". Printed, logged or as JSON it has no user and no
// password: who needs those takes them from the fields.
type Proxy struct {
	HTTP  string `json:"http,omitempty"`
	HTTPS string `json:"https,omitempty"`
	No    string `json:"no,omitempty"`
}

func (p Proxy) redacted() Proxy {
	return Proxy{HTTP: redact.URL(p.HTTP), HTTPS: redact.URL(p.HTTPS), No: p.No}
}

// String is for messages and logs.
func (p Proxy) String() string {
	p = p.redacted()
	return fmt.Sprintf("http %q, https %q, no %q", p.HTTP, p.HTTPS, p.No)
}

// MarshalJSON is for answers to programs.
func (p Proxy) MarshalJSON() ([]byte, error) {
	type plain Proxy
	return json.Marshal(plain(p.redacted()))
}

// Mount is a host folder seen in both guests.
type Mount struct {
	Source   string // as written; relative to the folder of the file
	Target   string // "" is the same path as on the host
	ReadOnly bool
	Type     string // sshfs or copy; "" is sshfs
	Exclude  []string
}

// Share is a dataset of the FreeBSD guest seen by the engine.
type Share struct {
	Name   string
	Type   string // 9p or nfs
	Target string // mount point in the engine; "" is /NAME
}

// Timeouts are how long fbdock waits for the parts of a machine.
type Timeouts struct {
	Boot    time.Duration // FreeBSD, until it can be logged in to
	Engine  time.Duration // dockerd, after the engine was started
	Stop    time.Duration // the engine, to power itself off
	Command time.Duration // a docker command, for an engine that boots
}

// Forward says where published container ports appear on the host, and how
// many; 0 is the default.
type Forward struct {
	Bind netip.Addr
	Max  int
}

// Provision is a script that the user wants run after fbdock's own steps.
type Provision struct {
	Name   string
	On     string // freebsd or engine
	Inline string
	Script string // a file, relative to the folder of the configuration
}
