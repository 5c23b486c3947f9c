// Package plan resolves a configuration into what is to be made: every
// default filled in, every cross-check done. It is pure: no I/O, no clock,
// no environment; what it needs to know of the host and of the catalogue
// is handed to it.
package plan

import (
	"net/netip"
	"time"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/redact"
)

// Plan is the resolved form of one fbdock.hcl.
type Plan struct {
	// Dir is the folder of fbdock.hcl, absolute.
	Dir      string    `json:"dir"`
	Machines []Machine `json:"machines"`
}

// Machine is one FreeBSD guest and the engine within it.
type Machine struct {
	Name string `json:"name"`
	// Instance names the VM, the docker context and the pipe on the
	// host; it is unique among projects: "fbdock-NAME-xxxxxxxx".
	Instance string `json:"instance"`
	Provider string `json:"provider"`
	// Host is set with the provider ssh: ssh://[USER@]HOST[:PORT].
	Host string `json:"host,omitempty"`
	// CLI says whose docker CLI runs docker commands: CLIAuto, CLIHost or
	// CLIGuest.
	CLI     string     `json:"cli"`
	Box     Box        `json:"box"`
	CPUs    int        `json:"cpus"`
	Memory  hcl.Size   `json:"memory"`
	Storage Storage    `json:"storage"`
	Engine  Engine     `json:"engine"`
	Mounts  []Mount    `json:"mounts,omitempty"`
	Shares  []Share    `json:"shares,omitempty"`
	Forward netip.Addr `json:"forward"`
	// MaxForwards is how many published ports are forwarded to Forward.
	MaxForwards int `json:"max_forwards"`
	// Podman tells that the FreeBSD guest has podman, for containers of FreeBSD itself.
	Podman bool `json:"podman,omitempty"`
	// EngineAccess tells that those and the engine's containers reach each
	// other: an engine beside FreeBSD has another route to the outside.
	EngineAccess bool `json:"engine_access,omitempty"`
	// JailNetwork is where the Jails have their addresses; the zero value where
	// the file says nothing of jails.
	JailNetwork netip.Prefix `json:"jail_network,omitzero"`
	Jails       []Jail       `json:"jails,omitempty"`
	Timeouts    Timeouts     `json:"timeouts,omitzero"`
	Mirrors     Mirrors      `json:"mirrors,omitzero"`
	Provisions  []Provision  `json:"provisions,omitempty"`
	// Notes are the choices made for the user that deserve a word.
	Notes []string `json:"notes,omitempty"`
}

// The providers that are computers with a FreeBSD of their own: no VM is
// made, and what is there belongs to the user.
const (
	ProviderSSH    = "ssh"    // reached at Machine.Host
	ProviderNative = "native" // the one that fbdock runs on
)

// The docker CLIs that can run a docker command.
const (
	CLIAuto  = "auto"  // the host's where it is usable, else the guest's
	CLIHost  = "host"  // the host's own
	CLIGuest = "guest" // that of the FreeBSD guest
)

// Timeouts are how long fbdock waits for the parts of a machine; 0 is the
// default.
type Timeouts struct {
	Boot    time.Duration `json:"boot_ns,omitempty"`
	Engine  time.Duration `json:"engine_ns,omitempty"`
	Stop    time.Duration `json:"stop_ns,omitempty"`
	Command time.Duration `json:"command_ns,omitempty"`
}

// Mirrors are where files of a project are fetched from first; "" is their
// publisher alone. Digests are never taken from there.
type Mirrors struct {
	FreeBSD string `json:"freebsd,omitempty"` // in place of https://download.freebsd.org
	Alpine  string `json:"alpine,omitempty"`  // in place of https://dl-cdn.alpinelinux.org/alpine
}

// OwnComputer tells whether the machine is a computer of the user's own
// rather than a VM that Vagrant makes.
func (m Machine) OwnComputer() bool {
	return m.Provider == ProviderSSH || m.Provider == ProviderNative
}

// Box is the Vagrant box of the FreeBSD guest. For the docker provider
// Name is the reference of a container image.
type Box struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"` // a constraint
	// URL is the address of the box's metadata, File the path of a box file
	// and SHA256 its digest in hexadecimal; "" for a box that Vagrant finds by
	// its name.
	URL          string `json:"url,omitempty"`
	File         string `json:"file,omitempty"`
	SHA256       string `json:"sha256,omitempty"`
	Architecture string `json:"architecture"` // Vagrant's words: amd64, arm64
	// BootTimeout in seconds; official boxes patch themselves at first boot.
	BootTimeout int `json:"boot_timeout"`
	// Listed tells that the catalogue knows the box.
	Listed bool `json:"-"`
	// Notes become notes of the machine.
	Notes []string `json:"-"`
	// Release of FreeBSD and EndOfSupport, its last day; "" when not known.
	Release      string `json:"release,omitempty"`
	EndOfSupport string `json:"end_of_support,omitempty"`
	// Registry is where Vagrant finds the box, with what is known of its end;
	// Instead is a box that needs none. "" when there is none.
	Registry string `json:"-"`
	Instead  string `json:"-"`
	// Own is a box that fbdock makes: it is on this host or nowhere.
	Own bool `json:"own,omitempty"`
}

