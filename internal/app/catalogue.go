package app

import (
	"strings"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/internal/plan"
)

// Catalogue is the catalogue of boxes as planning wants to ask it.
type Catalogue struct{ boxes.Catalogue }

// Box resolves a name, "" for the pick, for a provider and architecture.
func (c Catalogue) Box(provider, architecture, name string) (plan.Box, error) {
	b, err := c.Catalogue.Box(provider, architecture, name)
	return plan.Box{
		Name: b.Name, Version: b.Version, Architecture: b.Architecture, BootTimeout: b.BootTimeout, Listed: b.Listed, Notes: b.Notes,
		Release: b.Release, EndOfSupport: string(b.EndOfSupport), Own: strings.HasPrefix(b.Name, ownBoxes),
	}, err
}

// Image resolves the name of an engine image.
func (c Catalogue) Image(name, architecture string) (plan.Image, error) {
	i, err := c.Catalogue.Image(name, architecture)
	return plan.Image(i), err
}
