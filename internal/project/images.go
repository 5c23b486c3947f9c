package project

import (
	"context"
	"os"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/internal/hostfile"
	"github.com/fbdock/fbdock/internal/images"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/reach"
)

// EngineImage is the image of m as it is pinned now: another machine of the
// same `up` may have pinned it.
func (p *Project) EngineImage(m plan.Machine) boxes.Image {
	return images.PinnedImage(p.Lock, m.Engine.Image)
}

// ImagePath is where the image of m is on this host; "" for one that was
// never fetched: its digest, which names its file, is not known yet.
func (p *Project) ImagePath(m plan.Machine) string {
	image := p.EngineImage(m)
	if image.Path != "" || image.SHA512 == "" {
		return image.Path
	}
	return p.Cache().Path(image.SHA512)
}

// Cache has what was downloaded, and opens the user's own images.
func (p *Project) Cache() boxes.Cache {
	c := images.Cache(p.Env)
	c.OpenOwn = func(ctx context.Context, file string) (*os.File, error) {
		for _, m := range p.Plan.Machines {
			if m.Engine.Image.Path == file {
				return p.openOwn(ctx, m, reach.Image, file)
			}
		}
		return hostfile.OpenWithin(ctx, p.Dir, file)
	}
	return c
}

// Maker makes the boxes of the project.
func (o Options) Maker() images.Maker {
	return images.Maker{Env: o.Env, Architecture: o.HostFacts.Architecture, Catalogue: o.Catalogue, FreeBSD: o.FreeBSD}
}
