package ports

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/fbdock/fbdock/internal/agent/splice"
	"github.com/fbdock/fbdock/internal/descriptors"
	"github.com/fbdock/fbdock/internal/engine"
	"github.com/fbdock/fbdock/internal/retry"
)

// Port is a published port on its way from this host to the container.
type Port struct {
	engine.Published
	// Count is set where this stands for several ports of the container.
	Count int `json:"count,omitempty"`
	// Local are this host's addresses that lead there, none when Hop and
	// Error say what is in the way.
	Local []string `json:"local,omitempty"`
	// Hop is host, freebsd, engine or container.
	Hop   string `json:"hop,omitempty"`
	Error string `json:"error,omitempty"`
	// Note is why there is no port where nothing is wrong.
	Note string `json:"note,omitempty"`
	// Hint is the next step.
	Hint string `json:"hint,omitempty"`
}

// forward is a place that is forwarded, with its listeners.
type forward struct {
	place
	bind      netip.Addr // what it listens at is made of
	port      Port       // where it leads; the mutex of Forwards guards it
	refused   time.Time  // when a connection was refused last; likewise
	listeners []listener
	cancel    context.CancelFunc
	wg        sync.WaitGroup
}

// listener is a socket at one address of this host. Its serve returns when it
// is closed.
type listener interface {
	io.Closer
	syscall.Conn
	serve(ctx context.Context)
	// lead changes where it leads; an error leaves it as it is.
	lead(to engine.Published) error
}

// start listens for a published port at every address of bind. Connections
// live as long as life, or until the place is wanted no more.
func (f *Forwards) start(life context.Context, p engine.Published) *forward {
	ctx, cancel := context.WithCancel(life)
	fw := &forward{place: placeOf(p), port: Port{Published: p}, bind: f.o.Settings().Bind, cancel: cancel}
	listen, err := f.protocol(fw)
	if err != nil {
		hop := "engine"
		if p.Podman {
			hop = "freebsd"
		}
		fw.fail(hop, err)
		return fw
	}
	for _, address := range addresses(fw.bind) {
		at := net.JoinHostPort(address.String(), strconv.Itoa(int(p.HostPort)))
		l, err := listen(ctx, at)
		if err == nil && descriptors.Low(l) {
			err = errors.Join(descriptors.ErrLow, l.Close())
		}
		if err != nil {
			if missing(address, err) {
				continue // this host has no IPv6
			}
			fw.fail("host", taken(err, p.HostPort))
			break
		}
		fw.listeners = append(fw.listeners, l)
		fw.port.Local = append(fw.port.Local, at)
	}
	for _, l := range fw.listeners {
		fw.wg.Go(func() { l.serve(ctx) })
	}
	return fw
}

// protocol is how to listen for a port of fw's protocol.
func (f *Forwards) protocol(fw *forward) (func(ctx context.Context, at string) (listener, error), error) {
	switch fw.port.Protocol {
	case "tcp":
		return func(ctx context.Context, at string) (listener, error) {
			var config net.ListenConfig
			l, err := config.Listen(ctx, "tcp", at)
			if err != nil {
				return nil, err
			}
			return &streams{TCPListener: l.(*net.TCPListener), forwards: f, forward: fw}, nil
		}, nil
	case "udp":
		to, err := reachable(fw.port.Published)
		return func(ctx context.Context, at string) (listener, error) {
			return f.udpOf(fw.port.Published).listen(ctx, at, fw, to)
		}, err
	default:
		return nil, fmt.Errorf("%s is not forwarded, only TCP and UDP are", fw.port.Protocol)
	}
}

// fail takes what listens already back: half a port would answer to one
// name of this host, and another program to the other.
func (fw *forward) fail(hop string, err error) {
	for _, l := range fw.listeners {
		_ = l.Close()
	}
	fw.listeners, fw.port.Local = nil, nil
	fw.port.Hop, fw.port.Error = hop, err.Error()
}

