package agent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fbdock/fbdock/internal/mount"
)

// Mount is a folder of this laptop on its way into one guest.
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
	// mountsEnd is how long unmounting may take before the link goes.
	mountsEnd = 3 * time.Second
)

// mounts keeps folders of the laptop in both guests. Each is tried for
// itself, so that one that fails takes no other along; one within another
// waits for that one.
type mounts struct {
	agent   *Agent
	folders []*folder // FreeBSD's, then the engine's; the outer of nested ones first

	mu      sync.Mutex
	changed chan struct{} // closed at the next change of any of them
}

// folder is one mount in one guest. The mutex of mounts guards all below it.
type folder struct {
	mount.Folder
	guest string
	outer *folder
	get   func(context.Context) (*joint, error)
	hurry chan struct{}
	flush chan chan<- struct{} // of a copy

	live   context.Context //nolint:containedctx // it is the mount's own life, for those within
	end    context.CancelFunc
	since  time.Time
	failed error
	behind bool
	// Tries are numbered; done is the last one that has come to something.
	begun, done int
}

func newMounts(a *Agent) *mounts {
	m := &mounts{agent: a, changed: make(chan struct{})}
	sorted := slices.Clone(a.o.Mounts)
	slices.SortFunc(sorted, func(a, b mount.Folder) int { return strings.Compare(a.Target, b.Target) })
	for _, guest := range []struct {
		name string
		get  func(context.Context) (*joint, error)
	}{{UserFreeBSD, a.freebsd.get}, {UserEngine, a.engine.get}} {
		first := len(m.folders)
		for _, f := range sorted {
			f := &folder{Folder: f, guest: guest.name, get: guest.get, hurry: make(chan struct{}, 1), flush: make(chan chan<- struct{}), since: a.began}
			for _, before := range m.folders[first:] {
				if strings.HasPrefix(f.Target, strings.TrimSuffix(before.Target, "/")+"/") {
					f.outer = before // the closest comes last
				}
			}
			m.folders = append(m.folders, f)
		}
	}
	return m
}

// run serves until ctx ends, and unmounts then: the inner ones first.
func (m *mounts) run(ctx context.Context) {
	ends := map[string][]func(){}
	for _, f := range m.folders {
		mine, cancel := context.WithCancel(context.WithoutCancel(ctx))
		done := make(chan struct{})
		go func() {
			defer close(done)
			m.keep(mine, f)
		}()
		ends[f.guest] = append(ends[f.guest], func() {
			cancel()
			<-done
		})
	}
	<-ctx.Done()
	var guests sync.WaitGroup
	for _, of := range ends {
		guests.Go(func() {
			for _, end := range slices.Backward(of) {
				end()
			}
		})
	}
	guests.Wait()
}

// keep mounts one folder again and again.
func (m *mounts) keep(ctx context.Context, f *folder) {
	for delay := firstRetry; ctx.Err() == nil; delay = min(2*delay, lastMountRetry) {
		began := time.Now()
		err := m.serve(ctx, f)
		if ctx.Err() != nil {
			return
		}
		m.down(f, err)
		if time.Since(began) > time.Minute {
			delay = firstRetry
		}
		timer := time.NewTimer(delay)
		select {
		case <-timer.C:
		case <-f.hurry:
			delay = firstRetry
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// serve mounts a folder until it ends; nil is an end with the outer one.
func (m *mounts) serve(ctx context.Context, f *folder) error {
	m.mu.Lock()
	f.begun++
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
	return j.gate.hold(bound, func() error {
		serve := mount.Serve
		if f.Copied {
			serve = mount.Copy
		}
		return serve(ctx, j.Client, f.Folder, mount.Options{
			Root: root, Ready: func() { m.up(ctx, f) }, Flush: f.flush,
			Warn: func(name string, err error) {
				m.agent.o.Log.Warn("not copied as it is", "folder", f.Source, "name", name, "error", err)
			},
		})
	})
}

// outer waits for the mount that f lies in, and is its life.
func (m *mounts) outer(ctx context.Context, f *folder) (context.Context, error) {
	for {
		m.mu.Lock()
		live, changed, failed := f.outer.live, m.changed, f.outer.failed
		m.mu.Unlock()
		if live != nil {
			return live, nil
		}
		if failed != nil {
			m.down(f, &withinError{outer: f.outer.Source, err: failed})
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
	f.failed, f.since, f.done = nil, time.Now(), f.begun
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
// tried and every copy has what the laptop had before.
func (m *mounts) refresh(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, mountsWait)
	defer cancel()
	m.tryAll(ctx)
	var copies sync.WaitGroup
	for _, f := range m.folders {
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

// tryAll returns when each mount is there or has been tried.
func (m *mounts) tryAll(ctx context.Context) {
	m.mu.Lock()
	begun := make([]int, len(m.folders)) // what is under way may be too early
	for i, f := range m.folders {
		begun[i] = f.begun
		if f.live == nil {
			select {
			case f.hurry <- struct{}{}:
			default:
			}
		}
	}
	m.mu.Unlock()
	for {
		m.mu.Lock()
		changed, waiting := m.changed, false
		for i, f := range m.folders {
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

func (m *mounts) list() []Mount {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []Mount
	for _, f := range m.folders {
		one := Mount{
			Guest: f.guest, Source: f.Source, Target: f.Target, ReadOnly: f.ReadOnly, Copied: f.Copied, Mounted: f.live != nil, Since: f.since,
			Behind: f.behind,
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
	if h, ok := errors.AsType[interface {
		error
		Hint() string
	}](err); ok {
		hint = h.Hint()
	}
	return err.Error(), hint
}
