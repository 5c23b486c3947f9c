package agent

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/fbdock/fbdock/internal/agent/uplink"
	"github.com/fbdock/fbdock/internal/engine"
	"github.com/fbdock/fbdock/internal/mount"
	"github.com/fbdock/fbdock/internal/retry"
)

const (
	// tellWait bounds one question to a guest about its mount points.
	tellWait = 30 * time.Second
	// refuseAfter is how many tries in a row fail before the engine is told
	// that the host cannot mount a folder, and its dockerd waits no longer: at
	// boot the first may come too early.
	refuseAfter = 3
	// lateWait is how long dockerd is waited for after a mount, lateRetry the
	// time between two tries.
	lateWait  = 3 * time.Minute
	lateRetry = 3 * time.Second
)

// points has each guest know which folders are to be mounted there, so that
// nothing is written to a mount point before, and the engine's dockerd starts
// no container without them. It starts those that dockerd gave up on.
type points struct {
	mounts *mounts
	turn   map[string]chan struct{} // held by who tells a guest; guards told
	told   map[string][]mount.Folder
}

func newPoints(m *mounts) *points {
	p := &points{mounts: m, turn: map[string]chan struct{}{}, told: map[string][]mount.Folder{}}
	for _, guest := range []string{UserFreeBSD, UserEngine} {
		p.turn[guest] = make(chan struct{}, 1)
	}
	return p
}

// declare tells a guest of the folders of now, unless it knows.
func (p *points) declare(ctx context.Context, guest string, j *uplink.Session) error {
	select {
	case p.turn[guest] <- struct{}{}:
		defer func() { <-p.turn[guest] }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	folders := p.mounts.targets(guest)
	told, known := p.told[guest]
	if known && slices.EqualFunc(told, folders, samePoint) {
		return nil
	}
	root, err := p.mounts.agent.rootOf(guest, j)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, tellWait)
	defer cancel()
	err = j.Hold(ctx, func() error { return mount.Declare(ctx, j.Client, root, folders) })
	if err == nil {
		p.told[guest] = folders
	}
	return err
}

func samePoint(a, b mount.Folder) bool { return a.Target == b.Target && a.Copied == b.Copied }

// run keeps both guests told, and starts late containers, until ctx ends.
func (p *points) run(ctx context.Context) {
	var guests sync.WaitGroup
	defer guests.Wait()
	for guest, get := range map[string]func(context.Context) (*uplink.Session, error){
		UserFreeBSD: p.mounts.agent.freebsd.Get, UserEngine: p.mounts.agent.engine.Get,
	} {
		guests.Go(func() { p.keepTold(ctx, guest, get) })
	}
	p.startLate(ctx)
}

// keepTold tells a guest of every change. An engine that nothing is to be
// mounted in is not logged in to for that: `up` tells it. In FreeBSD the agent is
// logged in.
func (p *points) keepTold(ctx context.Context, guest string, get func(context.Context) (*uplink.Session, error)) {
	delays, ever := retry.NewDelays(firstRetry, lastMountRetry), guest == UserFreeBSD
	for last := error(nil); ctx.Err() == nil; {
		changed := p.mounts.change()
		var err error
		if ever = ever || len(p.mounts.targets(guest)) > 0; ever {
			err = p.tell(ctx, guest, get)
		}
		if err == nil {
			last = nil
			delays.Reset()
			select {
			case <-changed:
			case <-ctx.Done():
			}
			continue
		}
		if last == nil || last.Error() != err.Error() {
			p.mounts.agent.o.Log.Debug("mount points are not declared", "guest", guest, "error", err)
		}
		last = err
		_ = retry.Sleep(ctx, delays.Next())
	}
}

func (p *points) tell(ctx context.Context, guest string, get func(context.Context) (*uplink.Session, error)) error {
	j, err := get(ctx)
	if err != nil {
		return err
	}
	return p.declare(ctx, guest, j)
}

// failed counts the attempts to mount a folder in the engine, and tells it in
// the end that the host cannot.
func (p *points) failed(ctx context.Context, f *folder) {
	j := p.mounts.agent.engine.Current()
	if f.guest != UserEngine || j == nil || !j.Alive() {
		return
	}
	p.mounts.mu.Lock()
	if f.over != j {
		f.over, f.attempts, f.refused = j, 0, false
	}
	f.attempts++
	tell, reason, folder := f.attempts >= refuseAfter && !f.refused, f.failed, f.Folder
	p.mounts.mu.Unlock()
	if !tell || reason == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, tellWait)
	defer cancel()
	if err := j.Hold(ctx, func() error { return mount.Refuse(ctx, j.Client, nil, folder, reason) }); err != nil {
		p.mounts.agent.o.Log.Debug("the engine was not told", "folder", folder.Source, "error", err)
		return // the next failure tells it
	}
	p.mounts.mu.Lock()
	defer p.mounts.mu.Unlock()
	f.refused = f.over == j
}

// startLate starts, whenever a folder has come to the engine, the containers
// that dockerd could not start without it.
func (p *points) startLate(ctx context.Context) {
	seen := map[string]time.Time{}
	for ctx.Err() == nil {
		changed := p.mounts.change()
		if come := p.mounts.come(UserEngine, seen); len(come) > 0 && p.mounts.agent.settings().Engine != "" {
			p.start(ctx, come)
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// start asks dockerd, which may be about to start itself.
func (p *points) start(ctx context.Context, folders []string) {
	ctx, cancel := context.WithTimeout(ctx, lateWait)
	defer cancel()
	log := p.mounts.agent.o.Log
	for {
		err := p.mounts.agent.askDockerd(ctx, func(c *engine.Client) error {
			ctx, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			started, failed, err := c.StartLate(ctx, folders)
			for _, name := range started {
				log.Info("started a container that waited for its folder", "container", name)
			}
			for name, err := range failed {
				log.Warn("a container that waited for its folder does not start", "container", name, "error", err)
			}
			return err
		})
		if err == nil || retry.Sleep(ctx, lateRetry) != nil {
			return
		}
	}
}

// change is closed at the next change of any mount.
func (m *mounts) change() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

// targets are the folders that a guest is to have, as far as it has to know
// them.
func (m *mounts) targets(guest string) []mount.Folder {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []mount.Folder
	for _, f := range m.folders {
		if f.guest == guest {
			all = append(all, mount.Folder{Target: f.Target, Copied: f.Copied})
		}
	}
	return all
}

// come gives the targets that came to a guest since it was asked last, by
// what seen keeps.
func (m *mounts) come(guest string, seen map[string]time.Time) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []string
	for _, f := range m.folders {
		if f.guest == guest && f.live != nil && !f.since.Equal(seen[f.Target]) {
			seen[f.Target] = f.since
			all = append(all, f.Target)
		}
	}
	return all
}

// moved notes what a guest had to move aside for a mount.
func (m *mounts) moved(f *folder, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f.aside = text
	m.agent.o.Log.Warn("moved aside", "guest", f.guest, "folder", f.Source, "text", text)
}
