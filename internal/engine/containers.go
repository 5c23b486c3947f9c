package engine

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/internal/untrusted"
)

const whatList = "the list of containers"

const (
	// maxList bounds the list of running containers. Five thousand have some
	// 10 MiB; a single one that publishes all ports has 9.
	maxList = 24 << 20
	// maxContainers is how many may have ports, or the engine's network.
	maxContainers = 10_000
	// maxPorts is how many ports of all of them are held.
	maxPorts = 1 << 17
)

// Published is a port of a running container that is published.
type Published struct {
	Container string     `json:"container"` // its name
	ID        string     `json:"id"`
	HostIP    netip.Addr `json:"host_ip"` // on the engine
	HostPort  uint16     `json:"host_port"`
	Port      uint16     `json:"port"` // in the container
	Protocol  string     `json:"protocol"`
	// Podman tells that the container is podman's in FreeBSD, and Address is
	// the container's own there.
	Podman  bool       `json:"podman,omitempty"`
	Address netip.Addr `json:"address,omitzero"`
}

// Container is a running container as far as the network goes.
type Container struct {
	Name, ID string
	// HostNetwork tells that it uses the engine's network.
	HostNetwork bool
	// Published are its ports by protocol and number. A port that is
	// published for all addresses is there once, for IPv4 and IPv6.
	Published []Published
	// Count is how many there are, each number of a protocol once: there may
	// be more than in Published.
	Count int
	// Address is the first that it has in a network.
	Address netip.Addr
}

// Containers are the running containers that publish ports or use the
// engine's network. No more than most ports of each are listed.
func (c *Client) Containers(ctx context.Context, most int) ([]Container, error) {
	body, err := c.stream(ctx, "/containers/json", nil)
	if err != nil {
		return nil, err
	}
	defer body.Close() //nolint:errcheck // only read
	all, err := readContainers(body, most)
	if c.podman {
		all = ofPodman(all)
	}
	if err != nil {
		return nil, c.explain(ctx, fmt.Errorf("list containers: %w", err))
	}
	return all, nil
}

// ofPodman marks containers as podman's. Those that publish nothing are left
// out: podman says of each that its network is the host's (libpod's
// LibpodToContainer, which says so itself).
func ofPodman(all []Container) []Container {
	all = slices.DeleteFunc(all, func(c Container) bool { return c.Count == 0 })
	for i := range all {
		all[i].HostNetwork = false
		for j := range all[i].Published {
			all[i].Published[j].Podman, all[i].Published[j].Address = true, all[i].Address
		}
	}
	return all
}

// readContainers reads the answer to /containers/json piece by piece, so that
// nothing is held of it but what is asked for.
func readContainers(body io.Reader, most int) ([]Container, error) {
	r := newPieces(untrusted.NewReader(body, whatList, maxList))
	var all []Container
	ports := 0
	err := r.array(func() error {
		c, err := readContainer(r, most)
		if err != nil {
			return err
		}
		if c.ID == "" || c.Count == 0 && !c.HostNetwork {
			return nil
		}
		all = append(all, c)
		ports += len(c.Published)
		switch {
		case len(all) > maxContainers:
			return &untrusted.TooLargeError{What: whatList, Limit: maxContainers, Unit: "containers with ports"}
		case ports > maxPorts:
			return &untrusted.TooLargeError{What: whatList, Limit: maxPorts, Unit: "ports"}
		}
		return nil
	})
	return all, err
}

