package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/boxes/cloudbox"
	"github.com/fbdock/fbdock/internal/lockfile"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
)

// ownFilesystem is that of the boxes that machines start from.
const ownFilesystem = "zfs"

func isOwnBox(name string) bool {
	_, own := boxes.OwnRelease(name)
	return own
}

// ownRelease is the release of FreeBSD in a box of fbdock's own.
func ownRelease(m plan.Machine) string {
	release, _ := boxes.OwnRelease(m.Box.Name)
	return release
}

// EnsureBox makes the box of m when it is one of fbdock's own and Vagrant
// does not have it, after saying so.
func (p *Project) EnsureBox(ctx context.Context, m plan.Machine) (BoxResult, error) {
	if !m.Box.Own {
		return BoxResult{}, nil
	}
	made, err := BuildBoxes(ctx, p.Options, p.Lock, BoxOptions{
		Providers: []string{m.Provider}, Release: ownRelease(m), Architecture: m.Box.Architecture,
	})
	if err != nil {
		return BoxResult{}, err
	}
	return made[0], nil
}

// engineBox makes the box of an engine beside FreeBSD where Vagrant is to make
// that VM and does not have it. digest is that of the engine's image.
func (u *upRun) engineBox(ctx context.Context, digest string) error {
	if !u.m.Engine.Sibling() {
		return nil
	}
	img := u.engineImage(u.m)
	img.SHA512 = digest
	u.m.Engine.BoxVersion = engineVersion(img)
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
	r, err := newBoxRun(u.Options, u.Lock, BoxOptions{Providers: []string{u.m.Provider}, System: cloudbox.Alpine, image: &img})
	if err != nil {
		return err
	}
	r.cache = u.cache()
	_, err = r.run(ctx)
	return err
}

// engineVersion is the version of the box of an engine image, "" while its digest
// is not known.
func engineVersion(img boxes.Image) string {
	if img.SHA512 == "" {
		return ""
	}
	return cloudbox.Box{
		Source: cloudbox.Source{Engine: img.Name, Architecture: img.Architecture}, SHA512: img.SHA512, Format: cloudbox.Libvirt, Size: cloudbox.DefaultSize,
	}.Version()
}

// ownVersion is the version of a box of fbdock's own, "" while the image that
// it is made of is not pinned.
func ownVersion(m plan.Machine, lock *lockfile.File) string {
	format, ok := cloudbox.FormatOf(m.Provider)
	if !ok || !m.Box.Own {
		return ""
	}
	source := cloudbox.Source{
		Release: ownRelease(m), Architecture: m.Box.Architecture, Filesystem: ownFilesystem,
	}
	pin, ok := lock.Find(lockfile.CloudImage, source.Name(), source.Architecture)
	if !ok {
		return ""
	}
	return cloudbox.Box{Source: source, SHA512: pin.SHA512, Format: format, Size: cloudbox.DefaultSize}.Version()
}
