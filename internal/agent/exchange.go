package agent

import (
	"context"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/fbdock/fbdock/internal/agent/uplink"
	"github.com/fbdock/fbdock/internal/mount"
)

// arranged are the folders for both guests. One of old that is to stay as it
// is is taken over; who asks ends the others.
func (m *mounts) arranged(old []*folder, wanted []mount.Folder) []*folder {
	sorted := slices.Clone(wanted)
	slices.SortFunc(sorted, func(a, b mount.Folder) int { return strings.Compare(a.Target, b.Target) })
	var all []*folder
	for _, guest := range []struct {
		name string
		get  func(context.Context) (*uplink.Session, error)
	}{{UserFreeBSD, m.agent.freebsd.Get}, {UserEngine, m.agent.engine.Get}} {
		first := len(all)
		for _, want := range sorted {
			var outer *folder
			for _, before := range all[first:] {
				if strings.HasPrefix(want.Target, strings.TrimSuffix(before.Target, "/")+"/") {
					outer = before // the closest comes last
				}
			}
			f := m.staying(old, guest.name, outer, want)
			if f == nil {
				f = &folder{
					Folder: want, guest: guest.name, outer: outer, get: guest.get,
					wake: make(chan struct{}, 1), flush: make(chan chan<- struct{}), since: m.agent.began,
				}
			}
			all = append(all, f)
		}
	}
	return all
}

// staying is the folder of old that is mounted as it is wanted, nil for none.
// One in another mount than before cannot stay: it is hidden, or goes with the
// other. The mutex is not held.
func (m *mounts) staying(old []*folder, guest string, outer *folder, want mount.Folder) *folder {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range old {
		if f.guest != guest || f.Target != want.Target || f.outer != outer {
			continue
		}
		if reflect.DeepEqual(f.Folder, want) {
			return f
		}
		if f.live != nil && renamed(f.Folder, want, f.source) {
			f.Folder = want
			return f
		}
	}
	return nil
}

// renamed tells whether a mounted folder has but got another path, as with a
// project that was moved: what is served is the folder, not its path.
func renamed(now, want mount.Folder, source os.FileInfo) bool {
	if now.Copied || now.ReadOnly != want.ReadOnly || want.Copied || source == nil {
		return false
	}
	found := want.Opened()
	return found != nil && os.SameFile(found, source)
}

// found remembers what is about to be mounted.
func (m *mounts) found(f *folder, source os.FileInfo) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f.source = source
}

// exchange serves other folders. Those that stay are not touched; the others
// end first, as one may be in the place of another.
func (m *mounts) exchange(wanted []mount.Folder) {
	m.turn.Lock()
	defer m.turn.Unlock()
	old := m.all()
	next := m.arranged(old, wanted)
	gone := slices.DeleteFunc(slices.Clone(old), func(f *folder) bool { return slices.Contains(next, f) })
	added := slices.DeleteFunc(slices.Clone(next), func(f *folder) bool { return slices.Contains(old, f) })
	end(gone, nil)
	m.mu.Lock()
	m.folders = next
	life := m.life
	m.tell()
	m.mu.Unlock()
	if life != nil {
		m.begin(life, added)
	}
}

// begin has folders mounted for as long as life, or until they are ended.
func (m *mounts) begin(life context.Context, folders []*folder) {
	for _, f := range folders {
		mine, cancel := context.WithCancelCause(life)
		done := make(chan struct{})
		go func() {
			defer close(done)
			m.keep(mine, f)
		}()
		f.stop = func(cause error) {
			cancel(cause)
			<-done
		}
	}
}

// end ends folders, the inner ones first.
func end(folders []*folder, cause error) {
	ends := map[string][]func(error){}
	for _, f := range folders {
		if f.stop != nil {
			ends[f.guest] = append(ends[f.guest], f.stop)
		}
	}
	var guests sync.WaitGroup
	for _, of := range ends {
		guests.Go(func() {
			for _, stop := range slices.Backward(of) {
				stop(cause)
			}
		})
	}
	guests.Wait()
}
