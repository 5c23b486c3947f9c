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

var (
	//go:embed seed/user-data.sh
	userData []byte
	//go:embed seed/alpine/user-data.sh
	alpineUserData []byte
)

// script is what the system runs as root at its first boot.
func (s Source) script() []byte {
	if s.System() == Alpine {
		return alpineUserData
	}
	return userData
}

// seedID names the content of the seed, so that cloud-init, which keeps
// what it has done by this name, does a changed seed anew.
func (s Source) seedID() string {
	sum := sha256.Sum256(s.script())
	return "fbdock-" + hex.EncodeToString(sum[:8])
}

// seed is the files of the NoCloud seed.
func (s Source) seed() []disk.File {
	meta := fmt.Sprintf("instance-id: %s\nlocal-hostname: %s\n", s.seedID(), s.System())
	return []disk.File{{Name: "meta-data", Data: []byte(meta)}, {Name: "user-data", Data: s.script()}}
}
