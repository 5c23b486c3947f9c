package up

import (
	"context"
	"fmt"
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
	if machine.MadeWith(u.State, u.m.EngineName()) != "" {
		if u.applied.Image != "" && u.applied.Image != digest {
			u.Progress.Warn(fmt.Sprintf("the engine image of %[1]s has changed, and its engine keeps the one that it was made of: only `fbdock destroy %[1]s` and `fbdock up` make another", u.m.Name))
		}
		return nil
	}
	if u.m.Provider == "docker" { // it has no boxes: the image is the disk of the VM in its container
		return nil
	}
	_, err := images.BuildBoxes(ctx, u.Maker(), u.Lock, images.BoxOptions{Providers: []string{u.m.Provider}, System: cloudbox.Alpine, Image: &img, Cache: u.Cache()})
	return err
}
