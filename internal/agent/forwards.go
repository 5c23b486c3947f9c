package agent

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/fbdock/fbdock/internal/engine"
)

// forwards keeps the laptop's listeners the same as the ports that running
// containers publish. Events say when to look; what is there says what to do.
type forwards struct {
	agent *Agent
	udp   *datagrams
	look  chan chan<- struct{} // look now, and close what is sent

	mu   sync.Mutex
	all  map[engine.Published]*forward
	last error // why the containers are not known
}

func newForwards(a *Agent) *forwards {
	f := &forwards{
		agent: a, look: make(chan chan<- struct{}), all: map[engine.Published]*forward{}, last: errors.New("not yet looked"),
	}
	f.udp = newDatagrams(f)
	return f
}

// lookAnyway is the time between two looks without an event.
const lookAnyway = 30 * time.Second

// run follows the containers until ctx ends.
func (f *forwards) run(ctx, life context.Context) {
	defer f.clear()
	if f.agent.o.Engine == "" {
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
	watching.Go(func() { f.watch(ctx, tell) })
	ticker := time.NewTicker(lookAnyway)
	defer ticker.Stop()
	for {
		var told chan<- struct{}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-ticker.C:
		case told = <-f.look:
		}
		f.reconcile(ctx, life)
		if told != nil {
			close(told)
		}
	}
}

// refresh looks now, and returns when what was found is done.
func (f *forwards) refresh(ctx context.Context) {
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

// watch follows dockerd's events, over one connection after the other.
func (f *forwards) watch(ctx context.Context, changed func()) {
	for delay := firstRetry; ctx.Err() == nil; delay = min(2*delay, lastRetry) {
		began := time.Now()
		err := f.ask(ctx, func(c *engine.Client) error { return c.WatchContainers(ctx, changed) })
		if time.Since(began) > time.Minute {
			delay = firstRetry
		}
		f.agent.o.Log.Debug("events end", "error", err)
		pause(ctx, delay)
	}
}

// ask has a client of dockerd for as long as do takes.
func (f *forwards) ask(ctx context.Context, do func(*engine.Client) error) error {
	config, err := f.agent.o.TLS()
	if err != nil {
		return err
	}
	// Waits for the link, and gives up with its words.
	j, err := f.agent.freebsd.get(ctx)
	if err != nil {
		return err
	}
	client, err := engine.New(j.DialContext, config, "tcp://"+f.agent.o.Engine)
	if err != nil {
		return err
	}
	defer client.Close()
	return do(client)
}

// reconcile looks at the containers, and listens for what is new and no more
// for what is gone.
func (f *forwards) reconcile(ctx, life context.Context) {
	var published []engine.Published
	err := f.ask(ctx, func(c *engine.Client) (err error) {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		published, err = c.Published(ctx)
		return err
	})
	f.mu.Lock()
	f.last = err
	f.mu.Unlock()
	if err != nil {
		return // what is there stays: the engine may be back in a moment
	}
	want := wanted(published)
	for p := range want {
		if old := f.at(p); old == nil || len(old.port.Local) == 0 {
			f.put(p, f.start(life, p)) // a port that was taken may be free now
		}
	}
	for p, fw := range f.snapshot() {
		if !want[p] {
			f.drop(p)
			fw.stop()
			f.agent.o.Log.Info("port closed", "port", p.HostPort, "container", p.Container)
		}
	}
	if f.anyUDP() {
		f.udp.open(life)
	} else {
		f.udp.close()
	}
}

// anyUDP tells whether a UDP port is open on this laptop.
func (f *forwards) anyUDP() bool {
	for p, fw := range f.snapshot() {
		if p.Protocol == "udp" && len(fw.listeners) > 0 {
			return true
		}
	}
	return false
}

// wanted leaves out the IPv6 twin of a port that is published for all
// addresses: the laptop has one port of a number.
func wanted(published []engine.Published) map[engine.Published]bool {
	want := map[engine.Published]bool{}
	for _, p := range published {
		twin := p
		twin.HostIP = netip.IPv4Unspecified()
		if p.HostIP == netip.IPv6Unspecified() && slices.Contains(published, twin) {
			continue
		}
		want[p] = true
	}
	return want
}

func (f *forwards) at(p engine.Published) *forward {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.all[p]
}

func (f *forwards) put(p engine.Published, fw *forward) {
	f.mu.Lock()
	old := f.all[p]
	f.all[p] = fw
	same := old != nil && old.port.Error == fw.port.Error
	f.mu.Unlock()
	if old != nil {
		old.stop()
	}
	if !same {
		f.agent.o.Log.Info("port", "port", p.HostPort, "container", p.Container, "local", fw.port.Local, "error", fw.port.Error)
	}
}

func (f *forwards) drop(p engine.Published) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.all, p)
}

func (f *forwards) snapshot() map[engine.Published]*forward {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.all)
}

func (f *forwards) clear() {
	f.udp.close()
	for p, fw := range f.snapshot() {
		f.drop(p)
		fw.stop()
	}
}

// list is what is forwarded, in the order of the ports.
func (f *forwards) list() ([]Port, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var ports []Port
	for _, fw := range f.all {
		ports = append(ports, fw.port)
	}
	slices.SortFunc(ports, func(a, b Port) int {
		return cmp.Or(cmp.Compare(a.HostPort, b.HostPort), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Container, b.Container))
	})
	return ports, f.last
}
