package ports

import (
	"container/list"
	"net/netip"
	"sync"
)

const (
	// mostMappings is how many senders are remembered; the one that was silent
	// the longest is forgotten for another.
	mostMappings = 4096
	// firstMappedPort is the first of the tunnel's ports that stand for them.
	firstMappedPort = 1024
)

// sender is a program that sends datagrams to a port of this host.
type sender struct {
	to   *datagramPort
	from netip.AddrPort
}

// mapping is a sender, the tunnel's port that stands for it, and who it spoke
// to last.
type mapping struct {
	sender
	port  uint16
	there netip.AddrPort
}

// natTable is a NAT table: an answer from the engine is sent to the sender that it has
// for its port.
type natTable struct {
	mu       sync.Mutex
	bySender map[sender]*list.Element // of *mapping
	byPort   map[uint16]*list.Element
	order    *list.List // the latest first
	next     uint16
}

func newNATTable() *natTable {
	return &natTable{
		bySender: map[sender]*list.Element{}, byPort: map[uint16]*list.Element{}, order: list.New(), next: firstMappedPort,
	}
}

// portOf is the tunnel's port that stands for a sender, who speaks to there.
func (t *natTable) portOf(from sender, there netip.AddrPort) uint16 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if known := t.bySender[from]; known != nil {
		t.order.MoveToFront(known)
		known.Value.(*mapping).there = there
		return known.Value.(*mapping).port
	}
	if t.order.Len() >= mostMappings {
		t.drop(t.order.Back())
	}
	for t.byPort[t.next] != nil {
		t.advance()
	}
	added := t.order.PushFront(&mapping{sender: from, port: t.next, there: there})
	t.bySender[from], t.byPort[t.next] = added, added
	defer t.advance()
	return t.next
}

func (t *natTable) advance() {
	if t.next++; t.next < firstMappedPort {
		t.next = firstMappedPort
	}
}

func (t *natTable) drop(e *list.Element) {
	gone := t.order.Remove(e).(*mapping)
	delete(t.bySender, gone.sender)
	delete(t.byPort, gone.port)
}

// forget drops what is remembered of a port that is closed.
func (t *natTable) forget(p *datagramPort) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for from, e := range t.bySender {
		if from.to == p {
			t.drop(e)
		}
	}
}

// at is who has a port of the tunnel and spoke with there.
func (t *natTable) at(port uint16, there netip.AddrPort) *mapping {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.byPort[port]
	if e == nil || e.Value.(*mapping).there != there {
		return nil
	}
	t.order.MoveToFront(e)
	return e.Value.(*mapping)
}
