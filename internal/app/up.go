package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/progress"
	"github.com/fbdock/fbdock/internal/state"
	"github.com/fbdock/fbdock/provision"
)

const (
	// bootDeadline bounds the wait for FreeBSD to answer again.
	bootDeadline = 10 * time.Minute
	// lockWait is how long a change waits for another fbdock to end.
	lockWait = 2 * time.Second
)

// UpResult is what `up` has done to one machine.
type UpResult struct {
	Machine string `json:"machine"`
	// Changed is false when everything was up and as configured.
	Changed bool             `json:"changed"`
	Engine  string           `json:"engine"` // dockerd's version
	Phases  []progress.Timed `json:"phases"`
}

// Up brings machines to the state that the configuration describes,
// starting from whatever state they are in.
func (p *Project) Up(ctx context.Context, names []string) ([]UpResult, error) {
	machines, err := p.Selection(names)
	if err != nil {
		return nil, err
	}
	for _, m := range machines {
		if err := p.besideable(m); err != nil {
			return nil, err
		}
		if err := p.system(m).Preflight(ctx); err != nil {
			return nil, err
		}
	}
	if err := p.agreeToReach(); err != nil {
		return nil, err
	}
	unlock, err := p.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := p.rememberReach(); err != nil {
		return nil, err
	}
	p.warnUnnamed(p.madeBefore())
	var results []UpResult
	for _, m := range machines {
		u := &upRun{Project: p, system: p.system(m), m: m, files: p.State.Machine(m.Name)}
		r, err := u.run(ctx)
		if err != nil {
			return results, err
		}
		p.bringAgent(ctx, u.settled)
		results = append(results, r)
	}
	return results, nil
}

// lock takes the project's lock, and makes what is kept of the project where
// it has not been made yet.
func (p *Project) lock(ctx context.Context) (unlock func(), err error) {
	if err := p.refuseRestored(); err != nil {
		return nil, err
	}
	if p.State, err = p.State.Open(p.Version); err != nil {
		return nil, err
	}
	l, err := p.State.Lock(ctx, cmp.Or(p.Timeouts.Project, lockWait))
	if err != nil {
		return nil, err
	}
	return func() {
		if err := l.Unlock(); err != nil {
			p.Progress.Warn(err.Error())
		}
	}, nil
}

// upRun is one `up` of one machine.
type upRun struct {
	*Project
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
	content         content
	changing        changing
	settled         plan.Machine // as it is now
}

// phase runs f as a phase of progress.
func (u *upRun) phase(name string, f func() (string, error)) error {
	began := time.Now()
	err := progress.Run(u.Progress, name, f)
	u.phases = append(u.phases, progress.Timed{Name: name, Elapsed: time.Since(began)})
	return err
}

func (u *upRun) run(ctx context.Context) (UpResult, error) {
	for _, note := range u.m.Notes {
		u.Progress.Say(note)
	}
	var err error
	if u.applied, err = u.files.Applied(); err != nil {
		return UpResult{}, err
	}
	if err := u.compare(); err != nil {
		return UpResult{}, err
	}
	if u.content, err = u.Project.content(ctx, u.m); err != nil {
		return UpResult{}, err
	}
	if u.m.Engine.Image.Path != "" { // its digest is agreed to as well
		if u.material.image, err = u.image(ctx); err != nil {
			return UpResult{}, err
		}
	}
	settings := provision.Settings(u.content.machine, u.content.inputs(u.Options, u.material.image.sha512))
	if err := u.system.Agree(ctx, u.phase, settings); err != nil {
		return UpResult{}, err
	}
	if err := u.prepare(ctx); err != nil {
		return UpResult{}, err
	}
	if version, ok := u.upToDate(ctx); ok {
		u.warnStale()
		if err := u.settle(); err != nil {
			return UpResult{}, err
		}
		if !u.changing.now() {
			u.Progress.Say(fmt.Sprintf("%s is up, nothing to do", u.m.Name))
		}
		return UpResult{Machine: u.m.Name, Changed: u.changing.now(), Engine: version, Phases: u.phases}, nil
	}
	version, err := u.build(ctx)
	if err != nil {
		return UpResult{}, err
	}
	return UpResult{Machine: u.m.Name, Changed: true, Engine: version, Phases: u.phases}, nil
}

// build does all steps. Every part may have been done before, in part
// or in whole.
func (u *upRun) build(ctx context.Context) (version string, err error) {
	g, err := u.freebsd(ctx)
	if err != nil {
		return "", err
	}
	u.guest.Store(g)
	defer func() { err = errors.Join(err, u.guest.Load().Close()) }()
	if err := u.beginEngine(ctx); err != nil {
		return "", err
	}
	if err := u.steps(ctx); err != nil {
		return "", err
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
	if err := u.phase("layers", func() (string, error) { return u.allWork(ctx, u.guest.Load()) }); err != nil {
		return "", err
	}
	u.warnStale()
	if u.applied.Vagrantfile != "" {
		u.wanted.Vagrantfile = u.applied.Vagrantfile // what runs was started from that
	}
	return version, u.files.SetApplied(u.wanted)
}

// freebsd is a login to the running guest. One that answers by its pinned
// key needs no Vagrant; else it is made or started.
func (u *upRun) freebsd(ctx context.Context) (*machine.Guest, error) {
	if g, err := u.on(u.m).Cached(ctx, machine.QuickDial); err == nil {
		return g, nil
	}
	// A machine that was taken over may run, and only its address be unknown.
	if !host.Exists(u.files.SSHConfig()) && machine.MadeWith(u.State, u.m.Name) != "" && u.on(u.m).Refresh(ctx) == nil {
		if g, err := u.on(u.m).Cached(ctx, machine.QuickDial); err == nil {
			return g, nil
		}
	}
	return u.start(ctx, u.system.Up)
}

// start has the guest started, in one way or another, and logs in.
func (u *upRun) start(ctx context.Context, start func(context.Context, progress.Runner) error) (g *machine.Guest, err error) {
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

func (u *upRun) login(ctx context.Context) (*machine.Guest, string, error) {
	if err := u.on(u.m).Refresh(ctx); err != nil {
		return nil, "", err
	}
	g, err := u.on(u.m).Cached(ctx, 0)
	if err != nil {
		return nil, "", err
	}
	words, err := g.Sudo(ctx, ". /etc/os-release && printf '%s' \"$PRETTY_NAME\"")
	if err != nil {
		return nil, "", errors.Join(err, g.Close())
	}
	return g, words, nil
}
