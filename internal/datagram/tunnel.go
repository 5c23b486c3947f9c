// Package datagram carries UDP to a guest over SSH, whose channels are
// streams, by the one kind of channel that keeps datagrams apart: the
// point-to-point tunnel of OpenSSH (PROTOCOL 2.3). At the guest's end that
// is a network interface; at this end there is no interface and no right
// needed for one, only this package, which speaks IPv4 and UDP itself.
package datagram

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/link"
)

// Both ends of the tunnel, out of the network that RFC 7335 keeps for what
// never leaves a host.
var (
	There = netip.AddrFrom4([4]byte{192, 0, 0, 1}) // the guest
	Here  = netip.AddrFrom4([4]byte{192, 0, 0, 2})
)

const (
	// unit is the number of the interface. Containers on the engine's own
	// network count theirs from 0.
	unit         = 7335
	pointToPoint = 1 // SSH_TUNMODE_POINTOPOINT

	// Address families before each packet: OpenBSD's numbers, but FreeBSD's
	// sshd leaves its own system's (openbsd-compat/port-net.c, SSH_TUN_COMPAT_AF).
	familyIPv4        = 2
	familyIPv6        = 24
	familyIPv6FreeBSD = 28
	ipv6Header        = 40

	// inFlight is how many bytes may be on their way into the guest's
	// kernel, half of the window that OpenSSH gives. A write that does not fit
	// the window would be cut in two, half a packet is refused by the kernel,
	// and sshd writes no more then; who exceeds the window is hung up on, and
	// sshd counts four bytes more for each packet than it is sent.
	inFlight = 1 << 20
	// probing is after how many bytes the kernel is asked for an echo: sshd
	// takes packets in faster than it hands them on.
	probing = 64 << 10
	// probeAnyway is the time after which the next datagram takes a probe
	// along, and probeAgain that after which a lost echo is asked for again.
	probeAnyway = 2 * time.Second
	probeAgain  = 250 * time.Millisecond
	// maxProbes is how many echoes may be under way: twice what fits between
	// the bytes in flight.
	maxProbes = 2 * inFlight / probing
	// dead is the time without an echo after which the tunnel is given up:
	// sshd says nothing when the kernel has refused a packet.
	dead = 10 * time.Second
)

// ErrBusy says that more is on its way than the link carries: the datagram
// is dropped, as a network would.
var ErrBusy = errors.New("the link is busy: datagram dropped")

// prepare frees the number, which a tunnel may hold whose connection was
// lost a moment ago, and sees to the device.
var prepare = fmt.Sprintf(`set -u
modprobe tun 2>/dev/null
[ -c /dev/net/tun ] || { mkdir -p /dev/net && mknod -m 0600 /dev/net/tun c 10 200; } || exit 1
! ip link show tun%[1]d >/dev/null 2>&1 || ip link delete tun%[1]d`, unit)

// configure gives the interface its address once it is there.
var configure = fmt.Sprintf(`set -eu
ip address add %[2]s peer %[3]s dev tun%[1]d
ip link set tun%[1]d mtu %[4]d
ip link set tun%[1]d up`, unit, There, Here, mtu)

// Handler is told what comes through a tunnel, by one goroutine. What it is
// given is its own.
type Handler interface {
	Received(d Datagram)
	// Undelivered is a datagram of ours that found nobody who listens.
	Undelivered(from, to netip.AddrPort)
}

// Tunnel is an open tunnel. It ends with its link.
type Tunnel struct {
	ch   ssh.Channel
	done chan struct{} // closed at its end, after err is set
	once sync.Once
	err  error

	mu       sync.Mutex
	id       uint16
	sent     int       // bytes of all times
	arrived  int       // of them
	heard    time.Time // when that was last known, or since when it is waited for
	asked    time.Time
	sequence uint16
	probes   []probe // not answered, the oldest first
}

// probe is an echo that was asked for.
type probe struct {
	sequence uint16
	sent     int // bytes before it
}

var errDead = errors.New("the tunnel is dead: the guest's kernel answers no echo")

// Open opens a tunnel over a link to the engine, where the login is root's.
func Open(ctx context.Context, client *link.Client, handler Handler) (*Tunnel, error) {
	if err := script(ctx, client, prepare); err != nil {
		return nil, fmt.Errorf("prepare /dev/net/tun: %w", err)
	}
	ch, err := channel(ctx, client)
	if err != nil {
		return nil, err
	}
	if err := script(ctx, client, configure); err != nil {
		return nil, errors.Join(fmt.Errorf("configure tun%d: %w", unit, err), ch.Close())
	}
	return begin(ch, handler), nil
}

// OpenFreeBSD opens a tunnel over a link to the sshd of a Server, which
// has its interface already.
func OpenFreeBSD(ctx context.Context, client *link.Client, handler Handler) (*Tunnel, error) {
	ch, err := channel(ctx, client)
	if err != nil {
		return nil, err
	}
	return begin(ch, handler), nil
}

// channel is the tunnel as SSH has it.
func channel(ctx context.Context, client *link.Client) (ssh.Channel, error) {
	ch, reqs, err := client.OpenChannel(ctx, "tun@openssh.com", ssh.Marshal(&struct{ Mode, Unit uint32 }{pointToPoint, unit}))
	if _, refused := errors.AsType[*link.RefusedError](err); refused {
		return nil, fmt.Errorf("sshd opens no tunnel, which PermitTunnel and the kernel's tun module have to allow: %w", err)
	}
	if err != nil {
		return nil, err
	}
	go ssh.DiscardRequests(reqs)
	return ch, nil
}

