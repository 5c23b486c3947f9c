package machine

import (
	"github.com/fbdock/fbdock/internal/engine"
	"github.com/fbdock/fbdock/provision/contract"
)

// Docker is a client of the engine's API, through the guest.
func (g *Guest) Docker() (*engine.Client, error) {
	tls, err := engineTLS(g.Files)
	if err != nil {
		return nil, err
	}
	return engine.New(g.DialContext, tls, contract.EngineURL(g.Plan.Engine.Address))
}
