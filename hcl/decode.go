package hcl

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// decoder reads one configuration.
type decoder struct {
	file      string
	opts      Options
	c         *collector
	eval      *evaluator
	sources   Sources
	variables []variable
	locals    []string
}

func newDecoder(file string, opts Options) *decoder {
	c := &collector{}
	b := &budget{left: evaluationBudget}
	return &decoder{
		file: file, opts: opts, c: c, sources: Sources{},
		eval: &evaluator{
			c: c, budget: b, functions: functions(opts, filepath.Dir(file), b),
			symbols: map[string]*symbol{}, named: map[hclsyntax.Expression][]*symbol{},
		},
	}
}

// config decodes the syntax tree; it is nil where that makes no sense.
func (d *decoder) config(body *hclsyntax.Body) *Config {
	schema := Schema()
	root := &scope{d: d, schema: schema, body: body, at: startOf(d.file)}
	d.declare(root)
	cfg := &Config{Path: d.file}
	var met bool
	if cfg.RequiredVersion, met = d.requiredVersion(root); !met {
		return nil
	}
	root.names()
	d.assign()
	machine, _ := schema.block("machine")
	first := map[string]Range{}
	for _, b := range body.Blocks {
		if b.Type == "machine" {
			cfg.Machines = append(cfg.Machines, d.machine(machine, b, first))
		}
	}
	if len(cfg.Machines) == 0 && !hasUnknownBlock(body) {
		d.c.fail(startOf(d.file), "there is no machine block",
			`The least that works is: machine "dev" {}`, "fbdock init")
	}
	return cfg
}

// hasUnknownBlock holds where a misspelt machine was told already.
func hasUnknownBlock(body *hclsyntax.Body) bool {
	for _, b := range body.Blocks {
		if _, ok := Schema().block(b.Type); !ok {
			return true
		}
	}
	return false
}

// requiredVersion checks the constraint of the file against this fbdock.
// When it is not met, nothing else is told: what a newer fbdock knows looks
// like mistakes to this one.
func (d *decoder) requiredVersion(root *scope) (text string, met bool) {
	for _, b := range root.blocks("fbdock") {
		if text = b.Constraint("required_version"); text == "" {
			continue
		}
		constraint, err := version.NewConstraint(text)
		have, haveErr := version.NewVersion(d.opts.Version)
		if err != nil || haveErr != nil || constraint.Check(have.Core()) {
			continue
		}
		at := rangeOf(b.body.Attributes["required_version"].Expr.Range())
		d.c.diags = nil
		d.c.fail(at, fmt.Sprintf("this is fbdock %s, but the file needs %s", have, text), "",
			"install a version of fbdock that fits, or change required_version")
		return text, false
	}
	return text, true
}

func (d *decoder) machine(schema Block, b *hclsyntax.Block, first map[string]Range) Machine {
	m := Machine{Where: map[string]Range{}}
	s := d.enter(schema, b, "", m.Where)
	m.Name = s.label
	if m.Name != "" {
		d.once(first, "machine", m.Name, s.labelAt)
	}
	m.Provider = s.String("provider")
	m.Host, m.Architecture = s.String("host"), s.String("architecture")
	m.Box = s.String("box")
	m.BoxVersion = s.Constraint("box_version")
	m.BoxURL, m.BoxChecksum = s.String("box_url"), strings.ToLower(s.String("box_checksum"))
	m.CPUs = s.Int("cpus")
	m.Memory = s.Size("memory")
	m.CLI = s.String("cli")
	s.ownComputer(m)
	s.boxSource(m)
	for _, b := range s.blocks("storage") {
		m.Storage = Storage{Pool: b.String("pool"), Compression: b.String("compression"), ARCMax: b.Size("arc_max")}
	}
	for _, b := range s.blocks("engine") {
		m.Engine = b.engine()
	}
	names := map[string]Range{}
	for _, b := range s.blocks("mount") {
		m.Mounts = append(m.Mounts, b.mount(names))
	}
	for _, b := range s.blocks("share") {
		m.Shares = append(m.Shares, b.share(names))
	}
	for _, b := range s.blocks("forward") {
		m.Forward = &Forward{Bind: b.Address("bind"), Max: b.Int("max")}
	}
	m.Podman = len(s.blocks("podman")) > 0
	for _, b := range s.blocks("timeouts") {
		m.Timeouts = Timeouts{
			Boot: b.Duration("boot"), Engine: b.Duration("engine"), Stop: b.Duration("stop"), Command: b.Duration("command"),
		}
	}
	for _, b := range s.blocks("provision") {
		m.Provisions = append(m.Provisions, b.provision(names))
	}
	return m
}

func (s *scope) engine() Engine {
	e := Engine{
		Hypervisor: s.String("hypervisor"), Placement: s.String("placement"), Image: s.String("image"), CPUs: s.Int("cpus"),
		Memory: s.Size("memory"), Disk: s.Size("disk"), Network: s.Network("network"),
		Daemon: s.Object("daemon"), InsecureTCP: s.Bool("insecure_tcp"), GuestPorts: s.Strings("guest_ports"),
		RegistryMirrors: s.Strings("registry_mirrors"), InsecureRegistries: s.Strings("insecure_registries"),
		DNS: s.Addresses("dns"), CACertificates: s.Strings("ca_certificates"),
	}
	if e.InsecureTCP {
		s.d.c.warn(rangeOf(s.body.Attributes["insecure_tcp"].Expr.Range()), "insecure_tcp opens port 2375 without TLS",
			"Whoever reaches the port is root on the engine. It is kept within the FreeBSD guest.",
			"leave it out: fbdock docker and the docker context use TLS or SSH")
	}
	for _, b := range s.blocks("proxy") {
		e.Proxy = Proxy{HTTP: b.String("http"), HTTPS: b.String("https"), No: b.String("no")}
	}
	return e
}

func (s *scope) mount(first map[string]Range) Mount {
	if s.label != "" {
		s.d.once(first, "mount", filepath.ToSlash(filepath.Clean(s.label)), s.labelAt)
	}
	return Mount{Source: s.label, Target: s.String("target"), ReadOnly: s.Bool("read_only"), Type: s.String("type"), Exclude: s.Strings("exclude")}
}

func (s *scope) share(first map[string]Range) Share {
	if s.label != "" {
		s.d.once(first, "share", s.label, s.labelAt)
	}
	return Share{Name: s.label, Type: s.String("type"), Target: s.String("target")}
}

func (s *scope) provision(first map[string]Range) Provision {
	if s.label != "" {
		s.d.once(first, "provision", s.label, s.labelAt)
	}
	p := Provision{
		Name: s.label, On: s.String("on"), Script: s.String("script"),
		// A file with Windows line ends would hand the shell a \r per line.
		Inline: strings.ReplaceAll(s.String("inline"), "\r\n", "\n"),
	}
	_, inline := s.body.Attributes["inline"]
	_, script := s.body.Attributes["script"]
	switch {
	case inline && script:
		s.d.c.fail(s.at, s.title()+" has both inline and script", "", "keep one of them")
	case !inline && !script:
		s.d.c.fail(s.at, s.title()+" has neither inline nor script", "", `add inline = "..." or script = "FILE"`)
	}
	return p
}
