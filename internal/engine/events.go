package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
)

// watched are what changes the ports of running containers. A network that
// is connected or disconnected takes its ports along, and a new name is shown.
var watched = map[events.Type][]events.Action{
	events.ContainerEventType: {
		events.ActionStart, events.ActionDie, events.ActionStop, events.ActionPause, events.ActionUnPause, events.ActionDestroy,
		events.ActionRename,
	},
	events.NetworkEventType: {events.ActionConnect, events.ActionDisconnect},
}

// WatchContainers calls changed when the event stream is open, and whenever
// something comes over it: a container starts, stops, is renamed or changes
// its networks. It ends when the stream breaks or ctx does. What happened
// before the call is missed: changed has to look for itself, and therefore
// nothing of an event is kept or understood here.
func (c *Client) WatchContainers(ctx context.Context, changed func()) error {
	args := filters.NewArgs()
	for kind, actions := range watched {
		args.Add("type", string(kind))
		for _, action := range actions {
			args.Add("event", string(action))
		}
	}
	wanted, err := filters.ToJSON(args)
	if err != nil {
		return fmt.Errorf("ask %s for events: %w", c.server, err)
	}
	stream, err := c.stream(ctx, "/events", url.Values{"filters": {wanted}})
	if err != nil {
		return err
	}
	defer stream.Close() //nolint:errcheck // only read
	changed()
	for buffer := make([]byte, 4<<10); ; {
		n, err := stream.Read(buffer)
		if n > 0 {
			changed()
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return c.explain(ctx, err)
		}
	}
}
