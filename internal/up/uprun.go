package up

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/jail"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/progress"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/internal/state"
	"github.com/fbdock/fbdock/provision"
)

// bootDeadline bounds the wait for FreeBSD to answer again.
const bootDeadline = 10 * time.Minute

// run is one `up` of one machine.
type run struct {
	*project.Project
	system machine.System
	m      plan.Machine
	files  state.Machine
	phases []progress.Timed
	// guest is the login of now; a lost one gives way to another.
	guest atomic.Pointer[machine.Guest]
	// applied is what the record says of the last up that arrived, wanted
	// what it is to say after this one.
	applied, wanted state.Applied
	material        material
	content         project.Content
	changing        changing
	settled         plan.Machine // as it is now
	engine          engineVM
}

// phase runs f as a phase of progress.
func (u *run) phase(name string, f func() (string, error)) error {
	began := time.Now()
	err := progress.Run(u.Progress, name, f)
	u.phases = append(u.phases, progress.Timed{Name: name, Elapsed: time.Since(began)})
	return err
}

// Up brings a machine up: it is run once for each. The machine is as it was
// settled.
func Up(ctx context.Context, p *project.Project, m plan.Machine) (Result, plan.Machine, error) {
	u := &run{Project: p, system: p.System(m), m: m, files: p.State.Machine(m.Name)}
	r, err := u.run(ctx)
	return r, u.settled, err
}

func (u *run) run(ctx context.Context) (Result, error) {
	for _, note := range u.m.Notes {
		u.Progress.Say(note)
	}
	var err error
	if u.applied, err = u.files.Applied(); err != nil {
		return Result{}, err
	}
	if err := needsAgent(u); err != nil {
		return Result{}, err
	}
	if err := u.compare(); err != nil {
		return Result{}, err
	}
	if u.content, err = u.Content(ctx, u.m); err != nil {
		return Result{}, err
	}
	if u.m.Engine.Image.Path != "" { // its digest is agreed to as well
		if u.material.image, err = u.image(ctx); err != nil {
			return Result{}, err
		}
	}
	settings := provision.Settings(u.content.Machine, u.content.Inputs(u.Options, u.material.image.sha512))
	if err := u.system.Agree(ctx, u.phase, settings); err != nil {
		return Result{}, err
	}
	if err := u.prepare(ctx); err != nil {
		return Result{}, err
	}
	if version, ok := u.upToDate(ctx); ok {
		u.warnStale()
		if err := u.settle(); err != nil {
			return Result{}, err
		}
		if !u.changing.now() {
			u.Progress.Say(fmt.Sprintf("%s is up, nothing to do", u.m.Name))
		}
		return Result{Machine: u.m.Name, Changed: u.changing.now(), Engine: version, Phases: u.phases}, nil
	}
	version, err := u.build(ctx)
	if err != nil {
		return Result{}, err
	}
	return Result{Machine: u.m.Name, Changed: true, Engine: version, Phases: u.phases}, nil
}

// build does all steps. Every part may have been done before, in part
// or in whole.
func (u *run) build(ctx context.Context) (version string, err error) {
	empty := u.applied.NoEngine || !machine.Created(u.State, u.m)
	if err := u.engine.renew(ctx, u); err != nil {
		return "", err
	}
	g, err := u.freebsd(ctx)
	if err != nil {
		return "", err
	}
	u.guest.Store(g)
	defer func() { err = errors.Join(err, u.guest.Load().Close()) }()
	if err := u.renewJails(ctx); err != nil {
		return "", err
	}
	if err := u.beginEngine(ctx); err != nil {
		return "", err
	}
	if err := agentAhead(ctx, u); err != nil {
		return "", err
	}
	if err := withRefusal(u.files, &u.applied, empty, func() error { return u.steps(ctx) }); err != nil {
		return "", err
	}
	if len(u.m.Jails) > 0 {
		if err := jail.Pin(ctx, u.guest.Load(), u.Lock); err != nil {
			return "", err
		}
	}
	if err := u.settle(); err != nil {
		return "", err
	}
	if err := u.phase("engine", func() (string, error) {
		stop := u.mountAhead(ctx)
		defer stop()
		if err = u.engineReady(ctx); err != nil {
			return "", err
		}
		version, err = u.waitDockerd(ctx)
		return "dockerd " + version, err
	}); err != nil {
		return "", err
	}
	jail.Settle(ctx, u.On(u.settled))
	if err := u.phase("layers", func() (string, error) { return u.allWork(ctx, u.guest.Load()) }); err != nil {
		return "", err
	}
	u.warnStale()
	if u.applied.Vagrantfile != "" {
		u.wanted.Vagrantfile = u.applied.Vagrantfile // what runs was started from that
	}
	u.engine.madeOf(u)
	return version, u.files.SetApplied(u.wanted)
}

// renewJails asks before jails are made anew of another release, and has the
// steps know the answer.
func (u *run) renewJails(ctx context.Context) error {
	all := jail.Renewals(ctx, u.guest.Load(), u.m)
	if len(all) == 0 {
		return nil
	}
	if err := u.Confirmed(jail.RenewalQuestion(u.m.Name, all)); err != nil {
		return err
	}
	u.material.payload = u.material.payload.WithRenewals(all)
	return nil
}

// freebsd is a login to the running guest. One that answers by its pinned
// key needs no Vagrant; else it is made or started.
func (u *run) freebsd(ctx context.Context) (*machine.Guest, error) {
	if g, err := u.On(u.m).Cached(ctx, machine.QuickDial); err == nil {
		return g, nil
	}
	// A machine that was taken over may run, and only its address be unknown.
	if !host.Exists(u.files.SSHConfig()) && machine.MadeWith(u.State, u.m.Name) != "" && u.On(u.m).Refresh(ctx) == nil {
		if g, err := u.On(u.m).Cached(ctx, machine.QuickDial); err == nil {
			return g, nil
		}
	}
	return u.start(ctx, u.system.Up)
}

// start has the guest started, in one way or another, and logs in.
func (u *run) start(ctx context.Context, start func(context.Context, progress.Runner) error) (g *machine.Guest, err error) {
	if err := start(ctx, u.phase); err != nil {
		return nil, err
	}
	// What runs now was started from the Vagrantfile as it is.
	u.applied.Vagrantfile = u.wanted.Vagrantfile
	err = u.phase("login", func() (text string, err error) {
		g, text, err = u.login(ctx)
		return text, err
	})
	return g, err
}

func (u *run) login(ctx context.Context) (*machine.Guest, string, error) {
	if err := u.On(u.m).Refresh(ctx); err != nil {
		return nil, "", err
	}
	g, err := u.On(u.m).Cached(ctx, 0)
	if err != nil {
		return nil, "", err
	}
	words, err := g.Sudo(ctx, ". /etc/os-release && printf '%s' \"$PRETTY_NAME\"")
	if err != nil {
		return nil, "", errors.Join(err, g.Close())
	}
	return g, words, nil
}

// Result is what `up` has done to one machine.
type Result struct {
	Machine string `json:"machine"`
	// Changed is false when everything was up and as configured.
	Changed bool             `json:"changed"`
	Engine  string           `json:"engine"` // dockerd's version
	Phases  []progress.Timed `json:"phases"`
}