// Storage is ZFS in the FreeBSD guest.
type Storage struct {
	Pool        string   `json:"pool"` // "auto" or a pool's name
	Compression string   `json:"compression"`
	ARCMax      hcl.Size `json:"arc_max"`
}

// Engine is the Alpine VM that runs dockerd.
type Engine struct {
	Hypervisor string `json:"hypervisor"` // auto, bhyve or qemu
	// Placement is PlacementNested or PlacementSibling, "" in the record of an
	// older fbdock, which knew no other; PlacementReason is why.
	Placement       string `json:"placement,omitempty"`
	PlacementReason string `json:"placement_reason,omitempty"`
	// BoxVersion is that of the box of an engine beside FreeBSD, "" while the
	// digest of its image is not known.
	BoxVersion string   `json:"box_version,omitempty"`
	Image      Image    `json:"image"`
	CPUs       int      `json:"cpus"`
	Memory     hcl.Size `json:"memory"`
	Disk       hcl.Size `json:"disk"`
	// Data is where an engine beside FreeBSD has docker's data: DataDisk or
	// DataRoot, "" in the record of an older fbdock and of a nested engine.
	Data string `json:"data,omitempty"`
	// Network between FreeBSD and the engine; the zero value where it has none,
	// and Address is the loopback of both then (ByAgent).
	Network     netip.Prefix   `json:"network"`
	Gateway     netip.Addr     `json:"gateway"` // of Bridge, the FreeBSD side
	Address     netip.Addr     `json:"address"`
	MAC         string         `json:"mac"`
	Bridge      string         `json:"bridge"` // FreeBSD's interfaces
	Tap         string         `json:"tap"`
	Daemon      map[string]any `json:"daemon,omitempty"`
	InsecureTCP bool           `json:"insecure_tcp,omitempty"`
	// GuestPorts are the ports of FreeBSD that containers may connect to, as in 5432/tcp.
	GuestPorts         []string     `json:"guest_ports,omitempty"`
	RegistryMirrors    []string     `json:"registry_mirrors,omitempty"`
	InsecureRegistries []string     `json:"insecure_registries,omitempty"`
	DNS                []netip.Addr `json:"dns,omitempty"`
	CACertificates     []string     `json:"ca_certificates,omitempty"`
	Proxy              redact.Proxy `json:"proxy"`
}

// Image is the disk image that the engine boots.
type Image = boxes.Image

// Mount is a host folder seen in both guests at Target.
type Mount struct {
	Source string `json:"source"` // absolute, in the host's own form
	// Real is Source without links, as it was when the user agreed to it.
	Real     string    `json:"real,omitempty"`
	Target   string    `json:"target"`
	ReadOnly bool      `json:"read_only,omitempty"`
	Type     MountType `json:"type"`
	// Exclude are patterns of names that are not copied.
	Exclude []string `json:"exclude,omitempty"`
}

// Copied tells whether the guests have a copy instead of the folder itself.
func (m Mount) Copied() bool { return m.Type == Copy }

// MountType is how the guests get a folder of the host.
type MountType string

// The types of a mount.
const (
	SSHFS MountType = "sshfs" // the folder itself, live
	Copy  MountType = "copy"  // a copy that follows it, one way
)

// UnmarshalText reads the type as records have it. A copy was called "rsync"
// until rsync turned out not to be needed for it.
func (t *MountType) UnmarshalText(text []byte) error {
	if *t = MountType(text); *t == "rsync" {
		*t = Copy
	}
	return nil
}

// Share is a dataset of the FreeBSD guest seen by the engine at Target.
type Share struct {
	Name   string `json:"name"`
	Type   string `json:"type"` // 9p or nfs
	Target string `json:"target"`
}

// Provision is a script of the user's, run after fbdock's own steps.
type Provision struct {
	Name string `json:"name"`
	On   string `json:"on"` // freebsd or engine
	// Inline is the text of the script; Script is the host file that holds
	// it instead. One of the two is set.
	Inline string `json:"inline,omitempty"`
	Script string `json:"script,omitempty"`
}
