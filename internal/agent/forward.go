package agent

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

	"github.com/fbdock/fbdock/internal/engine"
)

// Port is a published port on its way from the laptop to the container.
type Port struct {
	engine.Published
	// Local are the laptop's addresses that lead there, none when Hop and
	// Error say what is in the way.
	Local []string `json:"local,omitempty"`
	// Hop is laptop, freebsd, engine or container.
	Hop   string `json:"hop,omitempty"`
	Error string `json:"error,omitempty"`
}

// forward is one published port with its listeners.
type forward struct {
	port      Port
	listeners []listener
	cancel    context.CancelFunc
	wg        sync.WaitGroup
}

// listener is a socket at one address of this laptop. Its serve returns when
// it is closed.
type listener interface {
	io.Closer
	serve(ctx context.Context)
}

// start listens for a published port at every address of bind. Connections
// live as long as life, or until the port is published no more.
func (f *forwards) start(life context.Context, p engine.Published) *forward {
	ctx, cancel := context.WithCancel(life)
	fw := &forward{port: Port{Published: p}, cancel: cancel}
	listen, err := f.protocol(fw)
	if err != nil {
		fw.fail("engine", err)
		return fw
	}
	for _, address := range addresses(f.agent.o.Bind) {
		at := net.JoinHostPort(address.String(), strconv.Itoa(int(p.HostPort)))
		l, err := listen(ctx, at)
		if err != nil {
			if missing(address, err) {
				continue // this laptop has no IPv6
			}
			fw.fail("laptop", taken(err, p.HostPort))
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
func (f *forwards) protocol(fw *forward) (func(ctx context.Context, at string) (listener, error), error) {
	switch fw.port.Protocol {
	case "tcp":
		return func(ctx context.Context, at string) (listener, error) {
			var config net.ListenConfig
			l, err := config.Listen(ctx, "tcp", at)
			return &streams{Listener: l, forwards: f, forward: fw}, err
		}, nil
	case "udp":
		to, err := reachable(fw.port.Published)
		return func(ctx context.Context, at string) (listener, error) {
			return f.udp.listen(ctx, at, fw, to)
		}, err
	default:
		return nil, fmt.Errorf("%s is not forwarded, only TCP and UDP are", fw.port.Protocol)
	}
}

// fail takes what listens already back: half a port would answer to one
// name of this laptop, and another program to the other.
func (fw *forward) fail(hop string, err error) {
	for _, l := range fw.listeners {
		_ = l.Close()
	}
	fw.listeners, fw.port.Local = nil, nil
	fw.port.Hop, fw.port.Error = hop, err.Error()
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

// missing tells whether the laptop lacks the address, which is no failure
// for the second of two.
func missing(address netip.Addr, err error) bool {
	return address == netip.IPv6Loopback() &&
		(errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT))
}

// taken says in words why a port cannot be had.
func taken(err error, port uint16) error {
	switch {
	case inUse(err):
		return fmt.Errorf("port %d is taken by another program on this laptop", port)
	case denied(err):
		return fmt.Errorf("port %d needs rights that this user does not have on this laptop; publish one above 1023", port)
	default:
		return err
	}
}

// streams is a TCP port of this laptop.
type streams struct {
	net.Listener
	forwards *forwards
	forward  *forward
}

func (s *streams) serve(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for ctx.Err() == nil {
		conn, err := s.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			pause(ctx, 100*time.Millisecond)
			continue
		}
		wg.Go(func() {
			defer s.forwards.agent.count.enter()()
			s.forwards.connect(ctx, s.forward, conn)
		})
	}
}

// connect joins one connection with the container's port.
func (f *forwards) connect(ctx context.Context, fw *forward, conn net.Conn) {
	defer conn.Close() //nolint:errcheck // whatever it was, it has ended
	far, hop, err := f.dial(ctx, fw.port.Published)
	f.judge(fw, hop, err)
	if err != nil {
		f.agent.o.Log.Info("published port", "port", fw.port.HostPort, "container", fw.port.Container, "error", err)
		return
	}
	defer far.Close() //nolint:errcheck // whatever it was, it has ended
	stop := context.AfterFunc(ctx, func() {
		_ = conn.Close()
		_ = far.Close()
	})
	defer stop()
	near, ok := conn.(halfConn)
	other, ok2 := far.(halfConn)
	if ok && ok2 {
		splice(near, other)
	}
}

// dial goes the way of the port. What is published on all of the engine's
// addresses is reached from FreeBSD; what is published on one of them, such
// as its loopback, only from the engine itself.
func (f *forwards) dial(ctx context.Context, p engine.Published) (conn net.Conn, hop string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	port := strconv.Itoa(int(p.HostPort))
	if p.HostIP.IsUnspecified() {
		j, err := f.agent.freebsd.get(ctx)
		if err != nil {
			return nil, "freebsd", err
		}
		host, _, err := net.SplitHostPort(f.agent.o.Engine)
		if err != nil {
			return nil, "freebsd", err
		}
		conn, err = j.DialContext(ctx, "tcp", net.JoinHostPort(host, port))
		return conn, "engine", err
	}
	j, err := f.agent.engine.get(ctx)
	if err != nil {
		return nil, "engine", err
	}
	conn, err = j.DialContext(ctx, "tcp", net.JoinHostPort(p.HostIP.String(), port))
	return conn, "container", err
}

// judge remembers how the latest connection fared.
func (f *forwards) judge(fw *forward, hop string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fw.port.Hop, fw.port.Error = "", ""
	if err != nil {
		fw.port.Hop, fw.port.Error = hop, err.Error()
	}
}
