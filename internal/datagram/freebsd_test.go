package datagram_test

import (
	"os"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/datagram"
)

// TestPacketFilter: FreeBSD's pf lets this end of the tunnel through.
func TestPacketFilter(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("../../provision/guest/pf.sh")
	if err != nil {
		t.Fatal(err)
	}
	if want := "pass in quick on tun7335 inet proto { udp icmp } from " + datagram.Here.String() + " to any no state"; !strings.Contains(string(script), want) {
		t.Errorf("provision/guest/pf.sh lacks %q, want it", want)
	}
}
