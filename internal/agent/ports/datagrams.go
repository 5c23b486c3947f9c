package ports

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fbdock/fbdock/internal/datagram"
	"github.com/fbdock/fbdock/internal/engine"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/retry"
)

// errNobody is what an ICMP message says of a datagram.
var errNobody = errors.New("the container has no program that listens for UDP at this port")

// datagrams carries the UDP of published ports through a tunnel to a guest, the
// engine or for podman's containers FreeBSD, which is open while such a port
// is. The tunnel has a login of its own there: OpenSSH gives a connection up
// when the other side has sent a little more than it should have, which must
// hit nothing else.
type datagrams struct {
	forwards *Forwards
	guest    string // the hop that the tunnel leads to
	dial     func(ctx context.Context, handler datagram.Handler) (client *link.Client, tunnel *datagram.Tunnel, hop string, err error)
	end      func() // nil while there is no need for a tunnel

	tunnel retry.Value[datagram.Tunnel]

	mu   sync.Mutex
	hop  string // where the latest attempt failed
	last error  // and why

	nat *natTable
}

func newDatagrams(f *Forwards, guest string) *datagrams {
	u := &datagrams{forwards: f, guest: guest, hop: guest, last: errors.New("not yet made"), nat: newNATTable()}
	u.dial = f.dialEngineTunnel
	if guest == "freebsd" {
		u.dial = f.dialFreeBSDTunnel
	}
	return u
}

// udpOf carries the UDP of a port.
func (f *Forwards) udpOf(p engine.Published) *datagrams {
	if p.Podman {
		return f.udpFreeBSD
	}
	return f.udp
}

// reachable is where the tunnel finds a published UDP port: that of a container
// of FreeBSD at its own address, as TCP does.
func reachable(p engine.Published) (netip.AddrPort, error) {
	ip := p.HostIP
	switch {
	case p.Podman && !p.Address.IsValid():
		return netip.AddrPort{}, errNoAddress
	case p.Podman:
		return netip.AddrPortFrom(p.Address, p.Port), nil
	case ip == netip.IPv4Unspecified():
		ip = datagram.There
	case ip.IsLoopback():
		return netip.AddrPort{}, fmt.Errorf("published at %s of the engine, which takes no datagrams from elsewhere: "+
			"publish it without an address, on this host it is at loopback alone", ip)
	case !ip.Is4():
		return netip.AddrPort{}, errors.New("published for IPv6 alone, and UDP is forwarded by IPv4")
	}
	return netip.AddrPortFrom(ip, p.HostPort), nil
}

// open sees to it that there is a tunnel.
func (u *datagrams) open(life context.Context) {
	if u.end != nil {
		return
	}
	ctx, cancel := context.WithCancel(life)
	var running sync.WaitGroup
	running.Go(func() { u.run(ctx) })
	u.end = func() {
		cancel()
		running.Wait()
	}
}

// close sees to it that there is none.
func (u *datagrams) close() {
	if u.end != nil {
		u.end()
		u.end = nil
	}
}

// run opens the tunnel, again and again.
func (u *datagrams) run(ctx context.Context) {
	_ = retry.Supervise(ctx, retry.NewDelays(firstRetry, lastRetry), nil, func() error {
		hop, err := u.once(ctx)
		if ctx.Err() != nil {
			return nil
		}
		u.mu.Lock()
		same := u.last.Error() == err.Error()
		u.hop, u.last = hop, err
		u.mu.Unlock()
		u.forwards.judgeUDP(u, hop, fmt.Errorf("no tunnel for UDP: %w", err))
		if !same {
			u.forwards.o.Log.Warn("no tunnel for UDP", "guest", u.guest, "error", err)
		}
		return nil
	})
}

