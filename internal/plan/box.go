package plan

import (
	"cmp"
	"strings"

	"github.com/fbdock/fbdock/hcl"
)

func (b *builder) box(provider string) Box {
	if provider == "" {
		return Box{}
	}
	if b.in.BoxURL != "" {
		return b.boxFrom(provider)
	}
	box, err := b.catalogue.Box(provider, b.host.Architecture, b.in.Box)
	if err != nil {
		b.failed("box", "no box for this machine", err)
		return Box{Name: b.in.Box, Architecture: b.host.Architecture}
	}
	switch {
	case b.in.BoxVersion != "" && box.Own:
		b.note("box_version is not used: fbdock makes the box %s of the image that the lock file pins", box.Name)
	case b.in.BoxVersion != "":
		box.Version = b.in.BoxVersion
	}
	b.notes = append(b.notes, box.Notes...)
	return box
}

// unknownBootTimeout suits the slowest first boot known, in seconds.
const unknownBootTimeout = 1200

// boxFrom is a box that the user says the place of.
func (b *builder) boxFrom(provider string) Box {
	if provider == "docker" {
		b.report(hcl.Error, "box_url", "remove box_url; box is the name of a container image", "no box for this machine", "The provider docker has no boxes.")
	}
	box := Box{Name: b.in.Box, Version: b.in.BoxVersion, Architecture: b.host.Architecture, BootTimeout: unknownBootTimeout}
	if hcl.IsBoxMetadata(b.in.BoxURL) {
		box.URL = b.in.BoxURL
		return box
	}
	box.File, box.SHA256 = b.file("box_url", b.in.BoxURL), strings.TrimPrefix(b.in.BoxChecksum, "sha256:")
	// Vagrant checks a box only when it adds it. The name says which file it
	// was, so that no other box of the host is taken for it.
	box.Name = cmp.Or(box.Name, "box") + "-sha256-" + box.SHA256[:min(16, len(box.SHA256))]
	return box
}
