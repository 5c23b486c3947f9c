package agent

import (
	"context"
	"slices"
	"sync"
)

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
