package agent

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/foldercopy"
	"github.com/fbdock/fbdock/internal/mount"
	"github.com/fbdock/fbdock/internal/retry"
)

// Mount is a folder of this host on its way into one guest.
type Mount struct {
	Guest    string `json:"guest"` // freebsd or engine
	Source   string `json:"source"`
	Target   string `json:"target"`
	ReadOnly bool   `json:"read_only,omitempty"`
	// Copied tells that the guest has a copy of it, one way.
	Copied bool `json:"copied,omitempty"`
	// Mounted tells whether the guest has it, Since when that is so or not.
	Mounted bool      `json:"mounted"`
	Since   time.Time `json:"since"`
	// Behind tells that a copy was not up to date in time when that was last
	// asked for.
	Behind bool `json:"behind,omitempty"`
	// Aside tells, in a sentence, what was in the way in the guest and where
	// it was moved to.
	Aside string `json:"aside,omitempty"`
	// Error is why it is not there, Hint the next step.
	Error string `json:"error,omitempty"`
	Hint  string `json:"hint,omitempty"`
}

const (
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
	get   func(context.Context) (*session, error)
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
	over     *session
	refused  bool
	// Tries are numbered; done is the last one that has come to something.
	begun, done int
}

func newMounts(a *Agent) *mounts {
	m := &mounts{agent: a, changed: make(chan struct{})}
	m.points = newPoints(m)
	m.folders = m.arranged(nil, a.settings().Mounts)
	return m
}

// run serves until ctx ends, and unmounts then: the inner ones first. Where life
// goes on, the next agent serves what can be served again.
func (m *mounts) run(ctx, life context.Context) {
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
	var cause error
	if life.Err() == nil {
		cause = mount.ErrStays
	}
	end(all, cause)
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
	bound, cancel := j.while(ctx)
	defer cancel()
	if err := m.points.declare(bound, f.guest, j); err != nil {
		m.agent.o.Log.Debug("mount points are not declared", "guest", f.guest, "error", err)
	}
	return j.limiter.hold(bound, func() error {
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

// refresh tries what is not mounted at once, and returns when each has been
// tried and every copy has what the host had before.
func (m *mounts) refresh(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, mountsWait)
	defer cancel()
	all := m.all()
	m.tryAll(ctx, all)
	var copies sync.WaitGroup
	for _, f := range all {
		m.mu.Lock()
		live := f.live
		m.mu.Unlock()
		if f.Copied && live != nil {
			copies.Go(func() {
				behind := !f.bring(ctx, live)
				m.mu.Lock()
				defer m.mu.Unlock()
				f.behind = behind
			})
		}
	}
	copies.Wait()
}

// bring waits until the copy is up to date, which is not so when it ends with
// live before, or ctx does.
func (f *folder) bring(ctx, live context.Context) bool {
	done := make(chan struct{})
	asked := f.flush
	for {
		select {
		case asked <- done:
			asked = nil
		case <-done:
			return true
		case <-live.Done():
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// tryAll returns when each of them is there or has been tried.
func (m *mounts) tryAll(ctx context.Context, all []*folder) {
	m.mu.Lock()
	begun := make([]int, len(all)) // what is under way may be too early
	for i, f := range all {
		begun[i] = f.begun
		if f.live == nil {
			select {
			case f.wake <- struct{}{}:
			default:
			}
		}
	}
	m.mu.Unlock()
	for {
		m.mu.Lock()
		changed, waiting := m.changed, false
		for i, f := range all {
			if !slices.Contains(m.folders, f) {
				continue // it was exchanged meanwhile
			}
			// One within another that is not there is not tried.
			waiting = waiting || f.live == nil && f.done <= begun[i] && (f.outer == nil || f.outer.live != nil)
		}
		m.mu.Unlock()
		if !waiting {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

func (m *mounts) all() []*folder {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.folders
}

func (m *mounts) list() []Mount {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []Mount
	for _, f := range m.folders {
		one := Mount{
			Guest: f.guest, Source: f.Source, Target: f.Target, ReadOnly: f.ReadOnly, Copied: f.Copied, Mounted: f.live != nil, Since: f.since,
			Behind: f.behind, Aside: f.aside,
		}
		if f.live == nil {
			one.Error, one.Hint = f.why()
		}
		all = append(all, one)
	}
	return all
}

// why is the reason that a folder is not mounted. The mutex is held.
func (f *folder) why() (words, hint string) {
	err := f.failed
	if err == nil && f.outer != nil && f.outer.failed != nil {
		err = &withinError{outer: f.outer.Source, err: f.outer.failed}
	}
	if err == nil {
		return "not yet mounted", ""
	}
	return err.Error(), failure.Hint(err)
}
