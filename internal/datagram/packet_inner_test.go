package datagram

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"testing"
	"time"
)

func fragments(t *testing.T, id uint16, size int) (d Datagram, parts []packet) {
	t.Helper()
	d = Datagram{From: netip.AddrPortFrom(There, 53), To: netip.AddrPortFrom(Here, 2000), Payload: bytes.Repeat([]byte("fbdock"), size/6+1)[:size]}
	packets, err := d.encode(id)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range packets {
		if len(b) > mtu {
			t.Errorf("encode() made a packet of %d bytes, want at most %d", len(b), mtu)
		}
		p, err := decode(b)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, p)
	}
	return d, parts
}

// TestBytes: a packet worked out by hand after RFC 791, 768 and 1071.
func TestBytes(t *testing.T) {
	t.Parallel()
	d := Datagram{From: netip.AddrPortFrom(Here, 2000), To: netip.AddrPortFrom(There, 53), Payload: []byte("hi")}
	packets, err := d.encode(7)
	if err != nil || len(packets) != 1 {
		t.Fatalf("encode() = %x, %v, want one packet", packets, err)
	}
	const want = "4500001e00070000" + "4011" + "fac4" + "c0000002" + "c0000001" +
		"07d00035000a" + "0f68" + "6869"
	if got := hex.EncodeToString(packets[0]); got != want {
		t.Errorf("encode() = %s, want %s", got, want)
	}
}

func TestReassemblyInAnyOrder(t *testing.T) {
	t.Parallel()
	var r reassembly
	now := time.Now()
	d, parts := fragments(t, 1, 5000)
	other, others := fragments(t, 2, 4000)
	var got []packet
	for _, p := range []packet{parts[3], others[0], parts[1], others[2], parts[0], others[1], parts[2]} {
		if whole, ok := r.add(p, now); ok {
			got = append(got, whole)
		}
	}
	if len(got) != 2 || len(r.parts) != 0 {
		t.Fatalf("add() of mixed fragments: %d packets are whole, %d are unfinished, want 2, 0", len(got), len(r.parts))
	}
	for i, want := range []Datagram{other, d} {
		if have, err := got[i].datagram(); err != nil || !bytes.Equal(have.Payload, want.Payload) || have.From != want.From || have.To != want.To {
			t.Errorf("datagram() of packet %d = %d bytes from %s to %s, %v, want %d bytes from %s to %s",
				i, len(have.Payload), have.From, have.To, err, len(want.Payload), want.From, want.To)
		}
	}
}

func TestReassemblyRefuses(t *testing.T) {
	t.Parallel()
	now := time.Now()
	_, parts := fragments(t, 1, 3000)
	beyond := parts[1]
	beyond.offset = 65528
	short := parts[0]
	short.body = short.body[:len(short.body)-1]
	secondEnd := parts[1]
	secondEnd.more = false
	for name, order := range map[string][]packet{
		"twice":          {parts[0], parts[0], parts[1], parts[2]},
		"beyond the end": {parts[0], parts[1], beyond},
		"no eight":       {short, parts[1], parts[2]},
		"two ends":       {parts[2], secondEnd, parts[0]},
		"one is missing": {parts[0], parts[2]},
	} {
		var r reassembly
		for _, p := range order {
			if whole, ok := r.add(p, now); ok {
				t.Errorf("add() of fragments with %s = a whole packet of %d bytes, want none", name, len(whole.body))
			}
		}
	}
	var r reassembly
	r.add(parts[0], now)
	r.add(parts[1], now.Add(reassemblyTimeout+time.Second))
	if _, ok := r.add(parts[2], now.Add(reassemblyTimeout+time.Second)); ok {
		t.Error("add() after the timeout of the first fragment = a whole packet, want none")
	}
	for id := range uint16(1000) {
		_, parts := fragments(t, id, 3000)
		r.add(parts[0], now.Add(time.Duration(id)))
	}
	if len(r.parts) > unfinished {
		t.Errorf("%d packets wait for the rest of their fragments, want at most %d", len(r.parts), unfinished)
	}
}

// FuzzPacket: whatever the engine sends is read or refused.
func FuzzPacket(f *testing.F) {
	d := Datagram{From: netip.AddrPortFrom(There, 53), To: netip.AddrPortFrom(Here, 2000), Payload: make([]byte, 1600)}
	packets, err := d.encode(1)
	if err != nil {
		f.Fatal(err)
	}
	for _, p := range append(packets, echo(1, 2), []byte{0x45}, make([]byte, ipHeader)) {
		f.Add(p)
	}
	f.Fuzz(func(_ *testing.T, b []byte) {
		p, err := decode(b)
		if err != nil {
			return
		}
		var r reassembly
		if whole, ok := r.add(p, time.Now()); ok {
			_, _ = whole.datagram()
			_, _, _ = whole.undelivered()
			_, _ = whole.echoed()
		}
	})
}
