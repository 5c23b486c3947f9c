package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/lockfile"
	"github.com/fbdock/fbdock/internal/plan"
)

// FindLock is the lock file of the project around o.Dir, nil when there is
// no project. The configuration itself may be wrong or want variables: it is
// not read.
func (o Options) FindLock(ctx context.Context) (*lockfile.File, error) {
	file, err := o.Find()
	if err != nil {
		if errors.Is(err, errNoConfig) {
			return nil, nil //nolint:nilnil // no project is no error here
		}
		return nil, err
	}
	lock, err := lockfile.Load(ctx, filepath.Dir(file))
	if err != nil {
		return nil, &failure.Error{Err: err, Code: failure.ExitUsage}
	}
	return lock, nil
}

// usePins makes every machine use the files that the lock file names: the
// very ones that were seen first, also when the catalogue has moved on. A box
// of fbdock's own gets the version that is made of the pinned image.
func usePins(p *plan.Plan, lock *lockfile.File) {
	p.Machines = slices.Clone(p.Machines)
	for i := range p.Machines {
		m := &p.Machines[i]
		img := boxes.Image(m.Engine.Image)
		m.Engine.Image = plan.Image(pinnedImage(lock, img))
		if m.Engine.Sibling() && img.Path == "" {
			m.Engine.BoxVersion = engineVersion(boxes.Image(m.Engine.Image))
		}
		if version := ownVersion(*m, lock); version != "" {
			m.Box.Version = version
		}
		if pin, ok := lock.Find(lockfile.Image, img.Name, img.Architecture); ok && img.Path == "" && !img.Published(pin.URL) {
			note := fmt.Sprintf("the engine image is not its publisher's: %s pins it to %s", lockfile.Name, pin.URL)
			if !slices.Contains(m.Notes, note) {
				m.Notes = append(slices.Clip(m.Notes), note)
			}
		}
	}
}

// pinnedImage is img as the lock file has it. A file of the user's own is not
// pinned: it changes as the user likes.
func pinnedImage(lock *lockfile.File, img boxes.Image) boxes.Image {
	pin, ok := lock.Find(lockfile.Image, img.Name, img.Architecture)
	if !ok || img.Path != "" {
		return img
	}
	return img.Pinned(pin.URL, pin.SHA512)
}

// engineImage is the image of m as it is pinned now: another machine of the
// same `up` may have pinned it.
func (p *Project) engineImage(m plan.Machine) boxes.Image {
	return pinnedImage(p.Lock, boxes.Image(m.Engine.Image))
}

// pin writes down what was fetched, so that it is the only file used from
// now on.
func (p *Project) pin(kind lockfile.Kind, img boxes.Image, digest string) error {
	if img.Path != "" || len(img.URLs) == 0 {
		return nil
	}
	return p.Lock.Add(pinOf(kind, img, digest))
}

func pinOf(kind lockfile.Kind, img boxes.Image, digest string) lockfile.Pin {
	return lockfile.Pin{Kind: kind, Name: img.Name, Architecture: img.Architecture, URL: img.URLs[0], SHA512: digest}
}

// pinned tells whether the lock file knows the image by this very digest.
func (p *Project) pinned(img boxes.Image, digest string) bool {
	pin, ok := p.Lock.Find(lockfile.Image, img.Name, img.Architecture)
	return img.Path != "" || ok && pin.SHA512 == digest
}

// mismatch turns a wrong digest of a pinned file into the words about the
// pin: what was published has changed, and that is not for fbdock to judge.
func (p *Project) mismatch(kind lockfile.Kind, img boxes.Image, err error) error {
	if told, ok := againstPin(p.Lock, kind, img, err); ok {
		return told
	}
	return err
}

func againstPin(lock *lockfile.File, kind lockfile.Kind, img boxes.Image, err error) (*lockfile.MismatchError, bool) {
	pin, ok := lock.Find(kind, img.Name, img.Architecture)
	wrong, other := errors.AsType[*boxes.DigestError](err)
	if !ok || !other || wrong.Want != pin.SHA512 {
		return nil, false
	}
	from := wrong.URL
	if from == "" {
		from = wrong.File
	}
	return &lockfile.MismatchError{Path: lock.Path(), Pin: pin, URL: from, Got: wrong.Got, Err: err}, true
}