// lead has the place lead elsewhere, by the same listeners: connections that
// are open stay with the target that they have. It is false where the new one
// cannot be reached that way.
func (f *Forwards) lead(fw *forward, to engine.Published) bool {
	for _, l := range fw.listeners {
		if l.lead(to) != nil {
			return false
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if old := fw.port; old.HostIP != to.HostIP || old.ID != to.ID {
		fw.port.Hop, fw.port.Error = "", ""
	}
	fw.port.Published = to
	return true
}

func (fw *forward) stop() {
	fw.cancel()
	for _, l := range fw.listeners {
		_ = l.Close()
	}
	fw.wg.Wait()
}

// addresses are both loopbacks when bind is one of them: programs try ::1
// first and some never try the other.
func addresses(bind netip.Addr) []netip.Addr {
	loopback4, loopback6 := netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()
	switch {
	case !bind.IsValid():
		return nil
	case bind == loopback4 || bind == loopback6:
		return []netip.Addr{loopback4, loopback6}
	default:
		return []netip.Addr{bind}
	}
}

// missing tells whether this host lacks the address, which is no failure
// for the second of two.
func missing(address netip.Addr, err error) bool {
	return address == netip.IPv6Loopback() &&
		(errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT))
}

// taken says in words why a port cannot be had.
func taken(err error, port uint16) error {
	switch {
	case inUse(err):
		return fmt.Errorf("port %d is taken by another program on this host", port)
	case denied(err):
		return fmt.Errorf("port %d needs rights that this user does not have on this host; publish one above 1023", port)
	default:
		return err
	}
}

// streams is a TCP port of this host.
type streams struct {
	*net.TCPListener
	forwards *Forwards
	forward  *forward
}

func (s *streams) lead(engine.Published) error { return nil } // every connection asks anew

func (s *streams) serve(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for ctx.Err() == nil {
		conn, err := s.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			_ = retry.Sleep(ctx, 100*time.Millisecond)
			continue
		}
		leave, err := s.forwards.admit(conn)
		if err != nil {
			_ = conn.Close()
			s.forwards.refused(s.forward, err)
			continue
		}
		wg.Go(func() {
			defer leave()
			s.forwards.connect(ctx, s.forward, conn)
		})
	}
}

// maxForwarded is how many connections are forwarded at a time. OpenSSH ends a
// connection that has more than 16384 channels (channels.c).
const maxForwarded = 4096

var errCrowded = fmt.Errorf("%d connections are forwarded, and no more are at a time", maxForwarded)

// admit lets a connection in, unless there are too many for this process.
func (f *Forwards) admit(conn net.Conn) (leave func(), err error) {
	if c, ok := conn.(syscall.Conn); ok && descriptors.Low(c) {
		return nil, descriptors.ErrLow
	}
	select {
	case f.slots <- struct{}{}:
	default:
		return nil, errCrowded
	}
	left := f.o.Enter()
	return func() {
		left()
		<-f.slots
	}, nil
}

// connect joins one connection with the container's port.
func (f *Forwards) connect(ctx context.Context, fw *forward, conn net.Conn) {
	defer conn.Close() //nolint:errcheck // whatever it was, it has ended
	to := f.target(fw)
	far, hop, err := f.dial(ctx, to)
	f.judge(fw, hop, err)
	if err != nil {
		f.o.Log.Info("published port", "port", to.HostPort, "container", to.Container, "error", err)
		return
	}
	defer far.Close() //nolint:errcheck // whatever it was, it has ended
	stop := context.AfterFunc(ctx, func() {
		_ = conn.Close()
		_ = far.Close()
	})
	defer stop()
	near, ok := conn.(splice.Conn)
	other, ok2 := far.(splice.Conn)
	if ok && ok2 {
		splice.Join(near, other)
	}
}

// target is where a place leads now.
func (f *Forwards) target(fw *forward) engine.Published {
	f.mu.Lock()
	defer f.mu.Unlock()
	return fw.port.Published
}

// refusalTold is how long a refusal is told although other connections fare
// well: those that are open go on while new ones are refused.
const refusalTold = time.Minute

// refused remembers that a connection was not let in.
func (f *Forwards) refused(fw *forward, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fw.port.Error != err.Error() {
		f.o.Log.Warn("connections are refused", "port", fw.number, "error", err)
	}
	fw.port.Hop, fw.port.Error, fw.refused = "host", err.Error(), time.Now()
}

// judge remembers how the latest connection fared.
func (f *Forwards) judge(fw *forward, hop string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil && !fw.refused.IsZero() && time.Since(fw.refused) < refusalTold {
		return
	}
	fw.port.Hop, fw.port.Error = "", ""
	if err != nil {
		fw.port.Hop, fw.port.Error = hop, err.Error()
	}
}
