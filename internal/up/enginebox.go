package up

import (
	"context"
	"slices"

	"github.com/fbdock/fbdock/boxes/cloudbox"
	"github.com/fbdock/fbdock/internal/images"
	"github.com/fbdock/fbdock/internal/machine"
)

// engineBox makes the box of an engine beside FreeBSD where Vagrant is to make
// that VM and does not have it. digest is that of the engine's image.
func (u *run) engineBox(ctx context.Context, digest string) error {
	if !u.m.Engine.Sibling() {
		return nil
	}
	img := u.EngineImage(u.m)
	img.SHA512 = digest
	u.m.Engine.BoxVersion = images.EngineVersion(img)
	u.Plan.Machines = slices.Clone(u.Plan.Machines)
	for i := range u.Plan.Machines {
		if u.Plan.Machines[i].Name == u.m.Name {
			u.Plan.Machines[i].Engine.BoxVersion = u.m.Engine.BoxVersion
		}
	}
	if err := u.engine.decide(u, digest); err != nil {
		return err
	}
	if machine.MadeWith(u.State, u.m.EngineName()) != "" && !u.engine.replaced {
		return nil
	}
	if u.m.Provider == "docker" { // it has no boxes: the image is the disk of the VM in its container
		return nil
	}
	_, err := images.BuildBoxes(ctx, u.Maker(), u.Lock, images.BoxOptions{Providers: []string{u.m.Provider}, System: cloudbox.Alpine, Image: &img, Cache: u.Cache()})
	return err
}
