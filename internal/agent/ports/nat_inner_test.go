package ports

import (
	"net/netip"
	"testing"
)

// TestNATTable: senders keep their port while they are remembered, no two have
// the same, and who was silent the longest makes room.
func TestNATTable(t *testing.T) {
	t.Parallel()
	f, port, there := newNATTable(), &datagramPort{}, netip.MustParseAddrPort("192.0.0.1:53")
	from := func(n int) sender {
		return sender{port, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, byte(n >> 16), 1}), uint16(n))}
	}
	first := f.portOf(from(0), there)
	taken := map[uint16]bool{first: true}
	const many = 100_000 // more than there are ports
	for n := 1; n < many; n++ {
		got := f.portOf(from(n), there)
		if got == first {
			t.Fatalf("%d has the port of one who is still heard", n)
		}
		if again := f.portOf(from(n), there); again != got || got < firstMappedPort {
			t.Fatalf("%d has port %d and then %d", n, got, again)
		}
		taken[got] = true
		if f.portOf(from(0), there) != first {
			t.Fatalf("after %d others the first is forgotten", n)
		}
	}
	if f.order.Len() != mostMappings || len(f.byPort) != mostMappings || len(f.bySender) != mostMappings || len(taken) < 60_000 {
		t.Errorf("%d mappings, %d by port, %d by sender, %d ports", f.order.Len(), len(f.byPort), len(f.bySender), len(taken))
	}
	if got := f.at(first, there); got == nil || got.sender != from(0) {
		t.Errorf("the first is not found: %+v", got)
	}
	if f.at(first, netip.MustParseAddrPort("192.0.0.1:54")) != nil {
		t.Error("an answer from another port finds the sender")
	}
	f.forget(port)
	if f.order.Len()+len(f.byPort)+len(f.bySender) != 0 || f.at(first, there) != nil {
		t.Error("a port that is closed is remembered")
	}
}
