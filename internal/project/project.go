package project

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/images"
	"github.com/fbdock/fbdock/internal/lockfile"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/reach"
	"github.com/fbdock/fbdock/internal/state"
	"github.com/fbdock/fbdock/platforms"
)

// Options are what every use case is given by the command line.
type Options struct {
	host.Env
	// Dir is where the search for fbdock.hcl begins, or the file itself.
	Dir      string
	Vars     map[string]string
	VarFiles []string
	// HostFacts is what planning knows of this computer.
	HostFacts plan.Host
	// Asks is for commands that start machines: they ask about what the
	// configuration reaches for.
	Asks bool
	// Applied is for commands on machines as they were made: what the
	// configuration says otherwise waits for `up`.
	Applied bool
	// Destroys is for a command that removes machines: it does not need to know
	// what was applied.
	Destroys bool
	// AllowReach stands for the user's yes to what it reaches for.
	AllowReach bool
	// Today is the date that support ends by; zero is the clock's.
	Today time.Time
	// Facts reads what this computer is, versions included; nil leaves the
	// checks of `up` out.
	Facts func(context.Context) (platforms.Facts, error)
	// Catalogue names boxes and engine images.
	Catalogue plan.Catalogue
	// FreeBSD is where FreeBSD publishes its files; "" is download.freebsd.org.
	FreeBSD string
	// Ahead is a login at an agent that was begun before the configuration
	// was read; it may be nil.
	Ahead *machine.Ahead
}

// Project is one fbdock.hcl, loaded and planned.
type Project struct {
	Options
	Dir    string // of fbdock.hcl, absolute and without links
	Config hcl.Config
	Plan   plan.Plan
	State  state.Dir
	claim  *state.Claim // another project that the folder seems to be of
	Lock   *lockfile.File
	// reads are what the configuration has read, agreements what the user has
	// agreed to that it reaches for.
	reads      reach.Reads
	agreements *agreements
	// differs is what the configuration says otherwise than what runs, by
	// machine, until it is told. unnamed are machines that it does not name.
	differs     map[string][]Change
	unnamed     []plan.Machine
	toldUnnamed bool
}

// Loaded is what loading a configuration gave, also when it is wrong.
type Loaded struct {
	Project     *Project // nil when there are errors
	Diagnostics hcl.Diagnostics
	Sources     hcl.Sources
}

// Load finds, reads, checks and plans the configuration. The error is for
// what has no place in a file.
func Load(ctx context.Context, o Options) (Loaded, error) {
	file, found, err := o.Settle(ctx)
	if err != nil {
		return Loaded{}, err
	}
	o.tellFound(found)
	a := &agreements{project: found.Dir}
	for {
		r := &reads{agreements: a, dir: found.Folder()}
		loaded, err := o.load(ctx, file, found, r)
		if err = errors.Join(err, r.err); err != nil || len(r.unread) == 0 || !o.Asks {
			return loaded, err
		}
		if err := o.askReach(a, r.unread); err != nil {
			return Loaded{}, err
		}
	}
}

func (o Options) load(ctx context.Context, file string, found state.Found, r *reads) (Loaded, error) {
	cfg, sources, diags := hcl.Load(shown(file), r.options(ctx, o))
	if cfg == nil {
		return o.broken(ctx, found, diags, sources)
	}
	folder := found.Dir
	o.HostFacts.Suffix = folder.Suffix()
	if o.HostFacts.Made == nil {
		o.HostFacts.Made = func(name string) string { return machine.MadeWith(folder, name) }
	}
	if o.HostFacts.Placed == nil {
		o.HostFacts.Placed = func(name string) (string, string) { return Placed(folder, name) }
	}
	if o.HostFacts.Data == nil {
		o.HostFacts.Data = func(name string) string { return dataOf(folder, name) }
	}
	if o.HostFacts.Private == nil {
		o.HostFacts.Private = func(path string) string { return o.holder(folder, path) }
	}
	p, more := plan.Build(*cfg, folder.Folder(), o.HostFacts, o.Catalogue)
	diags = append(append(diags, more...), reservedNames(*cfg)...)
	if diags.HasErrors() {
		return o.broken(ctx, found, diags, sources)
	}
	if err := r.owned(o, filepath.Join(folder.Folder(), lockfile.Name)); err != nil {
		return Loaded{}, &failure.Error{Err: err, Code: failure.ExitUsage}
	}
	lock, err := lockfile.Load(ctx, folder.Folder())
	if err != nil {
		return Loaded{}, &failure.Error{Err: err, Code: failure.ExitUsage}
	}
	images.UsePins(&p, lock)
	images.NoteSupport(&p, o.Day())
	project := &Project{Options: o, Dir: folder.Folder(), Config: *cfg, Plan: p, State: folder, claim: found.Claim, Lock: lock, reads: r.Reads, agreements: r.agreements}
	if o.Applied {
		err = project.useApplied(ctx)
	}
	return Loaded{Project: project, Diagnostics: diags, Sources: sources}, err
}

