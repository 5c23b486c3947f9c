package datagram_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/datagram"
	"github.com/fbdock/fbdock/internal/datagram/datagramtest"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/waittest"
)

// heard is what came out of a tunnel.
type heard struct {
	datagrams chan datagram.Datagram
	lost      chan netip.AddrPort // to whom
}

func newHeard() heard {
	return heard{datagrams: make(chan datagram.Datagram, 10_000), lost: make(chan netip.AddrPort, 100)}
}

func (h heard) Received(d datagram.Datagram)            { h.datagrams <- d }
func (h heard) Undelivered(_, to netip.AddrPort)        { h.lost <- to }
func (h heard) next(t testing.TB) (d datagram.Datagram) { t.Helper(); return await(t, h.datagrams) }

func await[T any](t testing.TB, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(waittest.Limit):
		t.Fatalf("nothing came out of the tunnel within %v, want a datagram or a report", waittest.Limit)
	}
	return v
}

func login(t testing.TB, e *datagramtest.Engine) *link.Client {
	t.Helper()
	client, err := e.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func open(t testing.TB, e *datagramtest.Engine, h datagram.Handler) *datagram.Tunnel {
	t.Helper()
	tunnel, err := datagram.Open(t.Context(), login(t, e), h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tunnel.Close)
	return tunnel
}

var there = netip.AddrPortFrom(datagram.There, 4000)

func back(b []byte) []byte { return b }

// TestSizes: a kernel takes every size, fragments and all, and so do we what
// it sends.
func TestSizes(t *testing.T) {
	t.Parallel()
	e := datagramtest.New(t, "PermitTunnel point-to-point")
	h := newHeard()
	tunnel := open(t, e, h)
	e.Answer(t, there.Port(), back)
	for i, size := range []int{0, 1, 2, 511, 1471, 1472, 1473, 1480, 2952, 2953, 9000, 32767, datagram.MaxPayload} {
		payload := bytes.Repeat([]byte{byte(i), 0xff, 7}, size/3+1)[:size]
		if err := tunnel.Send(uint16(2000+i), there, payload); err != nil {
			t.Fatalf("Send() of %d bytes: %v, want no error", size, err)
		}
		d := h.next(t)
		if d.From != there || d.To != netip.AddrPortFrom(datagram.Here, uint16(2000+i)) || !bytes.Equal(d.Payload, payload) {
			t.Errorf("echo of %d bytes = %d bytes from %s to %s, want the same bytes from %s", size, len(d.Payload), d.From, d.To, there)
		}
	}
	if err := tunnel.Send(1, there, make([]byte, datagram.MaxPayload+1)); err == nil || !strings.Contains(err.Error(), "65507") {
		t.Errorf("Send() of %d bytes: error = %v, want one that names the limit 65507", datagram.MaxPayload+1, err)
	}
	if err := tunnel.Send(1, netip.MustParseAddrPort("[::1]:1"), nil); err == nil {
		t.Error("Send() to an IPv6 address = nil, want an error")
	}
}

// TestNobody: the kernel's word that nobody listens arrives.
func TestNobody(t *testing.T) {
	t.Parallel()
	h := newHeard()
	tunnel := open(t, datagramtest.New(t, "PermitTunnel yes"), h)
	if err := tunnel.Send(2000, there, []byte("hello?")); err != nil {
		t.Fatal(err)
	}
	if to := await(t, h.lost); to != there {
		t.Errorf("Undelivered() names %s, want %s", to, there)
	}
}

// TestMuch: more than any window is sent and acknowledged by who gets it;
// what is dropped is said, and nothing is changed on its way.
func TestMuch(t *testing.T) {
	t.Parallel()
	e := datagramtest.New(t, "PermitTunnel point-to-point")
	h := newHeard()
	tunnel := open(t, e, h)
	var mu sync.Mutex
	seen, damaged := 0, 0
	e.Answer(t, there.Port(), func(b []byte) []byte {
		mu.Lock()
		defer mu.Unlock()
		if seen++; slices.ContainsFunc(b, func(c byte) bool { return c != b[0] }) {
			damaged++
		}
		return nil
	})
	sent, busy := 0, 0
	for sent < 20_000 { // 24 MB, twelve windows
		err := tunnel.Send(2000, there, bytes.Repeat([]byte{byte(sent)}, 1200))
		switch {
		case err == nil:
			sent++
		case errors.Is(err, datagram.ErrBusy):
			busy++
			time.Sleep(time.Millisecond)
		default:
			t.Fatalf("Send() after %d datagrams: error = %v, want nil or ErrBusy", sent, err)
		}
	}
	// What comes after all that shows that the tunnel still stands.
	e.Answer(t, there.Port()+1, back)
	deadline := time.After(waittest.Limit)
	for came := false; !came; {
		err := tunnel.Send(2000, netip.AddrPortFrom(there.Addr(), there.Port()+1), []byte("still here"))
		if err != nil && !errors.Is(err, datagram.ErrBusy) {
			t.Fatal(err)
		}
		select {
		case <-h.datagrams:
			came = true
		case <-time.After(50 * time.Millisecond): // it may be lost
		case <-tunnel.Done():
			t.Fatalf("the tunnel ended: %v, want it open", tunnel.Err())
		case <-deadline:
			t.Fatalf("no datagram comes back after %d were sent and %d held back: %v, want an answer", sent, busy, err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	t.Logf("%d sent, %d held back, %d arrived", sent, busy, seen)
	if damaged > 0 || seen < sent/2 {
		t.Errorf("of %d datagrams sent, %d arrived, %d of them damaged, want at least half and none damaged", sent, seen, damaged)
	}
}

// TestAgain: a tunnel whose login hangs on does not keep the next one out.
func TestAgain(t *testing.T) {
	t.Parallel()
	e := datagramtest.New(t, "PermitTunnel point-to-point")
	e.Answer(t, there.Port(), back)
	first := open(t, e, newHeard())
	h := newHeard()
	second := open(t, e, h)
	if err := first.Err(); err == nil {
		t.Error("Err() of the first tunnel after a second was opened = nil, want an error")
	}
	if err := second.Send(2000, there, []byte("again")); err != nil {
		t.Fatal(err)
	}
	if d := h.next(t); string(d.Payload) != "again" {
		t.Errorf("echo = %q, want \"again\"", d.Payload)
	}
	e.Cut()
	if err := second.Err(); err == nil {
		t.Error("Err() of a tunnel whose connection was cut = nil, want an error")
	}
	if err := second.Send(2000, there, nil); err == nil {
		t.Error("Send() into a tunnel that has ended = nil, want an error")
	}
}

// TestDead: sshd says nothing when the kernel takes no more packets from it;
// the tunnel notices.
func TestDead(t *testing.T) {
	t.Parallel()
	e := datagramtest.New(t, "PermitTunnel point-to-point")
	tunnel := open(t, e, newHeard())
	down := link.Command{Args: []string{"ip", "link", "set", "tun7335", "down"}}
	if status, err := login(t, e).Run(t.Context(), down); status != 0 || err != nil {
		t.Fatalf("ip link set tun7335 down = status %d, %v, want 0", status, err)
	}
	timeout := time.After(waittest.Limit)
	for {
		_ = tunnel.Send(2000, there, []byte("hello?"))
		select {
		case <-tunnel.Done():
			return
		case <-timeout:
			t.Fatalf("the tunnel is still open %v after its device was set down, want it ended", waittest.Limit)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// TestRefused: the error names what has to allow it.
func TestRefused(t *testing.T) {
	t.Parallel()
	e := datagramtest.New(t, "PermitTunnel no")
	_, err := datagram.Open(t.Context(), login(t, e), newHeard())
	if err == nil || !strings.Contains(err.Error(), "PermitTunnel") {
		t.Errorf("Open() with PermitTunnel no: error = %v, want one that names PermitTunnel", fmt.Sprint(err))
	}
}
