package agent

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/fbdock/fbdock/internal/agent/uplink"
	"github.com/fbdock/fbdock/internal/foldercopy"
	"github.com/fbdock/fbdock/internal/mount"
	"github.com/fbdock/fbdock/internal/retry"
)

const (
	firstRetry = 200 * time.Millisecond
	// lastMountRetry is the longest wait between two tries: what is in the
	// way of a mount is often the user's to move.
	lastMountRetry = 10 * time.Second
	// mountsWait is how long a question waits for mounts that are under way.
	mountsWait = 40 * time.Second
	// mountsEnd is how long unmounting may take before the link goes. It is
	// longer than what each mount has for it, or a slow guest would keep mounts
	// that nobody serves; where the link is lost they end with it at once.
	mountsEnd = mount.Farewell + 5*time.Second
)

// mounts keeps folders of the host in both guests. Each is tried for
// itself, so that one that fails takes no other along; one within another
// waits for that one.
type mounts struct {
	agent  *Agent
	points *points
	turn   sync.Mutex // held by who exchanges folders

	mu sync.Mutex
	// folders are FreeBSD's, then the engine's; the outer of nested ones first.
	// The list is replaced, never changed.
	folders []*folder
	life    context.Context //nolint:containedctx // what is mounted later lives as long; nil before run and after it
	changed chan struct{}   // closed at the next change of any of them
}

// folder is one mount in one guest.
type folder struct {
	guest string
	outer *folder
	get   func(context.Context) (*uplink.Session, error)
	wake  chan struct{}
	flush chan chan<- struct{} // of a copy
	stop  func(cause error)    // ends it, and returns when it has ended; nil before it runs

	// The mutex of mounts guards all below it. The source of the folder may
	// get another path.
	mount.Folder
	source os.FileInfo // of what is mounted, nil when that is not known

	live   context.Context //nolint:containedctx // it is the mount's own life, for those within
	end    context.CancelFunc
	since  time.Time
	failed error
	behind bool
	aside  string
	// attempts that failed over the link of now, since it was mounted last;
	// refused tells that the engine knows.
	attempts int
	over     *uplink.Session
	refused  bool
	// Tries are numbered; done is the last one that has come to something.
	begun, done int
}

// rootOf is what runs a program as root in a guest; the engine's login is
// root's.
func (a *Agent) rootOf(guest string, j *uplink.Session) ([]string, error) {
	if guest == UserEngine {
		return nil, nil
	}
	return a.o.Guests.Root(j.User())
}

// freebsdRoot is the connection to FreeBSD, and what runs a program as root there.
func (a *Agent) freebsdRoot(ctx context.Context) (*uplink.Session, []string, error) {
	j, err := a.freebsd.Get(ctx)
	if err != nil {
		return nil, nil, err
	}
	root, err := a.rootOf(UserFreeBSD, j)
	return j, root, err
}

func newMounts(a *Agent) *mounts {
	m := &mounts{agent: a, changed: make(chan struct{})}
	m.points = newPoints(m)
	m.folders = m.arranged(nil, a.settings().Mounts)
	return m
}

// run serves until ctx ends, and unmounts then: the inner ones first. With
// mount.ErrStays as the cause the next agent serves what can be served again.
func (m *mounts) run(ctx context.Context) {
	m.turn.Lock()
	m.mu.Lock()
	own := context.WithoutCancel(ctx)
	m.life = own
	all := m.folders
	m.mu.Unlock()
	m.begin(own, all)
	m.turn.Unlock()
	<-ctx.Done()
	m.turn.Lock()
	defer m.turn.Unlock()
	m.mu.Lock()
	m.life = nil
	all = m.folders
	m.mu.Unlock()
	end(all, context.Cause(ctx))
}

// keep mounts one folder again and again.
func (m *mounts) keep(ctx context.Context, f *folder) {
	_ = retry.Supervise(ctx, retry.NewDelays(firstRetry, lastMountRetry), f.wake, func() error {
		if err := m.serve(ctx, f); ctx.Err() == nil {
			m.down(f, err)
			m.points.failed(ctx, f)
		}
		return nil
	})
}

// serve mounts a folder until it ends; nil is an end with the outer one.
func (m *mounts) serve(ctx context.Context, f *folder) error {
	m.mu.Lock()
	f.begun++
	folder := f.Folder
	m.mu.Unlock()
	if f.outer != nil {
		inner, cancel := context.WithCancel(ctx)
		defer cancel()
		outer, err := m.outer(ctx, f)
		if err != nil {
			return err
		}
		defer context.AfterFunc(outer, cancel)()
		ctx = inner
	}
	j, err := f.get(ctx)
	if err != nil {
		return err
	}
	root, err := m.agent.rootOf(f.guest, j)
	if err != nil {
		return err
	}
	bound, cancel := j.While(ctx)
	defer cancel()
	if err := m.points.declare(bound, f.guest, j); err != nil {
		m.agent.o.Log.Debug("mount points are not declared", "guest", f.guest, "error", err)
	}
	return j.Hold(bound, func() error {
		serve := mount.Serve
		if folder.Copied {
			serve = foldercopy.Copy
		}
		m.found(f, folder.Opened())
		return serve(ctx, j.Client, folder, mount.Options{
			Root: root, Ready: func() { m.up(ctx, f) }, Flush: f.flush, Moved: func(text string) { m.moved(f, text) },
			Warn: func(name string, err error) {
				m.agent.o.Log.Warn("not copied as it is", "folder", folder.Source, "name", name, "error", err)
			},
		})
	})
}

// outer waits for the mount that f lies in, and is its life.
func (m *mounts) outer(ctx context.Context, f *folder) (context.Context, error) {
	for {
		m.mu.Lock()
		live, changed, failed, source := f.outer.live, m.changed, f.outer.failed, f.outer.Source
		m.mu.Unlock()
		if live != nil {
			return live, nil
		}
		if failed != nil {
			m.down(f, &withinError{outer: source, err: failed})
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// withinError is a mount that waits for the one that it lies in.
type withinError struct {
	outer string
	err   error
}

func (e *withinError) Error() string { return "it lies within " + e.outer + ": " + e.err.Error() }
func (e *withinError) Unwrap() error { return e.err }

func (m *mounts) up(ctx context.Context, f *folder) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f.live, f.end = context.WithCancel(ctx)
	f.failed, f.since, f.done, f.attempts, f.refused = nil, time.Now(), f.begun, 0, false
	m.tell()
	m.agent.o.Log.Info("mounted", "guest", f.guest, "folder", f.Source, "target", f.Target)
}

func (m *mounts) down(f *folder, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f.live != nil {
		f.end()
		f.live, f.end, f.since = nil, nil, time.Now()
	}
	if err == nil {
		err = errors.New("the mount around it has ended")
	}
	told := f.failed != nil && f.failed.Error() == err.Error()
	if !told {
		m.agent.o.Log.Warn("not mounted", "guest", f.guest, "folder", f.Source, "target", f.Target, "error", err)
	}
	f.failed = err
	if _, waits := errors.AsType[*withinError](err); !waits {
		f.done = f.begun
	} else if told {
		return // it goes on waiting
	}
	m.tell()
}

// tell wakes who waits for a change. The mutex is held.
func (m *mounts) tell() {
	close(m.changed)
	m.changed = make(chan struct{})
}