// broken is a configuration with errors. Machines that were made before can be
// used all the same, by commands that do not start any.
func (o Options) broken(ctx context.Context, found state.Found, diags hcl.Diagnostics, sources hcl.Sources) (Loaded, error) {
	loaded := Loaded{Diagnostics: diags, Sources: sources}
	if !o.Applied || !found.Exists() {
		return loaded, nil
	}
	lock, err := lockfile.Load(ctx, found.Folder())
	if err != nil {
		return loaded, nil //nolint:nilerr // the configuration is wrong before it
	}
	p := &Project{Options: o, Dir: found.Folder(), State: found.Dir, claim: found.Claim, Lock: lock, agreements: &agreements{project: found.Dir}}
	if p = p.withoutConfig(ctx, diags); p != nil {
		return Loaded{Project: p, Sources: sources}, nil
	}
	return loaded, nil
}

// shown is the file as a person in the current folder would name it.
func shown(file string) string {
	here, err := os.Getwd()
	if err != nil {
		return file
	}
	if rel, err := filepath.Rel(here, file); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return file
}

// Machine is the machine that a command is about: the one named, or the
// only one.
func (p *Project) Machine(name string) (plan.Machine, error) {
	if name != "" {
		if m, ok := p.Plan.Machine(name); ok {
			p.TellDiffers(m)
			return m, nil
		}
		return plan.Machine{}, p.noMachine(name)
	}
	named := p.Plan.Machines[:len(p.Plan.Machines)-len(p.unnamed)]
	if len(named) == 0 {
		named = p.unnamed
	}
	if len(named) == 1 {
		p.TellDiffers(named[0])
		return named[0], nil
	}
	return plan.Machine{}, &failure.Error{
		Err:  errors.New("there are several machines, and none was named"),
		Next: "name one with -m: " + strings.Join(p.names(), ", "), Code: failure.ExitUsage,
	}
}

func (p *Project) noMachine(name string) error {
	return &failure.Error{
		Err:  fmt.Errorf("there is no machine %q in %s", name, hcl.FileName),
		Next: "the machines are: " + strings.Join(p.names(), ", "), Code: failure.ExitUsage,
	}
}

// Selection is the machines named, or all of them.
func (p *Project) Selection(names []string) ([]plan.Machine, error) {
	if len(names) == 0 {
		p.TellDiffers(p.Plan.Machines...)
		return p.Plan.Machines, nil
	}
	var machines []plan.Machine
	for _, name := range names {
		m, ok := p.Plan.Machine(name)
		if !ok {
			return nil, p.noMachine(name)
		}
		machines = append(machines, m)
	}
	p.TellDiffers(machines...)
	return machines, nil
}

func (p *Project) names() []string {
	var names []string
	for _, m := range p.Plan.Machines {
		names = append(names, m.Name)
	}
	return names
}

// Parse reads the configuration without planning it.
func (o Options) Parse(ctx context.Context, file string, found state.Found) (*hcl.Config, hcl.Diagnostics) {
	r := &reads{agreements: &agreements{project: found.Dir}, dir: found.Folder()}
	cfg, _, diags := hcl.Load(shown(file), r.options(ctx, o))
	return cfg, diags
}
