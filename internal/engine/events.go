package engine

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
)

// Published is a port of a running container that is published.
type Published struct {
	Container string     `json:"container"` // its name
	ID        string     `json:"id"`
	HostIP    netip.Addr `json:"host_ip"` // on the engine
	HostPort  uint16     `json:"host_port"`
	Port      uint16     `json:"port"` // in the container
	Protocol  string     `json:"protocol"`
}

// Published are the published ports of all running containers.
func (c *Client) Published(ctx context.Context) ([]Published, error) {
	list, err := c.api.ContainerList(ctx, container.ListOptions{})
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	var all []Published
	for _, one := range list {
		name := one.ID
		if len(one.Names) > 0 {
			name = strings.TrimPrefix(one.Names[0], "/")
		}
		for _, p := range one.Ports {
			if p.PublicPort == 0 {
				continue // only exposed
			}
			ip, err := netip.ParseAddr(p.IP)
			if err != nil {
				ip = netip.IPv4Unspecified()
			}
			all = append(all, Published{
				Container: name, ID: one.ID, HostIP: ip, HostPort: p.PublicPort, Port: p.PrivatePort, Protocol: p.Type,
			})
		}
	}
	return all, nil
}

// WatchContainers calls changed when the event stream is open, and whenever
// a container starts, stops or changes its networks, until the stream breaks
// or ctx ends. What happened before the call of it is missed: changed has
// to look for itself.
func (c *Client) WatchContainers(ctx context.Context, changed func()) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	args := filters.NewArgs(filters.Arg("type", string(events.ContainerEventType)))
	for _, action := range []events.Action{
		events.ActionStart, events.ActionDie, events.ActionStop, events.ActionPause, events.ActionUnPause, events.ActionDestroy,
	} {
		args.Add("event", string(action))
	}
	stream, broken := c.api.Events(ctx, events.ListOptions{Filters: args})
	changed()
	for {
		select {
		case <-stream:
			changed()
		case err := <-broken:
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return c.explain(ctx, err)
		}
	}
}
