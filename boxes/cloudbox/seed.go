package cloudbox

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"

	"github.com/fbdock/fbdock/boxes/disk"
)

// label is what both nuageinit and cloud-init know a NoCloud seed by.
// nuageinit looks for this case only.
const label = "cidata"

//go:embed seed/user-data.sh
var userData []byte

// seedID names the content of the seed, so that cloud-init, which keeps
// what it has done by this name, does a changed seed anew.
func seedID() string {
	sum := sha256.Sum256(userData)
	return "fbdock-" + hex.EncodeToString(sum[:8])
}

// seed is the files of the NoCloud seed.
func seed() []disk.File {
	meta := fmt.Sprintf("instance-id: %s\nlocal-hostname: freebsd\n", seedID())
	return []disk.File{{Name: "meta-data", Data: []byte(meta)}, {Name: "user-data", Data: userData}}
}
