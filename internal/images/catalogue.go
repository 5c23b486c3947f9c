package images

import (
	"fmt"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/internal/plan"
)

// Catalogue is the catalogue of boxes as planning wants to ask it.
type Catalogue struct{ boxes.Catalogue }

// Box resolves a name, "" for the pick, for a provider and architecture.
func (c Catalogue) Box(provider, architecture, name string) (plan.Box, error) {
	b, err := c.Catalogue.Box(provider, architecture, name)
	box := plan.Box{
		Name: b.Name, Version: b.Version, Architecture: b.Architecture, BootTimeout: b.BootTimeout, Listed: b.Listed, Notes: b.Notes,
		Release: b.Release, EndOfSupport: string(b.EndOfSupport), Own: b.Own,
	}
	if release, _ := boxes.OwnRelease(b.Name); err == nil && IsSnapshot(b.Name) {
		box.Notes = append(box.Notes, snapshotNote(release))
	}
	if err == nil && !b.Own && provider != "docker" {
		box.Registry = fmt.Sprintf("%s, which is supported until %s and ends on %s", c.Registry.Name, c.Registry.SupportEnds, c.Registry.Ends)
		if own, ok := c.Own(provider, architecture); ok {
			box.Instead = own.Name
		}
	}
	return box, err
}
