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
			t.Fatalf("portOf(sender %d) = %d, want another port than that of sender 0, which is in use", n, got)
		}
		if again := f.portOf(from(n), there); again != got || got < firstMappedPort {
			t.Fatalf("portOf(sender %d) = %d, then %d, want the same port, %d or higher", n, got, again, firstMappedPort)
		}
		taken[got] = true
		if f.portOf(from(0), there) != first {
			t.Fatalf("portOf(sender 0) after %d others: another port, want %d as before", n, first)
		}
	}
	if f.order.Len() != mostMappings || len(f.byPort) != mostMappings || len(f.bySender) != mostMappings || len(taken) < 60_000 {
		t.Errorf("%d mappings, %d by port, %d by sender, %d ports, want %d each and 60000 ports or more",
			f.order.Len(), len(f.byPort), len(f.bySender), len(taken), mostMappings)
	}
	if got := f.at(first, there); got == nil || got.sender != from(0) {
		t.Errorf("at(%d) = %+v, want sender 0", first, got)
	}
	if f.at(first, netip.MustParseAddrPort("192.0.0.1:54")) != nil {
		t.Error("at() of an answer from another port finds a sender, want none")
	}
	f.forget(port)
	if f.order.Len()+len(f.byPort)+len(f.bySender) != 0 || f.at(first, there) != nil {
		t.Error("forget() of a closed port leaves mappings, want none")
	}
}
