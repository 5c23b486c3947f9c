package images

import (
	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/boxes/cloudbox"
	"github.com/fbdock/fbdock/internal/lockfile"
	"github.com/fbdock/fbdock/internal/plan"
)

// ownFilesystem is that of the boxes that machines start from.
const ownFilesystem = "zfs"

// IsOwnBox tells whether a box of that name is made by fbdock.
func IsOwnBox(name string) bool {
	_, own := boxes.OwnRelease(name)
	return own
}

// ownRelease is the release of FreeBSD in a box of fbdock's own.
func ownRelease(m plan.Machine) string {
	release, _ := boxes.OwnRelease(m.Box.Name)
	return release
}

// EngineVersion is the version of the box of an engine image, "" while its digest
// is not known.
func EngineVersion(img boxes.Image) string {
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
	return cloudbox.Box{Source: source.At(pin.URL), SHA512: pin.SHA512, Format: format, Size: cloudbox.DefaultSize}.Version()
}
