package datagram

import (
	"net/netip"
	"time"
)

const (
	// reassemblyTimeout is how long fragments wait for the others, RFC 1122 3.3.2
	// asks for a fixed time; one link away nothing comes a minute late.
	reassemblyTimeout = 5 * time.Second
	// unfinished is how many packets may wait, and waiting how many bytes of
	// memory they may take together. Who waits the longest makes room.
	unfinished = 64
	waiting    = 2 << 20
	// blocks is the number of fragment blocks, of 8 bytes each, in the longest
	// packet (RFC 791, Fragment Offset).
	blocks = 65536 / 8
)

// reassembly puts fragments together, RFC 791 3.2.
type reassembly struct {
	parts map[origin]*partial
	held  int // bytes of memory that they take
}

// origin is what the fragments of one packet have in common.
type origin struct {
	from, to netip.Addr
	protocol byte
	id       uint16
}

// partial is a packet of which fragments are missing.
type partial struct {
	began time.Time
	data  []byte
	seen  [blocks / 64]uint64 // a bit for each eight bytes
	have  int                 // bytes
	end   int                 // of the whole, 0 while it is not known
}

// add gives the whole packet when p was the last of it that was missing.
// Fragments that overlap are an attack or a fault: their packet is dropped.
func (r *reassembly) add(p packet, now time.Time) (whole packet, ok bool) {
	if !p.more && p.offset == 0 {
		return p, true
	}
	end := p.offset + len(p.body)
	if len(p.body) == 0 || end > blocks*8 || p.more && len(p.body)%8 != 0 {
		return p, false
	}
	key := origin{p.from, p.to, p.protocol, p.id}
	r.expire(now)
	part := r.parts[key]
	if part == nil {
		if r.parts == nil {
			r.parts = map[origin]*partial{}
		}
		part = &partial{began: now}
		r.parts[key] = part
		r.held += part.size()
	}
	before := part.size()
	belongs := part.put(p, end)
	r.held += part.size() - before
	if !belongs {
		r.drop(key)
		return p, false
	}
	if part.end == 0 || part.have < part.end {
		for len(r.parts) > unfinished || r.held > waiting {
			r.dropOldest(key)
		}
		return p, false
	}
	r.drop(key)
	p.offset, p.more, p.body = 0, false, part.data
	return p, true
}

func (r *reassembly) drop(key origin) {
	r.held -= r.parts[key].size()
	delete(r.parts, key)
}

// size is what the packet takes of memory, its entry in the map included.
func (part *partial) size() int { return blocks/8 + 128 + cap(part.data) }

// put tells whether the fragment belongs to the others.
func (part *partial) put(p packet, end int) bool {
	if !p.more {
		if part.end != 0 || end < len(part.data) {
			return false
		}
		part.end = end
	}
	if part.end != 0 && end > part.end {
		return false
	}
	for block := p.offset / 8; block*8 < end; block++ {
		bit := uint64(1) << (block % 64)
		if part.seen[block/64]&bit != 0 {
			return false
		}
		part.seen[block/64] |= bit
	}
	if end > len(part.data) {
		part.data = append(part.data, make([]byte, end-len(part.data))...)
	}
	part.have += copy(part.data[p.offset:], p.body)
	return true
}

func (r *reassembly) expire(now time.Time) {
	for key, part := range r.parts {
		if now.Sub(part.began) > reassemblyTimeout {
			r.drop(key)
		}
	}
}

// dropOldest gives up the packet that waits the longest, but not the one that
// a fragment has just come for.
func (r *reassembly) dropOldest(but origin) {
	var oldest origin
	var began time.Time
	for key, part := range r.parts {
		if key != but && (began.IsZero() || part.began.Before(began)) {
			oldest, began = key, part.began
		}
	}
	if began.IsZero() {
		oldest = but
	}
	r.drop(oldest)
}
