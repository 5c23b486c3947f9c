package machine

import (
	"context"
	"fmt"
	"time"

	"github.com/fbdock/fbdock/internal/link"
)

// engineStop bounds the engine's own shutdown inside the guest's, which is
// forced by default after 60 s.
const engineStop = 90 * time.Second

// StopEngine shuts the engine down before the guest: some providers give a
// guest less time than dockerd needs to put its containers down. A guest
// that cannot be asked is left to the provider.
func (m Machine) StopEngine(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, max(engineStop, m.Plan.Timeouts.Stop+engineStop/3))
	defer cancel()
	g, err := m.Cached(ctx, QuickDial)
	if err != nil {
		return
	}
	defer g.Close() // it goes down anyway
	m.Progress.Begin("stop the engine")
	status, err := g.Run(ctx, link.Command{Args: g.AsRoot("service", "fbdock", "onestop")})
	switch {
	case err != nil:
		m.Progress.End("fail", err.Error())
	case status != 0:
		m.Progress.End("fail", fmt.Sprintf("service fbdock onestop: status %d", status))
	default:
		m.Progress.End("ok", "")
	}
}
