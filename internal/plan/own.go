package plan

import (
	"cmp"
	"fmt"

	"github.com/fbdock/fbdock/hcl"
)

// The interfaces of the engine's network on a computer of the user's own,
// where bridge0 and tap0 are likely somebody else's.
const (
	ownBridge = "bridge77"
	ownTap    = "tap77"
)

// architecture is that of the engine's image: of the computer that runs it.
func (b *builder) architecture() string {
	if b.in.Host == "" {
		return b.host.Architecture
	}
	return cmp.Or(b.in.Architecture, "amd64")
}

// ownStorage leaves ZFS' memory on a computer of the user's own as it is,
// unless the file says otherwise: 0 means that.
func (b *builder) ownStorage() Storage {
	in := b.in.Storage
	s := Storage{Pool: cmp.Or(in.Pool, "auto"), Compression: cmp.Or(in.Compression, "lz4"), ARCMax: in.ARCMax}
	if s.ARCMax != 0 && s.ARCMax < 64*hcl.MiB {
		b.report(hcl.Error, "storage.arc_max", `set arc_max to "64MiB" or more, or leave it out`, "ARC too small",
			fmt.Sprintf("ZFS refuses an ARC of %s.", s.ARCMax))
	}
	return s
}
