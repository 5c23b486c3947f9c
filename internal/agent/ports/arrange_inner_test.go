package ports

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/engine"
)

// running is a container that publishes "0.0.0.0:80/tcp" and the like.
func running(name string, ports ...string) engine.Container {
	c := engine.Container{Name: name, ID: "id-" + name, Count: len(ports)}
	for _, text := range ports {
		address, protocol, _ := strings.Cut(text, "/")
		at := netip.MustParseAddrPort(address)
		c.Published = append(c.Published, engine.Published{
			Container: name, ID: c.ID, HostIP: at.Addr(), HostPort: at.Port(), Port: at.Port(), Protocol: protocol,
		})
	}
	return c
}

// many is a container with n ports from 1000 on, of which it lists most.
func many(name string, n, most int) engine.Container {
	var ports []string
	for i := range min(n, most) {
		ports = append(ports, fmt.Sprintf("0.0.0.0:%d/tcp", 1000+i))
	}
	c := running(name, ports...)
	c.Count = n
	return c
}

func leads(t *testing.T, want map[place]engine.Published, text, to string) {
	t.Helper()
	address, protocol, _ := strings.Cut(text, "/")
	at := netip.MustParseAddrPort(address)
	if got := want[place{protocol, at.Port()}]; got.Container != to || to != "" && got.HostIP != at.Addr() {
		t.Errorf("%s leads to %q at %s, want %q", text, got.Container, got.HostIP, to)
	}
}

func TestArrange(t *testing.T) {
	t.Parallel()
	bare := running("bare")
	bare.HostNetwork = true
	containers := []engine.Container{ // the newest first
		running("new", "127.0.0.2:80/tcp", "127.0.0.2:81/tcp"), bare,
		running("old", "127.0.0.1:80/tcp", "0.0.0.0:80/udp", "[::]:90/tcp"),
	}
	want, told := arrange(containers, nil, 256)
	leads(t, want, "127.0.0.1:80/tcp", "old")
	leads(t, want, "0.0.0.0:80/udp", "old")
	leads(t, want, "[::]:90/tcp", "old")
	leads(t, want, "127.0.0.2:81/tcp", "new")
	if len(want) != 4 || len(told) != 2 {
		t.Fatalf("arrange() = %d ports, told %+v, want 4 and 2", len(want), told)
	}
	if n := told[0]; n.Container != "bare" || n.Error != "" || !strings.Contains(n.Note, "--network host") || n.Hint == "" {
		t.Errorf("arrange(): host network = %+v, want a note and a hint without an error", n)
	}
	if n := told[1]; n.Container != "new" || n.HostPort != 80 || n.Hop != "host" ||
		n.Error != "port 80 of this host leads to container old, which publishes it at 127.0.0.1 of the engine" {
		t.Errorf("arrange(): port 80 of container new = %+v, want an error that container old has it", n)
	}

	// What is there keeps its place, whoever is older.
	want, _ = arrange(containers, map[place]engine.Published{{"tcp", 80}: {HostIP: netip.MustParseAddr("127.0.0.2")}}, 256)
	leads(t, want, "127.0.0.2:80/tcp", "new")
	// One container's own addresses: what is reached from everywhere.
	want, told = arrange([]engine.Container{running("both", "127.0.0.1:80/tcp", "0.0.0.0:80/tcp")}, nil, 256)
	leads(t, want, "0.0.0.0:80/tcp", "both")
	if len(told) != 1 || told[0].HostIP != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("arrange(): told %+v, want 127.0.0.1 of container both only", told)
	}
}

func TestArrangeLimit(t *testing.T) {
	t.Parallel()
	web, all := running("web", "0.0.0.0:80/tcp"), many("all", 64512, 256)
	want, told := arrange([]engine.Container{all, web}, nil, 256)
	leads(t, want, "0.0.0.0:80/tcp", "web")
	if len(want) != 1 || len(told) != 1 || told[0].Count != 64512 || told[0].Container != "all" {
		t.Fatalf("arrange() with 64512 ports = %d ports, told %+v, want 1 port and container all told", len(want), told)
	}
	if got := told[0]; !strings.Contains(got.Error, "publishes 64512 ports, and at most 256 ports of a machine are forwarded, of which 1 are taken: none") ||
		!strings.Contains(got.Hint, "forward { max = 64513 }") {
		t.Errorf("arrange() with 64512 ports: error %q, hint %q, want the limit of 256 and max = 64513", got.Error, got.Hint)
	}
	for limit, there := range map[int]bool{4: true, 3: false} {
		want, told = arrange([]engine.Container{many("three", 3, 256), web}, nil, limit)
		if there != (len(want) == 4) || there != (len(told) == 0) {
			t.Errorf("arrange() with limit %d = %d ports, told %+v, want all 4 ports: %v", limit, len(want), told, there)
		}
	}
	// Who has the ports keeps them, although another came before.
	three, four := many("three", 3, 256), running("four", "0.0.0.0:1/tcp", "0.0.0.0:2/tcp")
	now := map[place]engine.Published{}
	for _, p := range three.Published {
		now[placeOf(p)] = p
	}
	want, told = arrange([]engine.Container{three, four}, now, 4)
	leads(t, want, "0.0.0.0:1000/tcp", "three")
	if len(want) != 3 || len(told) != 1 || told[0].Container != "four" {
		t.Errorf("arrange() with ports that are there = %d ports, told %+v, want 3 ports and container four told", len(want), told)
	}

	var crowd []engine.Container
	for i := range 5000 {
		crowd = append(crowd, running(fmt.Sprint("c", i), "127.0.0.1:80/tcp"))
	}
	if _, told = arrange(crowd, nil, 256); len(told) != mostTold+1 || told[mostTold].Count != 5000-1-mostTold {
		t.Errorf("arrange() of 5000 containers: told %d, the last %+v, want %d and the rest in the last", len(told), told[len(told)-1], mostTold+1)
	}
}