func begin(ch ssh.Channel, handler Handler) *Tunnel {
	t := &Tunnel{ch: ch, done: make(chan struct{}), heard: time.Now()}
	go t.read(handler)
	return t
}

func script(ctx context.Context, client *link.Client, text string) error {
	out, err := client.Output(ctx, link.Command{Script: text})
	if err == nil && out.Status != 0 {
		err = fmt.Errorf("%s (status %d)", out.Reason(), out.Status)
	}
	return err
}

// Send sends one datagram from a port of this end. ErrBusy says that this
// one is lost and another may not be.
func (t *Tunnel) Send(from uint16, to netip.AddrPort, payload []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.probes) > 0 && time.Since(t.heard) > dead {
		t.end(errDead)
		return errDead
	}
	d := Datagram{From: netip.AddrPortFrom(Here, from), To: to, Payload: payload}
	packets, err := d.encode(t.id)
	if err != nil {
		return err
	}
	t.id++
	// A datagram of which a fragment is missing is of no use.
	if t.sent-t.arrived+len(payload)+len(packets)*(ipHeader+udpHeader) > inFlight {
		if time.Since(t.asked) > probeAgain {
			return errors.Join(ErrBusy, t.ask()) // the last echo may be lost
		}
		return ErrBusy
	}
	for _, p := range packets {
		if err := t.write(p); err != nil {
			return err
		}
	}
	return nil
}

// write sends a packet as one message.
func (t *Tunnel) write(p []byte) error {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(p)), familyIPv4)
	if _, err := t.ch.Write(append(b, p...)); err != nil {
		return err
	}
	t.sent += len(b) + len(p)
	asked := t.arrived
	if n := len(t.probes); n > 0 {
		asked = t.probes[n-1].sent
	}
	if t.sent-asked < probing && time.Since(t.asked) < probeAnyway {
		return nil
	}
	return t.ask()
}

// ask asks for the echo that tells that all before it has arrived.
func (t *Tunnel) ask() error {
	t.asked = time.Now()
	if len(t.probes) == 0 {
		t.heard = t.asked
	}
	t.sequence++
	if len(t.probes) >= maxProbes {
		t.probes = t.probes[1:] // its answer would tell less than that of a later one
	}
	t.probes = append(t.probes, probe{sequence: t.sequence, sent: t.sent})
	t.id++
	return t.write(echo(t.id, t.sequence))
}

// echoed takes the answer to a probe.
func (t *Tunnel) echoed(sequence uint16) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, p := range t.probes {
		if p.sequence == sequence {
			t.arrived, t.heard = p.sent, time.Now()
			t.probes = t.probes[i+1:]
			return
		}
	}
}

// read hands on what comes until the tunnel ends.
func (t *Tunnel) read(handler Handler) {
	in := bufio.NewReaderSize(t.ch, 64<<10)
	var parts reassembly
	for {
		b, err := next(in)
		if err != nil {
			t.end(err)
			return
		}
		p, err := decode(b)
		if err != nil {
			continue // IPv6, which nobody asked for
		}
		whole, ok := parts.add(p, time.Now())
		if !ok {
			continue
		}
		if d, err := whole.datagram(); err == nil {
			handler.Received(d)
		} else if from, to, ok := whole.undelivered(); ok {
			handler.Undelivered(from, to)
		} else if sequence, ok := whole.echoed(); ok {
			t.echoed(sequence)
		}
	}
}

// end does not wait for the other side's word: one that cannot get rid of
// its packets gives none before its connection ends.
func (t *Tunnel) end(err error) {
	t.once.Do(func() {
		t.err = err
		close(t.done)
		_ = t.ch.Close()
	})
}

// next is the next packet. The messages run together on the way, and the
// packets' own lengths part them.
func next(in *bufio.Reader) ([]byte, error) {
	var family [4]byte
	if _, err := io.ReadFull(in, family[:]); err != nil {
		return nil, err
	}
	var header, length int
	switch f := binary.BigEndian.Uint32(family[:]); f {
	case familyIPv4:
		header = ipHeader
	case familyIPv6, familyIPv6FreeBSD:
		header = ipv6Header
	default:
		return nil, fmt.Errorf("the tunnel is out of step: address family %d", f)
	}
	head, err := in.Peek(header)
	if err != nil {
		return nil, err
	}
	if header == ipHeader {
		length = int(binary.BigEndian.Uint16(head[2:]))
	} else {
		length = ipv6Header + int(binary.BigEndian.Uint16(head[4:]))
	}
	if length < header {
		return nil, fmt.Errorf("the tunnel is out of step: a packet of %d bytes", length)
	}
	b := make([]byte, length)
	_, err = io.ReadFull(in, b)
	return b, err
}

// Done is closed when the tunnel has ended, and Err says why then.
func (t *Tunnel) Done() <-chan struct{} { return t.done }

// Err is why the tunnel has ended.
func (t *Tunnel) Err() error {
	<-t.done
	return t.err
}

// Close ends the tunnel, and the interface with it.
func (t *Tunnel) Close() { t.end(net.ErrClosed) }
