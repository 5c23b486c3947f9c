package app

import (
	"context"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/boxes/cloudbox"
	"github.com/fbdock/fbdock/internal/lockfile"
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
