package datagram

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"testing"
	"testing/iotest"
	"time"
)

// TestReassemblyIsBounded: fragments whose rest never comes take little
// memory, however many, and whole packets get through between them.
func TestReassemblyIsBounded(t *testing.T) {
	t.Parallel()
	var r reassembly
	now := time.Now()
	for i := range 20_000 {
		// The last eight bytes of a packet take the whole of it.
		p := packet{from: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), to: Here, protocol: protocolUDP, id: uint16(i), offset: 65520, body: make([]byte, 8)}
		if _, ok := r.add(p, now.Add(time.Duration(i))); ok {
			t.Fatal("add() of a last fragment alone = a whole packet, want none")
		}
		if len(r.parts) > unfinished || r.held > waiting {
			t.Fatalf("%d packets wait, with %d bytes, want at most %d and %d", len(r.parts), r.held, unfinished, waiting)
		}
	}
	_, parts := fragments(t, 1, 60_000)
	for i, p := range parts {
		if _, ok := r.add(p, now.Add(time.Second)); ok != (i == len(parts)-1) {
			t.Errorf("add() of fragment %d of %d = %v, want true only for the last", i+1, len(parts), ok)
		}
	}
	r.expire(now.Add(time.Minute))
	if len(r.parts) != 0 || r.held != 0 {
		t.Errorf("after expire(): %d packets and %d bytes are left, want 0", len(r.parts), r.held)
	}
}

// naive is reassembly as RFC 791 and 5722 describe it, by single bytes and
// without bounds.
type naive map[origin]*whole

type whole struct {
	bytes map[int]byte
	end   int // -1 while it is not known
}

func (n naive) add(p packet) (body []byte, ok bool) {
	if !p.more && p.offset == 0 {
		return p.body, true
	}
	end := p.offset + len(p.body)
	if len(p.body) == 0 || end > 65536 || p.more && len(p.body)%8 != 0 {
		return nil, false
	}
	key := origin{p.from, p.to, p.protocol, p.id}
	w := n[key]
	if w == nil {
		w = &whole{bytes: map[int]byte{}, end: -1}
		n[key] = w
	}
	bad := !p.more && w.end >= 0 || w.end >= 0 && end > w.end
	for at := range w.bytes {
		bad = bad || !p.more && at >= end
	}
	for i, b := range p.body {
		_, twice := w.bytes[p.offset+i]
		bad = bad || twice
		w.bytes[p.offset+i] = b
	}
	if bad {
		delete(n, key)
		return nil, false
	}
	if !p.more {
		w.end = end
	}
	if w.end < 0 || len(w.bytes) < w.end {
		return nil, false
	}
	delete(n, key)
	for at := range w.end {
		body = append(body, w.bytes[at])
	}
	return body, true
}

// FuzzReassembly: fragments of several datagrams, in any order, twice,
// overlapping and without end, become the packets that a naive reassembly
// makes of them, and what waits stays bounded.
func FuzzReassembly(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x08\x01" + "\x00\x00\x01\x04\x00"))                             // two fragments of one datagram
	f.Add([]byte("\x00\x00\x01\x04\x00" + "\x00\x00\x00\x08\x01"))                             // the other way round
	f.Add([]byte("\x00\x00\x00\x10\x01" + "\x00\x00\x01\x08\x00"))                             // they overlap
	f.Add([]byte("\x00\x00\x00\x08\x01" + "\x01\x00\x01\x05\x00" + "\x00\x00\x01\x04\x00"))    // two datagrams
	f.Add([]byte("\x00\x1f\xff\x08\x00" + "\x00\x00\x00\x08\x01\x00\x00\x01\x01\x00\x00\x00")) // the end of the longest
	f.Fuzz(func(t *testing.T, data []byte) {
		var r reassembly
		n := naive{}
		now := time.Now()
		for i := 0; len(data) >= 5 && i < 100; i++ {
			p := packet{
				from: There, to: Here, protocol: protocolUDP, id: uint16(data[0] % 4), offset: int(binary.BigEndian.Uint16(data[1:])&offsetMask) * 8,
				more: data[4]&1 != 0, body: bytes.Repeat([]byte{byte(i)}, int(data[3])),
			}
			data = data[5:]
			want, wanted := n.add(p)
			got, ok := r.add(p, now)
			if ok != wanted || ok && !bytes.Equal(got.body, want) {
				t.Fatalf("fragment %d, %d bytes at %d, more %v: %d bytes, %v, want %d, %v", i, len(p.body), p.offset, p.more, len(got.body), ok, len(want), wanted)
			}
			held := 0
			for _, part := range r.parts {
				held += part.size()
			}
			if held != r.held || held > waiting || len(r.parts) != len(n) {
				t.Fatalf("%d bytes are held, %d are counted; %d packets wait, want %d", held, r.held, len(r.parts), len(n))
			}
		}
	})
}

// FuzzStream: packets that run together are parted as they were, wherever the
// stream is cut; what is no packet ends it.
func FuzzStream(f *testing.F) {
	f.Add([]byte("\x00\x10\x01\x20\x00\x00"), []byte{0, 0, 0, 2, 0x45})
	f.Add([]byte("\x01\xff"), []byte("rubbish"))
	f.Fuzz(func(t *testing.T, sizes, rubbish []byte) {
		var stream bytes.Buffer
		var want [][]byte
		for i := 0; i+1 < len(sizes) && i < 64; i += 2 {
			family, header, length := uint32(familyIPv4), ipHeader, uint16(sizes[i+1])
			if sizes[i]&1 != 0 {
				family, header = familyIPv6, ipv6Header
			}
			p := bytes.Repeat([]byte{sizes[i]}, header+int(length))
			if family == familyIPv4 {
				binary.BigEndian.PutUint16(p[2:], uint16(len(p)))
			} else {
				binary.BigEndian.PutUint16(p[4:], length)
			}
			stream.Write(binary.BigEndian.AppendUint32(nil, family))
			stream.Write(p)
			want = append(want, p)
		}
		stream.Write(rubbish)
		in := bufio.NewReaderSize(iotest.HalfReader(bytes.NewReader(stream.Bytes())), 64<<10)
		for i, p := range want {
			if got, err := next(in); err != nil || !bytes.Equal(got, p) {
				t.Fatalf("packet %d of %d: %d bytes, want %d, %v", i, len(want), len(got), len(p), err)
			}
		}
		for range len(rubbish) + 1 {
			b, err := next(in)
			if err != nil {
				if len(rubbish) == 0 && !errors.Is(err, io.EOF) {
					t.Fatalf("next() at the end of the stream: error = %v, want %v", err, io.EOF)
				}
				return
			}
			if len(b) > 1<<16+ipv6Header {
				t.Fatalf("next() = a packet of %d bytes, want at most %d", len(b), 1<<16+ipv6Header)
			}
			_, _ = decode(b)
		}
		t.Fatalf("next() after %d bytes more = a packet, want an error at the end of the stream", len(rubbish))
	})
}
