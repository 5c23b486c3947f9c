package ports

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/fbdock/fbdock/internal/engine"
)

// mostTold bounds the list of ports that are not forwarded.
const mostTold = 100

// place is a port of this host. What leads there may change hands, by a new
// name, a new container or another address of the engine, and the place stays.
type place struct {
	protocol string
	number   uint16
}

// alike tells whether two ports lead to the same side, at the same address.
func alike(a, b engine.Published) bool { return a.HostIP == b.HostIP && a.Podman == b.Podman }

// where a port is published.
func where(p engine.Published) string {
	if p.Podman {
		return "in FreeBSD, under podman"
	}
	return fmt.Sprintf("at %s of the engine", p.HostIP)
}

func placeOf(p engine.Published) place { return place{p.Protocol, p.HostPort} }

// arrange says which ports of this host lead where, most of them at most, and
// which published ports have none and why. What is there already goes before
// what is new. A container has all of its ports forwarded or none: half a
// range would be worse than a clear no.
func arrange(containers []engine.Container, now map[place]engine.Published, most int) (want map[place]engine.Published, told []Port) {
	want = map[place]engine.Published{}
	for _, c := range inTurn(containers, now) {
		if c.HostNetwork {
			told = append(told, ofTheEngine(c))
		}
		mine, taken := choose(c, now, want)
		if need := c.Count - countPlaces(taken, mine); need > most-len(want) {
			told = append(told, tooMany(c, need, len(want), most))
			continue
		}
		told = append(told, taken...)
		maps.Copy(want, mine)
	}
	if more := len(told) - mostTold; more > 0 {
		told = append(told[:mostTold], Port{Count: more, Hop: "host", Error: "these are not forwarded either, and not listed one by one"})
	}
	return want, told
}

// inTurn puts containers in the order in which they get ports: those that
// have some, and then the older ones. dockerd lists the newest first.
func inTurn(containers []engine.Container, now map[place]engine.Published) []engine.Container {
	there := func(c engine.Container) int {
		if slices.ContainsFunc(c.Published, func(p engine.Published) bool { return alike(now[placeOf(p)], p) }) {
			return 0
		}
		return 1
	}
	order := slices.Clone(containers)
	slices.Reverse(order)
	slices.SortStableFunc(order, func(a, b engine.Container) int { return cmp.Compare(there(a), there(b)) })
	return order
}

// choose picks one target for each place of a container's; taken are the
// ports whose place leads elsewhere.
func choose(c engine.Container, now, want map[place]engine.Published) (mine map[place]engine.Published, taken []Port) {
	mine = map[place]engine.Published{}
	for _, p := range inOrder(c.Published, now) {
		at := placeOf(p)
		other, ok := want[at]
		if !ok {
			other, ok = mine[at]
		}
		if !ok {
			mine[at] = p
			continue
		}
		taken = append(taken, Port{
			Published: p, Hop: "host", Hint: "publish it at another port",
			Error: fmt.Sprintf("port %d of this host leads to container %s, which publishes it %s", at.number, other.Container, where(other)),
		})
	}
	return mine, taken
}

// countPlaces counts the places of taken that mine has not.
func countPlaces(taken []Port, mine map[place]engine.Published) int {
	others := map[place]bool{}
	for _, p := range taken {
		if at := placeOf(p.Published); mine[at].HostPort == 0 {
			others[at] = true
		}
	}
	return len(others)
}

// inOrder puts the target that a place has first, then those that are
// reached from everywhere.
func inOrder(published []engine.Published, now map[place]engine.Published) []engine.Published {
	rank := func(p engine.Published) int {
		switch {
		case alike(now[placeOf(p)], p):
			return 0
		case p.HostIP == netip.IPv4Unspecified():
			return 1
		case p.HostIP == netip.IPv6Unspecified():
			return 2
		}
		return 3
	}
	order := slices.Clone(published)
	slices.SortStableFunc(order, func(a, b engine.Published) int { return cmp.Compare(rank(a), rank(b)) })
	return order
}

// tooMany is the refusal of a container whose ports do not fit.
func tooMany(c engine.Container, need, used, most int) Port {
	p := Port{Published: engine.Published{Container: c.Name, ID: c.ID}, Count: c.Count, Hop: "host"}
	if len(c.Published) > 0 {
		p.Published = c.Published[0]
	}
	p.Error = fmt.Sprintf("it publishes %d ports, and at most %d ports of a machine are forwarded, of which %d are taken: none of its ports is forwarded", c.Count, most, used)
	p.Hint = fmt.Sprintf("raise the limit by `forward { max = %d }` in the machine block of fbdock.hcl and `fbdock up`", used+need)
	if used+need > 1<<16-1 {
		p.Hint = "publish fewer ports"
	}
	return p
}

// ofTheEngine tells that a container has no port here, whatever it listens
// on: that is not known to dockerd.
func ofTheEngine(c engine.Container) Port {
	return Port{
		Published: engine.Published{Container: c.Name, ID: c.ID}, Hop: "engine",
		Note: "it uses the engine's network (--network host): what it listens on is there, and not on this host",
		Hint: "publish its ports with -p in place of --network host",
	}
}
