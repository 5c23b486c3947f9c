package ports

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/fbdock/fbdock/internal/engine"
)

// Forwards keeps this host's listeners the same as the ports that running
// containers publish. Events say when to look; what is there says what to do.
type Forwards struct {
	o   Options
	udp *datagrams // of the engine's containers
	// udpFreeBSD is that of FreeBSD's containers.
	udpFreeBSD *datagrams
	from       []*source
	look       chan chan<- struct{} // look now, and close what is sent
	slots      chan struct{}        // holds one for every connection

	mu   sync.Mutex
	all  map[place]*forward
	told []Port // what is not forwarded
	last error  // why the containers are not known
}

// New forwards nothing until Run.
func New(o Options) *Forwards {
	f := &Forwards{
		o: o, look: make(chan chan<- struct{}), all: map[place]*forward{}, last: errors.New("not yet looked"),
		slots: make(chan struct{}, maxForwarded),
	}
	f.udp, f.udpFreeBSD = newDatagrams(f, "engine"), newDatagrams(f, "freebsd")
	f.from = sources(o)
	return f
}

const (
	// lookAnyway is the time between two looks without an event.
	lookAnyway = 30 * time.Second
	// After a look events are left alone for at least rest, and for restTimes
	// as long as it took: an engine that never stops to tell of events, or
	// whose list is long, would have this process do nothing else.
	rest      = 100 * time.Millisecond
	restTimes = 4
	maxRest   = 2 * time.Minute
	// behind is how much later than an event dockerd may list what has changed:
	// it tells of a network's connect before it writes the container down
	// (moby, daemon/container_operations.go, ConnectToNetwork).
	behind = 2 * time.Second
)

// Run follows the containers until ctx ends.
func (f *Forwards) Run(ctx, life context.Context) {
	defer f.clear()
	if set := f.o.Settings(); set.Engine == "" && !set.Podman {
		<-ctx.Done()
		return
	}
	changed := make(chan struct{}, 1)
	tell := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	var watching sync.WaitGroup
	defer watching.Wait()
	for _, s := range f.from {
		watching.Go(func() { f.watch(ctx, s, tell) })
	}
	ticker := time.NewTicker(lookAnyway)
	defer ticker.Stop()
	events, rested, again := changed, (<-chan time.Time)(nil), (<-chan time.Time)(nil)
	for {
		var told chan<- struct{}
		select {
		case <-ctx.Done():
			return
		case <-rested:
			events, rested = changed, nil
			continue
		case <-events:
			again = time.After(behind)
		case <-again:
			again = nil
		case <-ticker.C:
			if rested != nil {
				continue
			}
		case told = <-f.look:
		}
		began := time.Now()
		f.reconcile(ctx, life)
		events, rested = nil, time.After(min(max(rest, restTimes*time.Since(began)), maxRest))
		if told != nil {
			close(told)
		}
	}
}

// Refresh looks now, and returns when what was found is done.
func (f *Forwards) Refresh(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	done := make(chan struct{})
	select {
	case f.look <- done:
	case <-ctx.Done():
		return
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// reconcile looks at the containers, and listens for what is new and no more
// for what is gone.
func (f *Forwards) reconcile(ctx, life context.Context) {
	most := f.o.Settings().Max
	containers, unknown, err := f.containers(ctx, most)
	if err != nil {
		f.mu.Lock()
		f.last = err
		f.mu.Unlock()
		return // what is there stays: the engine may be back in a moment
	}
	all := f.snapshot()
	want, told := arrange(containers, f.targets(), most)
	f.mu.Lock()
	f.last, f.told = nil, slices.Concat(unknown, told)
	f.mu.Unlock()
	for at, fw := range all {
		if _, wanted := want[at]; !wanted {
			f.drop(at)
			fw.stop()
			f.o.Log.Info("port closed", "port", at.number, "protocol", at.protocol)
		}
	}
	for at, p := range want {
		f.bring(life, all[at], p)
	}
	for _, u := range []*datagrams{f.udp, f.udpFreeBSD} {
		if f.anyUDP(u) {
			u.open(life)
		} else {
			u.close()
		}
	}
}

// bring has a place lead to p. A listener that is there is never closed for
// it, unless it cannot lead there.
func (f *Forwards) bring(life context.Context, old *forward, p engine.Published) {
	if old != nil && old.bind != f.o.Settings().Bind {
		old.stop() // what it listens at may be in the way of what is wanted
		f.put(old, f.start(life, p))
		return
	}
	if old == nil || len(old.listeners) == 0 {
		f.put(old, f.start(life, p)) // a port that was taken may be free now
		return
	}
	switch from := f.target(old); {
	case from == p:
	case f.lead(old, p):
		f.o.Log.Info("port leads elsewhere", "port", p.HostPort, "protocol", p.Protocol, "from", from.Container, "to", p.Container, "engine", p.HostIP)
	default:
		old.stop()
		f.put(old, f.start(life, p))
	}
}

// anyUDP tells whether a UDP port of u's is open on this host.
func (f *Forwards) anyUDP(u *datagrams) bool {
	for at, fw := range f.snapshot() {
		if at.protocol == "udp" && len(fw.listeners) > 0 && f.udpOf(f.target(fw)) == u {
			return true
		}
	}
	return false
}

func (f *Forwards) put(old, fw *forward) {
	f.mu.Lock()
	f.all[fw.place] = fw
	same := old != nil && old.port.Error == fw.port.Error
	port := fw.port
	f.mu.Unlock()
	if old != nil {
		old.stop()
	}
	if !same {
		f.o.Log.Info("port", "port", port.HostPort, "protocol", port.Protocol, "container", port.Container, "local", port.Local, "error", port.Error)
	}
}

func (f *Forwards) drop(at place) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.all, at)
}

func (f *Forwards) snapshot() map[place]*forward {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.all)
}

// targets are where the places lead that are there.
func (f *Forwards) targets() map[place]engine.Published {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := map[place]engine.Published{}
	for at, fw := range f.all {
		now[at] = fw.port.Published
	}
	return now
}

func (f *Forwards) clear() {
	f.udp.close()
	f.udpFreeBSD.close()
	for at, fw := range f.snapshot() {
		f.drop(at)
		fw.stop()
	}
}

// List is what is forwarded, in the order of the ports.
func (f *Forwards) List() ([]Port, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	ports := slices.Clone(f.told)
	for _, fw := range f.all {
		ports = append(ports, fw.port)
	}
	slices.SortStableFunc(ports, func(a, b Port) int {
		return cmp.Or(cmp.Compare(a.HostPort, b.HostPort), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Container, b.Container))
	})
	return ports, f.last
}
