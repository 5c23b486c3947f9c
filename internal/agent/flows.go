package agent

import (
	"container/list"
	"net/netip"
	"sync"
)

const (
	// mostFlows is how many senders are remembered; the one that was silent
	// the longest is forgotten for another.
	mostFlows = 4096
	// firstFlowPort is the first of the tunnel's ports that stand for them.
	firstFlowPort = 1024
)

// sender is a program that sends datagrams to a port of this host.
type sender struct {
	to   *datagramPort
	from netip.AddrPort
}

// flow is a sender, the tunnel's port that stands for it, and who it spoke
// to last.
type flow struct {
	sender
	port  uint16
	there netip.AddrPort
}

// flows is a NAT table: an answer from the engine is sent to the sender that it has
// for its port.
type flows struct {
	mu       sync.Mutex
	bySender map[sender]*list.Element // of *flow
	byPort   map[uint16]*list.Element
	order    *list.List // the latest first
	next     uint16
}

func newFlows() *flows {
	return &flows{
		bySender: map[sender]*list.Element{}, byPort: map[uint16]*list.Element{}, order: list.New(), next: firstFlowPort,
	}
}

// portOf is the tunnel's port that stands for a sender, who speaks to there.
func (f *flows) portOf(from sender, there netip.AddrPort) uint16 {
	f.mu.Lock()
	defer f.mu.Unlock()
	if known := f.bySender[from]; known != nil {
		f.order.MoveToFront(known)
		known.Value.(*flow).there = there
		return known.Value.(*flow).port
	}
	if f.order.Len() >= mostFlows {
		f.drop(f.order.Back())
	}
	for f.byPort[f.next] != nil {
		f.advance()
	}
	added := f.order.PushFront(&flow{sender: from, port: f.next, there: there})
	f.bySender[from], f.byPort[f.next] = added, added
	defer f.advance()
	return f.next
}

func (f *flows) advance() {
	if f.next++; f.next < firstFlowPort {
		f.next = firstFlowPort
	}
}

func (f *flows) drop(e *list.Element) {
	gone := f.order.Remove(e).(*flow)
	delete(f.bySender, gone.sender)
	delete(f.byPort, gone.port)
}

// forget drops what is remembered of a port that is closed.
func (f *flows) forget(p *datagramPort) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for from, e := range f.bySender {
		if from.to == p {
			f.drop(e)
		}
	}
}

// at is who has a port of the tunnel and spoke with there.
func (f *flows) at(port uint16, there netip.AddrPort) *flow {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.byPort[port]
	if e == nil || e.Value.(*flow).there != there {
		return nil
	}
	f.order.MoveToFront(e)
	return e.Value.(*flow)
}