// once opens a tunnel and gives why it ended, or where and why it was not
// there.
func (u *datagrams) once(ctx context.Context) (hop string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	client, tunnel, hop, err := u.dial(ctx, u)
	if err != nil {
		return hop, err
	}
	defer client.Close()
	defer tunnel.Close()
	u.forwards.o.Log.Info("tunnel for UDP is up", "guest", u.guest)
	u.tunnel.Set(tunnel)
	u.forwards.judgeUDP(u, "", nil)
	select {
	case <-tunnel.Done():
		err = fmt.Errorf("the tunnel was lost: %w", tunnel.Err())
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	u.tunnel.Clear()
	return u.guest, err
}

// tunnelOpens bounds the opening of a tunnel over a login that is there.
const tunnelOpens = 20 * time.Second

// dialEngineTunnel logs in to the engine and opens a tunnel; hop is where that
// failed.
func (f *Forwards) dialEngineTunnel(ctx context.Context, handler datagram.Handler) (client *link.Client, tunnel *datagram.Tunnel, hop string, err error) {
	client, hop, err = f.o.Login(ctx)
	if err != nil {
		return nil, nil, hop, err
	}
	ctx, cancel := context.WithTimeout(ctx, tunnelOpens)
	defer cancel()
	tunnel, err = datagram.Open(ctx, client, handler)
	if err != nil {
		return nil, nil, "engine", errors.Join(err, client.Close())
	}
	return client, tunnel, "", nil
}

// dialFreeBSDTunnel is the same for FreeBSD.
func (f *Forwards) dialFreeBSDTunnel(ctx context.Context, handler datagram.Handler) (client *link.Client, tunnel *datagram.Tunnel, hop string, err error) {
	client, err = f.tunnelServer(ctx)
	if err != nil {
		return nil, nil, "freebsd", err
	}
	ctx, cancel := context.WithTimeout(ctx, tunnelOpens)
	defer cancel()
	tunnel, err = datagram.OpenFreeBSD(ctx, client, handler)
	if err != nil {
		return nil, nil, "freebsd", errors.Join(err, client.Close())
	}
	return client, tunnel, "", nil
}

// get is the tunnel, waiting a little for one that is being made.
func (u *datagrams) get(ctx context.Context) (tunnel *datagram.Tunnel, hop string, err error) {
	timer := time.NewTimer(tunnelWait)
	defer timer.Stop()
	for {
		now, ready := u.tunnel.Get()
		if now != nil {
			return now, "", nil
		}
		select {
		case <-ready:
		case <-timer.C:
			u.mu.Lock()
			defer u.mu.Unlock()
			return nil, u.hop, fmt.Errorf("no tunnel for UDP: %w", u.last)
		case <-ctx.Done():
			return nil, "host", context.Cause(ctx)
		}
	}
}

// datagramPort is a UDP port of this host.
type datagramPort struct {
	*net.UDPConn
	datagrams *datagrams
	forward   *forward
	to        atomic.Pointer[netip.AddrPort] // as the tunnel sees it
}

// lead has what comes from now on go elsewhere.
func (p *datagramPort) lead(to engine.Published) error {
	if p.datagrams.forwards.udpOf(to) != p.datagrams {
		return errors.New("another tunnel leads there")
	}
	at, err := reachable(to)
	if err == nil {
		p.to.Store(&at)
	}
	return err
}

func (u *datagrams) listen(ctx context.Context, at string, fw *forward, to netip.AddrPort) (listener, error) {
	var config net.ListenConfig
	conn, err := config.ListenPacket(ctx, "udp", at)
	if err != nil {
		return nil, err
	}
	p := &datagramPort{UDPConn: conn.(*net.UDPConn), datagrams: u, forward: fw}
	p.to.Store(&to)
	return p, nil
}

// serve sends on what arrives. While there is no tunnel it waits for one,
// and what arrives then waits in the system's buffer.
func (p *datagramPort) serve(ctx context.Context) {
	defer p.datagrams.nat.forget(p)
	buffer := make([]byte, 1<<16)
	for ctx.Err() == nil {
		n, from, err := p.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// Windows tells here that one who was sent to listens no more.
			_ = retry.Sleep(ctx, time.Millisecond)
			continue
		}
		hop, err := p.datagrams.send(ctx, sender{p, from}, buffer[:n])
		p.datagrams.forwards.judgeSent(p.forward, hop, err)
	}
}

func (u *datagrams) send(ctx context.Context, from sender, payload []byte) (hop string, err error) {
	tunnel, hop, err := u.get(ctx)
	if err != nil {
		return hop, err
	}
	to := *from.to.to.Load()
	return u.guest, tunnel.Send(u.nat.portOf(from, to), to, payload)
}

// Received gives an answer to who asked.
func (u *datagrams) Received(d datagram.Datagram) {
	if f := u.nat.at(d.To.Port(), d.From); f != nil {
		_, _ = f.to.WriteToUDPAddrPort(d.Payload, f.from) // who asked may be gone
		u.forwards.judge(f.to.forward, "", nil)
	}
}

// Undelivered is told by `fbdock ports`.
func (u *datagrams) Undelivered(from, to netip.AddrPort) {
	if f := u.nat.at(from.Port(), to); f != nil {
		u.forwards.judge(f.to.forward, "container", errNobody)
	}
}

// judgeSent remembers how sending fared.
func (f *Forwards) judgeSent(fw *forward, hop string, err error) {
	if errors.Is(err, datagram.ErrBusy) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	fw.judgeHop(hop, err)
}

// judgeUDP remembers for all UDP ports of a guest whether datagrams reach it.
func (f *Forwards) judgeUDP(u *datagrams, hop string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for at, fw := range f.all {
		if at.protocol == "udp" && len(fw.listeners) > 0 && f.udpOf(fw.port.Published) == u {
			fw.judgeHop(hop, err)
		}
	}
}

// judgeHop is about the hops as far as the guest: success says
// nothing about the container.
func (fw *forward) judgeHop(hop string, err error) {
	switch {
	case err != nil:
		fw.port.Hop, fw.port.Error = hop, err.Error()
	case fw.port.Hop != "container":
		fw.port.Hop, fw.port.Error = "", ""
	}
}
