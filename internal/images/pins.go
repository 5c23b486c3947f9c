package images

import (
	"errors"
	"fmt"
	"slices"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/internal/lockfile"
	"github.com/fbdock/fbdock/internal/plan"
)

// UsePins makes every machine use the files that the lock file names: the
// very ones that were seen first, also when the catalogue has moved on. A box
// of fbdock's own gets the version that is made of the pinned image.
func UsePins(p *plan.Plan, lock *lockfile.File) {
	p.Machines = slices.Clone(p.Machines)
	for i := range p.Machines {
		m := &p.Machines[i]
		img := m.Engine.Image
		m.Engine.Image = PinnedImage(lock, img)
		if m.Engine.Sibling() && img.Path == "" {
			m.Engine.BoxVersion = EngineVersion(m.Engine.Image)
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

// PinnedImage is img as the lock file has it. A file of the user's own is not
// pinned: it changes as the user likes.
func PinnedImage(lock *lockfile.File, img boxes.Image) boxes.Image {
	pin, ok := lock.Find(lockfile.Image, img.Name, img.Architecture)
	if !ok || img.Path != "" {
		return img
	}
	return img.Pinned(pin.URL, pin.SHA512)
}

// AddPin writes down what was fetched, so that it is the only file used from
// now on.
func AddPin(lock *lockfile.File, kind lockfile.Kind, img boxes.Image, digest string) error {
	if img.Path != "" || len(img.URLs) == 0 {
		return nil
	}
	return lock.Add(PinOf(kind, img, digest))
}

// PinOf is the pin of an image with its digest.
func PinOf(kind lockfile.Kind, img boxes.Image, digest string) lockfile.Pin {
	return lockfile.Pin{Kind: kind, Name: img.Name, Architecture: img.Architecture, URL: img.URLs[0], SHA512: digest}
}

// Pinned tells whether the lock file knows the image by this very digest.
func Pinned(lock *lockfile.File, img boxes.Image, digest string) bool {
	pin, ok := lock.Find(lockfile.Image, img.Name, img.Architecture)
	return img.Path != "" || ok && pin.SHA512 == digest
}

// Mismatch turns a wrong digest of a pinned file into the words about the
// pin: what was published has changed, and that is not for fbdock to judge.
func Mismatch(lock *lockfile.File, kind lockfile.Kind, img boxes.Image, err error) error {
	if told, ok := againstPin(lock, kind, img, err); ok {
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
