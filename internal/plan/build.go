package plan

import (
	"cmp"
	"fmt"
	"net/netip"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/redact"
)

// Host is what planning needs to know of the computer that fbdock runs on.
type Host struct {
	// Architecture in Vagrant's words: amd64 or arm64.
	Architecture string
	// CPUs that the host has; 0 when unknown.
	CPUs int
	// Provider is the pick for `provider = "auto"`, with the reason for it;
	// "" when none was found.
	Provider, ProviderReason string
	// Choose gives both when they are needed, instead of the two fields: to
	// find them takes a look at all that is installed. It may be nil.
	Choose func() (provider, reason string)
	// Place says where an engine goes with a provider, PlacementNested or
	// PlacementSibling, and why. nil where nobody needs to know.
	Place func(provider string) (placement, reason string)
	// Beside tells whether a provider makes engines beside FreeBSD that run at
	// the processor's speed here; nil is that none does.
	Beside func(provider string) bool
	// Placed is where the engine of a machine that is made was decided to be,
	// and why; "" when it is not made yet.
	Placed func(machine string) (placement, reason string)
	// Data is where a machine that is made has docker's data, DataDisk or
	// DataRoot; "" when it is not made yet.
	Data func(machine string) string
	// NoProvider tells that the command needs none: that there is none is no
	// warning then.
	NoProvider bool
	// Made is the provider that a machine was made with, "" when it is not
	// made yet: it stays there, whatever is installed later.
	Made func(machine string) string
	// Suffix ends the names that machines have outside of their project.
	Suffix string
	// Routes are the networks that the host reaches, the default route left out.
	Routes []netip.Prefix
	// Proxy is the host's own, used where the configuration has none.
	Proxy redact.Proxy
	// GuestPath translates an absolute host path into the guests' form.
	GuestPath func(path string) (string, error)
	// IsDir answers whether a host folder exists.
	IsDir func(path string) bool
	// Private is the folder private to fbdock that a folder lies in, or is; ""
	// for none.
	Private func(path string) string
	// IsFile answers whether a host file exists.
	IsFile func(path string) bool
	// CheckCertificates refuses a file of the host that is not certificates;
	// its error may know the next step. It may be nil.
	CheckCertificates func(path string) error
}

// Catalogue knows the boxes and engine images that fbdock can name.
type Catalogue interface {
	// Box resolves a name, "" for the pick, for a provider and architecture.
	Box(provider, architecture, name string) (Box, error)
	// Image resolves the name of an engine image.
	Image(name, architecture string) (Image, error)
}

// MAC of the engine's network card: bhyve's own vendor prefix, fixed so
// that the seed can name the card.
const MAC = "58:9c:fc:00:00:02"

// Build resolves cfg, a configuration that hcl has loaded without errors
// and that lies in the folder dir. The plan is complete only when the
// diagnostics hold no error.
func Build(cfg hcl.Config, dir string, host Host, catalogue Catalogue) (Plan, hcl.Diagnostics) {
	p := Plan{Dir: dir}
	var diags hcl.Diagnostics
	for _, m := range cfg.Machines {
		b := builder{in: m, dir: dir, host: host, catalogue: catalogue}
		p.Machines = append(p.Machines, b.machine())
		diags = append(diags, b.diags...)
	}
	diags = append(diags, siblingNames(cfg, p)...)
	return p, diags
}

// Machine finds a machine by its name.
func (p Plan) Machine(name string) (Machine, bool) {
	for _, m := range p.Machines {
		if m.Name == name {
			return m, true
		}
	}
	return Machine{}, false
}

// builder resolves one machine and collects what is wrong with it.
type builder struct {
	in        hcl.Machine
	dir       string
	host      Host
	catalogue Catalogue
	diags     hcl.Diagnostics
	notes     []string
}

func (b *builder) report(severity hcl.Severity, path, hint, summary, detail string) {
	b.diags = append(b.diags, hcl.Diagnostic{
		Severity: severity, Summary: summary, Detail: detail, Hint: hint, Range: b.in.At(path),
	})
}

func (b *builder) note(format string, args ...any) {
	b.notes = append(b.notes, fmt.Sprintf(format, args...))
}

func (b *builder) machine() Machine {
	m := Machine{
		Name:     b.in.Name,
		Instance: Instance(b.in.Name, b.host.Suffix),
		Provider: b.provider(),
		Host:     b.in.Host,
		CLI:      cmp.Or(b.in.CLI, CLIAuto),
		Forward:  Loopback(), MaxForwards: defaultForwards,
		Timeouts: Timeouts(b.in.Timeouts),
		Mirrors:  Mirrors(b.in.Mirrors),
		Podman:   b.in.Podman,
	}
	if !m.OwnComputer() {
		m.Box = b.box(m.Provider)
		if m.Timeouts.Boot > 0 {
			m.Box.BootTimeout = int(m.Timeouts.Boot.Seconds())
		}
	}
	m.Engine = b.engine(m)
	m.EngineAccess = b.in.EngineAccess && !m.Engine.Sibling()
	if m.OwnComputer() {
		m.Storage = b.ownStorage()
	} else {
		inner := m.Engine
		if m.Engine.Sibling() {
			inner.CPUs, inner.Memory = 0, 0 // what the engine has is not FreeBSD's
		}
		m.CPUs = b.cpus(inner)
		m.Memory = b.memory(inner)
		m.Storage = b.storage(m.Memory, inner.Memory)
	}
	b.forward(&m)
	m.Mounts = b.mounts(m.OwnComputer())
	m.Shares = b.shares(m)
	b.jails(&m)
	m.Provisions = b.provisions()
	m.Notes = b.notes
	return m
}

// Loopback is where published ports appear unless the user wants them
// elsewhere.
func Loopback() netip.Addr { return netip.AddrFrom4([4]byte{127, 0, 0, 1}) }

// defaultForwards is many times what a project publishes, and far from the
// number of files that a process may open.
const defaultForwards = 256

func (b *builder) forward(m *Machine) {
	if b.in.Forward == nil {
		return
	}
	if b.in.Forward.Bind.IsValid() {
		m.Forward = b.in.Forward.Bind
	}
	m.MaxForwards = cmp.Or(b.in.Forward.Max, m.MaxForwards)
}

// Instance is the name that a machine has outside of its project, where
// other projects may have a machine of the same name.
func Instance(machine, suffix string) string {
	return "fbdock-" + machine + "-" + suffix
}

func (b *builder) provider() string {
	if b.in.Host != "" {
		return ProviderSSH
	}
	if p := b.in.Provider; p != "" && p != "auto" {
		return p
	}
	if b.host.Made != nil {
		if made := b.host.Made(b.in.Name); made != "" {
			b.note("provider %s: the machine was made with it", made)
			return made
		}
	}
	if b.host.Choose != nil {
		b.host.Provider, b.host.ProviderReason = b.host.Choose()
	}
	if b.host.Provider == "" && b.host.NoProvider {
		return ""
	}
	if b.host.Provider == "" {
		// The file is not wrong: it may be checked on one computer and run on
		// another.
		b.report(hcl.Warning, "provider", "install a provider, such as libvirt on Linux, or name one",
			"no provider found", "Nothing that can run the FreeBSD guest was found on this computer.")
		return ""
	}
	if b.host.ProviderReason != "" {
		b.note("provider %s: %s", b.host.Provider, b.host.ProviderReason)
	}
	return b.host.Provider
}

func (b *builder) failed(path, summary string, err error) {
	b.report(hcl.Error, path, failure.Hint(err), summary, err.Error())
}
