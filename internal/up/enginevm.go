package up

import (
	"cmp"
	"context"
	"fmt"

	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/project"
)

// engineVM is the VM of an engine beside FreeBSD: of which image it is to be.
type engineVM struct {
	digest string
	// replaced tells that the VM which is there was made of another image.
	replaced bool
}

// decide tells whether the engine VM was made of another image, and asks before
// it is made anew. Docker's data is not lost with it.
func (e *engineVM) decide(u *run, digest string) error {
	e.digest = digest
	was := cmp.Or(u.applied.EngineImage, u.applied.Image)
	if was == "" || was == digest || machine.MadeWith(u.State, u.m.EngineName()) == "" {
		return nil
	}
	name := u.applied.EngineImageName
	if name == "" && u.changing.old.Machine.Name != "" {
		name = project.ImageName(u.changing.old.Machine)
	}
	if !u.m.OwnDisk() {
		return project.LostWithEngine(u.m, name)
	}
	question := fmt.Sprintf("Destroy the engine VM of %s and make it anew of %s? Docker's data stays on its disk; what runs in the engine is stopped.", u.m.Name, project.ImageName(u.m))
	if err := u.Confirmed(question); err != nil {
		return err
	}
	e.replaced = true
	return nil
}

// renew destroys an engine VM that is made anew, FreeBSD's stays, and writes
// down of which image the next one is before it is made. After an interruption at
// any point the next `up` finds the old VM and its record, no VM, or the new VM and
// its record.
func (e *engineVM) renew(ctx context.Context, u *run) error {
	if !u.m.Engine.Sibling() {
		return nil
	}
	if e.replaced {
		err := u.phase("old engine VM", func() (string, error) { return "destroyed", u.sibling().DestroyEngine(ctx) })
		if err != nil {
			return err
		}
	}
	if machine.MadeWith(u.State, u.m.EngineName()) != "" {
		return nil
	}
	u.applied.EngineImage, u.applied.EngineImageName = e.digest, catalogueName(u.m)
	return u.files.SetApplied(u.applied)
}

// madeOf has the record say of which image the engine VM is.
func (e *engineVM) madeOf(u *run) {
	if u.m.Engine.Sibling() {
		u.wanted.EngineImage, u.wanted.EngineImageName = cmp.Or(u.applied.EngineImage, e.digest), cmp.Or(u.applied.EngineImageName, catalogueName(u.m))
	}
}

// catalogueName is the name of the engine's image in the catalogue, "" for a file
// of the user's, whose path changes with the project's.
func catalogueName(m plan.Machine) string {
	if m.Engine.Image.Path != "" {
		return ""
	}
	return m.Engine.Image.Name
}
