package images

import (
	"context"
	"fmt"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/boxes/cloudbox"
)

// IsSnapshot tells whether a box of that name is made of a snapshot of a branch of
// FreeBSD.
func IsSnapshot(name string) bool {
	release, own := boxes.OwnRelease(name)
	return own && cloudbox.Snapshot(release)
}

// snapshotNote is what a box of a snapshot is not.
func snapshotNote(release string) string {
	return fmt.Sprintf("FreeBSD %s is a branch: its snapshots have no end of support and get no fixes, and their digest is that of "+
		"FreeBSD's list, which HTTPS alone protects", release)
}

// newest finds the newest snapshot of the source's branch, and gives its image
// with the digest that its publisher lists. The name of the file has the day that
// it was made: what is in the cache of another day has another digest.
func (r *boxRun) newest(ctx context.Context) (img boxes.Image, err error) {
	err = r.phase("snapshot", func() (string, error) {
		if index := r.source.Index(); index != "" {
			text, err := r.cache.Listing(ctx, r.published(), index)
			if err != nil {
				return "", err
			}
			if r.source, err = r.source.InIndex(text); err != nil {
				return "", err
			}
		}
		address := r.source.Checksums()
		list, err := r.cache.Listing(ctx, r.published(), address)
		if err != nil {
			return "", err
		}
		if r.source, err = r.source.InList(boxes.Listed(list)); err != nil {
			return "", err
		}
		img = r.published()
		img.SHA512, err = boxes.DigestIn(list, address, r.source.File())
		img.Vouched = err == nil
		return fmt.Sprintf("%s of %s, as %s lists it", r.source.Title(), r.source.Date(), address), err
	})
	return img, err
}
