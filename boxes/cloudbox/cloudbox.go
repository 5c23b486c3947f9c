// Package cloudbox makes Vagrant boxes of FreeBSD's and Alpine's official cloud
// images, for libvirt and qemu, Hyper-V, VirtualBox, VMware and UTM. What turns a cloud image into a box is a NoCloud seed in a
// partition: FreeBSD's images carry an empty one, Alpine's get one at the end.
// nuageinit or cloud-init reads it at the first boot, and so one disk
// is all that a provider has to know. The package reads a verified image and
// writes a box; it neither downloads nor runs anything.
package cloudbox

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"path"
	"slices"
	"strings"
)

// Systems of cloud images.
const (
	FreeBSD = "freebsd"
	Alpine  = "alpine"
)

// revision counts the changes of what this package makes of an image; it is
// part of a box's version, so that an older box is not taken for a new one.
const revision = 1

// Mirror is where FreeBSD publishes its files.
const Mirror = "https://download.freebsd.org"

// Source is a cloud image by what it holds.
type Source struct {
	Release      string // 15.1, or a branch whose snapshots are published: 16.0-CURRENT, 15-STABLE
	Architecture string // amd64 or arm64
	Filesystem   string // zfs or ufs
	// Mirror replaces the place of publication.
	Mirror string
	// Publisher is that place; "" is the constant Mirror.
	Publisher string
	// Branch and Build are those of a snapshot, 15.1-STABLE and
	// 20261023-9bec8a959bd6-288738; "" before they are known.
	Branch, Build string
	// Engine is the name of an image of Alpine, as in alpine-3.24: with it the
	// rest but Architecture is empty, and who has the image knows where it is from.
	Engine string
	// UEFI tells that an image of amd64 boots by UEFI alone.
	UEFI bool
}

// System in the image: FreeBSD or Alpine.
func (s Source) System() string {
	if s.Engine != "" {
		return Alpine
	}
	return FreeBSD
}

// Check refuses what cannot be published.
func (s Source) Check() error {
	if !slices.Contains([]string{"amd64", "arm64"}, s.Architecture) {
		return fmt.Errorf("there is no cloud image for %s", s.Architecture)
	}
	if s.System() == Alpine {
		return nil
	}
	if !slices.Contains([]string{"zfs", "ufs"}, s.Filesystem) {
		return fmt.Errorf("there is no cloud image with a root file system of %q, only zfs and ufs", s.Filesystem)
	}
	if Snapshot(s.Release) {
		return nil
	}
	major, minor, ok := strings.Cut(s.Release, ".")
	if !ok || major == "" || minor == "" || strings.Trim(major+minor, "0123456789") != "" {
		return fmt.Errorf("%q is no release of FreeBSD, as 15.1 is, and no branch with snapshots, as 15-STABLE and 16.0-CURRENT are", s.Release)
	}
	return nil
}

// Name of the image in fbdock.lock.hcl.
func (s Source) Name() string {
	if s.System() == Alpine {
		return s.Engine
	}
	return "freebsd-" + s.Release + "-" + s.Filesystem
}

// version is the release in numbers, with the day of a snapshot; "0" for a file
// that has none.
func (s Source) version() string {
	version := s.Release
	switch {
	case s.System() == Alpine:
		version = strings.TrimPrefix(s.Engine, "alpine-")
	case s.Snapshot():
		version, _, _ = strings.Cut(s.whole(), "-")
		if day := s.Date(); day != "" {
			version += "." + strings.ReplaceAll(day, "-", "")
		}
	}
	if strings.Trim(version, "0123456789.") != "" || strings.Trim(version, ".") != version || version == "" {
		return "0"
	}
	return version
}

// File is the published name; of an image of Alpine its name in the catalogue.
func (s Source) File() string {
	if s.System() == Alpine {
		return s.Engine
	}
	if s.Snapshot() && s.Build != "" {
		return s.pattern(s.Build)
	}
	return fmt.Sprintf("FreeBSD-%s-%s-BASIC-CLOUDINIT-%s.raw.xz", s.published(), s.fileArchitecture(), s.Filesystem)
}

func (s Source) fileArchitecture() string {
	return map[string]string{"amd64": "amd64", "arm64": "arm64-aarch64"}[s.Architecture]
}

// published is the release as FreeBSD names folders and files.
func (s Source) published() string {
	if s.Snapshot() {
		return s.whole()
	}
	return s.Release + "-RELEASE"
}

// place is where FreeBSD's files are.
func (s Source) place() string { return strings.TrimSuffix(cmp.Or(s.Mirror, s.Publisher, Mirror), "/") }

func (s Source) folder(last string) string {
	arch := map[string]string{"amd64": "amd64", "arm64": "aarch64"}[s.Architecture]
	kind := "releases"
	if s.Snapshot() {
		kind = "snapshots"
	}
	return s.place() + "/" + path.Join(kind, "VM-IMAGES", s.published(), arch, last)
}

// URL of the image. That of a snapshot has its day, so that it never means
// another file.
func (s Source) URL() string {
	if s.Snapshot() && s.Build != "" {
		day, _, _ := strings.Cut(s.Build, "-")
		return s.folder(day) + "/" + s.File()
	}
	return s.folder("Latest") + "/" + s.File()
}

// Checksums is the address of the publisher's list of digests. That of a
// snapshot whose build is not known is of the newest one.
func (s Source) Checksums() string {
	if s.Snapshot() && s.Build != "" {
		day, _, _ := strings.Cut(s.Build, "-")
		return s.folder(day) + "/CHECKSUM.SHA512-" + s.Build
	}
	return s.folder("Latest") + "/CHECKSUM.SHA512"
}

// Box is a box to be made.
type Box struct {
	Source Source
	SHA512 string // of the image
	Format Format
	Size   int64 // of the disk; whole GiB
}

// DefaultSize is the disk of a box: as large as the usual boxes' disks, and
// on the host only as large as what is written to it.
const DefaultSize = 64 << 30

// Name of the box in Vagrant.
func (b Box) Name() string {
	if b.Source.System() == Alpine {
		return "fbdock/" + b.Source.Engine
	}
	return "fbdock/freebsd-" + b.Source.Release
}

// Version tells boxes apart that hold different things under one name, by
// 128 bits of what they are made of: Vagrant takes a box by name and version
// for the one that another project had made, and who writes a lock file may
// choose an image so that a shorter number meets that of FreeBSD's own. A
// version is digits only, as letters would make it a preliminary one.
func (b Box) Version() string {
	sum := b.key()
	return fmt.Sprintf("%s.%d.%d", b.Source.version(), revision, new(big.Int).SetBytes(sum[:16]))
}

// File is the name of the archive. It tells all that the box is made of.
func (b Box) File() string {
	sum := b.key()
	return fmt.Sprintf("%s-%s-%s-%s.box", b.Source.Name(), b.Source.Architecture, b.Format, hex.EncodeToString(sum[:]))
}

// key is what the box is made of.
func (b Box) key() [sha256.Size]byte {
	h := sha256.New()
	for _, part := range []string{
		b.Source.Name(), b.Source.Architecture, strings.ToLower(b.SHA512), string(b.Format), fmt.Sprint(b.Size), fmt.Sprint(revision), b.Source.seedID(),
	} {
		_, _ = fmt.Fprintf(h, "%d %s\n", len(part), part)
	}
	return [sha256.Size]byte(h.Sum(nil))
}
