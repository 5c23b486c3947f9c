package app

import (
	"github.com/fbdock/fbdock/internal/engine"
	"github.com/fbdock/fbdock/provision/contract"
)

// docker is a client of the engine's API, through the guest.
func (p *Project) docker(g *guest) (*engine.Client, error) {
	tls, err := engineTLS(g.files)
	if err != nil {
		return nil, err
	}
	return engine.New(g.DialContext, tls, contract.EngineURL(g.machine.Engine.Address))
}