// name is what dockerd lets containers be called, and what their IDs are.
var name = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$`)

func readContainer(r *pieces, most int) (Container, error) {
	var c Container
	ports := &portList{most: most}
	err := r.object(func(key string) (err error) {
		switch key {
		case "Id":
			c.ID, err = r.text()
		case "Names":
			err = r.array(func() error {
				text, err := r.text()
				// Links give a container further names, "/other/alias".
				if text = strings.TrimPrefix(text, "/"); c.Name == "" && name.MatchString(text) {
					c.Name = text
				}
				return err
			})
		case "Ports":
			err = r.array(func() error { return ports.read(r) })
		case "HostConfig":
			err = r.object(func(key string) error {
				if key != "NetworkMode" {
					return r.skip()
				}
				mode, err := r.text()
				c.HostNetwork = mode == "host"
				return err
			})
		case "NetworkSettings":
			c.Address, err = readAddress(r)
		default:
			err = r.skip()
		}
		return err
	})
	if c.ID != "" && !name.MatchString(c.ID) {
		c.ID = ""
	}
	if c.Name == "" {
		c.Name = c.ID
	}
	c.Published, c.Count = ports.all(c.Name, c.ID), ports.count
	return c, err
}

// readAddress is the container's first IPv4 address, none where it has none.
// The networks come in no order, and the lowest is always the same.
func readAddress(r *pieces) (address netip.Addr, err error) {
	err = r.object(func(key string) error {
		if key != "Networks" {
			return r.skip()
		}
		return r.object(func(string) error {
			return r.object(func(key string) error {
				if key != "IPAddress" {
					return r.skip()
				}
				text, err := r.text()
				ip, bad := netip.ParseAddr(text)
				if err == nil && bad == nil && ip.Is4() && !ip.IsUnspecified() && (!address.IsValid() || ip.Less(address)) {
					address = ip
				}
				return err
			})
		})
	})
	return address, err
}

// portList collects the ports of one container.
type portList struct {
	most  int
	count int
	seen  map[string]*[1 << 16 / 64]uint64 // a bit for each port, by protocol
	at    map[Published]uint16             // the port in the container
}

func (l *portList) read(r *pieces) error {
	var p Published
	var ip string
	err := r.object(func(key string) (err error) {
		switch key {
		case "IP":
			ip, err = r.text()
		case "PublicPort":
			p.HostPort, err = r.port()
		case "PrivatePort":
			p.Port, err = r.port()
		case "Type":
			p.Protocol, err = r.text()
		default:
			err = r.skip()
		}
		return err
	})
	if err == nil && p.HostPort != 0 && slices.Contains([]string{"tcp", "udp", "sctp"}, p.Protocol) {
		if p.HostIP, err = netip.ParseAddr(ip); ip == "" {
			p.HostIP, err = netip.IPv4Unspecified(), nil
		}
		if err == nil && p.HostIP.Zone() == "" {
			l.add(p)
		}
		return nil // dockerd has no such address; the others count
	}
	return err
}

func (l *portList) add(p Published) {
	if l.seen == nil {
		l.seen, l.at = map[string]*[1 << 16 / 64]uint64{}, map[Published]uint16{}
	}
	bits := l.seen[p.Protocol]
	if bits == nil {
		bits = new([1 << 16 / 64]uint64)
		l.seen[p.Protocol] = bits
	}
	if word, bit := &bits[p.HostPort/64], uint64(1)<<(p.HostPort%64); *word&bit == 0 {
		*word |= bit
		l.count++
	}
	port := p.Port
	p.Port = 0
	twin := p
	switch p.HostIP {
	case netip.IPv4Unspecified():
		twin.HostIP = netip.IPv6Unspecified()
		delete(l.at, twin)
	case netip.IPv6Unspecified():
		twin.HostIP = netip.IPv4Unspecified()
		if _, ok := l.at[twin]; ok {
			return
		}
	}
	if _, ok := l.at[p]; !ok && len(l.at) < l.most {
		l.at[p] = port
	}
}

func (l *portList) all(container, id string) []Published {
	var all []Published
	for p, port := range l.at {
		p.Container, p.ID, p.Port = container, id, port
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b Published) int {
		return cmp.Or(cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.HostPort, b.HostPort), a.HostIP.Compare(b.HostIP))
	})
	return all
}
