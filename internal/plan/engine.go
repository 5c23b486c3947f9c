package plan

import (
	"cmp"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/redact"
)

// DefaultImage is the engine image where none is named.
const DefaultImage = "alpine-3.24"

const (
	// engineCPUs and engineMemory are the least a useful engine needs.
	engineCPUs   = 2
	engineMemory = 2 * hcl.GiB
	engineDisk   = 40 * hcl.GiB
	// guestReserve is what FreeBSD itself needs beside the engine: kernel,
	// ARC and sshd, measured against the OOM kills that boxes of 3 GiB had.
	guestReserve = 1536 * hcl.MiB
)

func (b *builder) engine(m Machine) Engine {
	in := b.in.Engine
	e := Engine{
		Hypervisor:         cmp.Or(in.Hypervisor, "auto"),
		CPUs:               cmp.Or(in.CPUs, engineCPUs),
		Memory:             cmp.Or(in.Memory, engineMemory),
		Disk:               cmp.Or(in.Disk, engineDisk),
		Network:            in.Network,
		MAC:                MAC,
		Bridge:             "bridge0",
		Tap:                "tap0",
		Daemon:             in.Daemon,
		InsecureTCP:        in.InsecureTCP,
		GuestPorts:         guestPorts(in.GuestPorts),
		RegistryMirrors:    in.RegistryMirrors,
		InsecureRegistries: in.InsecureRegistries,
		DNS:                in.DNS,
		Proxy:              b.proxy(),
	}
	e.Placement, e.PlacementReason = b.placement(m)
	e.Data = b.data(m, e)
	network(b, m, &e)
	if !e.Sibling() {
		b.virtualBoxCPUs(m.Provider, &e)
	}
	if m.OwnComputer() {
		e.Bridge, e.Tap = ownBridge, ownTap
	}
	e.Image = b.image(in.Image).Near(m.Mirrors.Alpine)
	for i, file := range in.CACertificates {
		e.CACertificates = append(e.CACertificates, b.certificates(fmt.Sprintf("engine.ca_certificates.%d", i), file))
	}
	return e
}

// guestPorts gives each port its protocol.
func guestPorts(ports []string) []string {
	var named []string
	for _, port := range ports {
		if !strings.Contains(port, "/") {
			port += "/tcp"
		}
		named = append(named, port)
	}
	return named
}

// virtualBoxCPUs keeps the engine at one CPU on VirtualBox unless the user
// asks for more: two nested vCPUs end in a guru meditation there
// (VirtualBox issues 449 and 450).
func (b *builder) virtualBoxCPUs(provider string, e *Engine) {
	if provider != "virtualbox" {
		return
	}
	if b.in.Engine.CPUs == 0 {
		e.CPUs = 1
		b.note("engine.cpus is 1: VirtualBox is known to crash with two nested CPUs; set engine.cpus to try more")
		return
	}
	if e.CPUs > 1 {
		b.report(hcl.Warning, "engine.cpus", "remove engine.cpus to run the engine with one CPU, or use another provider",
			"VirtualBox may crash", "VirtualBox is known to crash when a nested machine has more than one CPU.")
	}
}

func (b *builder) proxy() redact.Proxy {
	if p := b.in.Engine.Proxy; p != (redact.Proxy{}) {
		return p
	}
	return b.host.Proxy
}

// overlap refuses a network that something else already answers in. The
// networks of a computer of the user's own are looked at there, where the
// engine's is one of them once it is up.
func (b *builder) overlap(network netip.Prefix, own bool) {
	const hint = `choose another network, such as engine { network = "10.91.0.0/24" }`
	type owned struct {
		network netip.Prefix
		owner   string
	}
	taken := []owned{
		{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
		{netip.MustParsePrefix("10.0.2.0/24"), "the NAT network of VirtualBox and QEMU"},
	}
	if own {
		taken = taken[:1]
	}
	if b.in.Podman {
		taken = append(taken, owned{netip.MustParsePrefix("10.88.0.0/16"), "podman's first network"})
	}
	for _, t := range taken {
		if network.Overlaps(t.network) {
			b.report(hcl.Error, "engine.network", hint, "network is taken",
				fmt.Sprintf("%s overlaps %s, %s.", network, t.network, t.owner))
			return
		}
	}
	for _, r := range b.host.Routes {
		if !own && r.Bits() > 0 && network.Overlaps(r) {
			b.report(hcl.Error, "engine.network", hint, "network is taken",
				fmt.Sprintf("%s overlaps %s, which this computer already has a route to.", network, r))
			return
		}
	}
}

// image takes a path for what it is and asks the catalogue for all else.
func (b *builder) image(name string) Image {
	if strings.ContainsAny(name, `/\`) || strings.HasSuffix(name, ".qcow2") {
		path := b.file("engine.image", name)
		return Image{Name: filepath.Base(path), Architecture: b.architecture(), Path: path}
	}
	image, err := b.catalogue.Image(cmp.Or(name, DefaultImage), b.architecture())
	if err != nil {
		b.failed("engine.image", "unknown engine image", err)
	}
	return image
}

// file makes a host path absolute and reports it when it is not there.
func (b *builder) file(path, name string) string {
	name = b.abs(name)
	if b.host.IsFile != nil && !b.host.IsFile(name) {
		b.report(hcl.Error, path, "check the path; it is taken relative to the folder of the configuration",
			"no such file", fmt.Sprintf("%s does not exist or is no file.", name))
	}
	return name
}

// certificates is file for one that holds certificates.
func (b *builder) certificates(path, name string) string {
	reported := len(b.diags)
	name = b.file(path, name)
	if b.host.CheckCertificates == nil || len(b.diags) > reported {
		return name
	}
	if err := b.host.CheckCertificates(name); err != nil {
		b.failed(path, "certificates cannot be used", err)
	}
	return name
}

func (b *builder) abs(name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(b.dir, name)
}
