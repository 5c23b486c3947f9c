package images

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/boxes/cloudbox"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/lockfile"
	"github.com/fbdock/fbdock/internal/plan"
)

// findSource says which image the boxes are made of.
func (r *boxRun) findSource(b BoxOptions) error {
	if b.Image != nil {
		return r.useImage(*b.Image, "")
	}
	architecture := cmp.Or(b.Architecture, r.Architecture)
	switch b.System {
	case "", cloudbox.FreeBSD:
		if err := checkFlavor(b.Flavor); err != nil {
			return err
		}
		r.kind = lockfile.CloudImage
		r.source = cloudbox.Source{
			Release: cmp.Or(b.Release, "15.1"), Architecture: architecture, Filesystem: cmp.Or(b.Filesystem, ownFilesystem),
			Mirror: b.Mirror, Publisher: r.FreeBSD,
		}
		if err := r.source.Check(); err != nil {
			return &failure.Error{Err: err, Next: "the releases are at https://www.freebsd.org/releases/, the branches at https://download.freebsd.org/snapshots/VM-IMAGES/", Code: failure.ExitUsage}
		}
		return nil
	case cloudbox.Alpine:
		return r.findAlpine(b, architecture)
	}
	return &failure.Error{
		Err:  fmt.Errorf("fbdock makes boxes of %s and %s, not of %q", cloudbox.FreeBSD, cloudbox.Alpine, b.System),
		Next: "`fbdock box build --help` says more", Code: failure.ExitUsage,
	}
}

// checkFlavor refuses images of FreeBSD that no box can be made of. BASIC-CI
// reads no seed: nothing in it makes a user or takes a key, and root has an empty
// password over SSH (release/tools/basic-ci.conf).
func checkFlavor(flavor string) error {
	switch flavor {
	case "", "basic-cloudinit":
		return nil
	case "basic-ci":
		return &failure.Error{
			Err:  errors.New("no box is made of BASIC-CI: it reads no cloud-init seed, so that Vagrant's key cannot get in, and lets root in over SSH without a password"),
			Next: "leave --flavor out: BASIC-CLOUDINIT is the same system with cloud-init", Code: failure.ExitUsage,
		}
	}
	return &failure.Error{Err: fmt.Errorf("there is no flavor %q of FreeBSD's images for boxes", flavor), Next: "leave --flavor out", Code: failure.ExitUsage}
}

// findAlpine finds the image of Alpine in the catalogue. It is the one that an
// engine in FreeBSD boots, and its pin is the same.
func (r *boxRun) findAlpine(b BoxOptions, architecture string) error {
	if b.Filesystem != "" {
		return &failure.Error{Err: errors.New("--root is for boxes of FreeBSD: Alpine's images have ext4"), Next: "leave --root out", Code: failure.ExitUsage}
	}
	if b.Flavor != "" {
		return &failure.Error{
			Err:  errors.New("--flavor is for boxes of FreeBSD: of Alpine's images one is for boxes, that with cloud-init"),
			Next: "leave --flavor out", Code: failure.ExitUsage,
		}
	}
	name := plan.DefaultImage
	if b.Release != "" {
		name = "alpine-" + b.Release
	}
	found, err := r.Catalogue.Image(name, architecture)
	if err != nil {
		return &failure.Error{Err: err, Next: "`fbdock box build --system alpine` without --release takes the newest", Code: failure.ExitUsage}
	}
	img := found
	if b.Mirror != "" {
		for i, address := range img.URLs {
			img.URLs[i] = strings.TrimSuffix(b.Mirror, "/") + strings.TrimPrefix(address, strings.TrimSuffix(img.Mirrors[i], "/"))
		}
		img.URLs, img.Mirrors = img.URLs[:1], append([]string{b.Mirror}, img.Mirrors...)
	}
	return r.useImage(img, b.Mirror)
}

// useImage makes the boxes be of an image of the engine's.
func (r *boxRun) useImage(img boxes.Image, mirror string) error {
	if err := r.canBoot(img); err != nil {
		return err
	}
	r.kind, r.img = lockfile.Image, img
	r.source = cloudbox.Source{Engine: img.Name, Architecture: img.Architecture, Mirror: mirror, UEFI: uefiOnly(img)}
	if err := r.source.Check(); err != nil {
		return &failure.Error{Err: err, Code: failure.ExitUsage}
	}
	return nil
}

// uefiOnly tells whether an image is said by its publisher's name to boot by UEFI
// alone, where machines may boot by BIOS.
func uefiOnly(img boxes.Image) bool {
	return img.Architecture == "amd64" && strings.Contains(path.Base(first(img.URLs)), "-uefi-")
}

// canBoot refuses an image that boots by UEFI alone for machines that have BIOS
// alone. Alpine's own for BIOS have no partitions, and so no room for a seed.
func (r *boxRun) canBoot(img boxes.Image) error {
	var biosOnly, others []string
	for _, f := range cloudbox.Formats() {
		switch {
		case !f.BIOSOnly():
			others = append(others, string(f))
		case slices.Contains(r.formats, f):
			biosOnly = append(biosOnly, string(f))
		}
	}
	if len(biosOnly) == 0 || !uefiOnly(img) {
		return nil
	}
	return &failure.Error{
		Err:  fmt.Errorf("%s boots by UEFI alone, and amd64 VMs of %s boot by BIOS", img.Name, strings.Join(biosOnly, " and ")),
		Next: fmt.Sprintf("take %s, which boots by both, or the providers %s", plan.DefaultImage, strings.Join(others, ", ")), Code: failure.ExitUsage,
	}
}

// described is the image for a person.
func (r *boxRun) described() string {
	switch {
	case r.source.System() == cloudbox.FreeBSD:
		if day := r.source.Date(); day != "" {
			return "FreeBSD's own cloud image of " + r.source.Title() + ", the snapshot of " + day + ","
		}
		return "FreeBSD's own cloud image of " + r.source.Release
	case r.img.Path != "":
		return "the engine image " + r.img.Name
	}
	return "Alpine's own cloud image " + r.img.Name
}

// image is the cloud image with the digest that it must have: the pinned
// one, else the one that its publisher has.
func (r *boxRun) image(ctx context.Context) (boxes.Image, error) {
	img := r.published()
	if img.Path != "" {
		return img, nil // its digest is known
	}
	if r.lock != nil {
		if pin, ok := r.lock.Find(r.kind, img.Name, img.Architecture); ok {
			r.pinned(pin)
			return Consent(ctx, r.Env, r.cache, r.lock, r.kind, r.published().Pinned(pin.URL, pin.SHA512))
		}
	}
	if err := checkNearby(img); err != nil || img.SHA512 != "" {
		return img, err
	}
	if r.source.Mirror != "" {
		r.Progress.Warn(fmt.Sprintf("no digest of %s is pinned: the one that %s lists is taken, as --mirror says", img.Name, r.source.Mirror))
	}
	if r.source.Snapshot() {
		r.Progress.Say(snapshotNote(r.source.Release))
		img, err := r.newest(ctx)
		return img, r.mismatch(img, err)
	}
	err := r.phase("digest", func() (text string, err error) {
		img.SHA512, err = r.cache.Digest(ctx, img)
		img.Vouched = err == nil
		return img.Checksums, r.mismatch(img, err)
	})
	return img, err
}

// pinned takes the snapshot that a pin names, and says which it is: it need not
// be the newest.
func (r *boxRun) pinned(pin lockfile.Pin) {
	if !r.source.Snapshot() {
		return
	}
	r.source = r.source.At(pin.URL)
	day := cmp.Or(r.source.Date(), "an unknown day")
	r.Progress.Say(fmt.Sprintf("%s pins FreeBSD %s to the snapshot of %s; without its block %s %q %q the newest is taken",
		lockfile.Name, r.source.Title(), day, pin.Kind, pin.Name, pin.Architecture))
}

// published is the cloud image as its publisher has it. A mirror that the
// user has named on the command line counts as one of the publisher's.
func (r *boxRun) published() boxes.Image {
	if r.source.System() == cloudbox.Alpine {
		return r.img
	}
	img := boxes.Image{
		Name: r.source.Name(), Architecture: r.source.Architecture, URLs: []string{r.source.URL()},
		Mirrors: []string{cmp.Or(r.FreeBSD, cloudbox.Mirror)}, Checksums: r.source.Checksums(),
	}
	if r.source.Mirror != "" {
		img.Mirrors = append([]string{r.source.Mirror}, img.Mirrors...)
	}
	return img.Near(r.nearby)
}

func (r *boxRun) pin(img boxes.Image) error {
	if r.lock == nil || img.Path != "" {
		return nil
	}
	// A mirror is this host's business: who works on the project elsewhere
	// takes the file with this digest from its publisher.
	pin := PinOf(r.kind, img, img.SHA512)
	pin.URL = r.publisher(img)
	if err := r.lock.Add(pin); err != nil || r.source.Mirror == "" {
		return err
	}
	return remember(r.Env, r.lock, pin, img.URLs[0])
}

// mismatch says what a wrong digest or a failed download means for a box.
func (r *boxRun) mismatch(img boxes.Image, err error) error {
	if err == nil {
		return nil
	}
	if r.lock != nil {
		if told, ok := againstPin(r.lock, r.kind, img, err); ok {
			return told
		}
	}
	if _, failed := errors.AsType[*boxes.DownloadError](err); failed {
		return &failure.Error{Err: err, Next: unreachable}
	}
	return err
}

// unreachable is the next step where a cloud image cannot be had.
const unreachable = "check the network and HTTPS_PROXY and try again, what has come so far is kept; " +
	"`fbdock box build --mirror URL`, or mirrors in fbdock.hcl, take another place of the same files"

// publisher is the address that the publisher has the image at.
func (r *boxRun) publisher(img boxes.Image) string {
	if r.source.System() == cloudbox.Alpine {
		if r.source.Mirror == "" {
			return img.URLs[0]
		}
		return strings.TrimSuffix(r.img.Mirrors[1], "/") + strings.TrimPrefix(r.img.URLs[0], strings.TrimSuffix(r.source.Mirror, "/"))
	}
	at := r.source
	at.Mirror = ""
	return at.URL()
}

func first(list []string) string { return cmp.Or(append(list, "")...) }
