package agent

import (
	"crypto/sha256"
	"encoding/hex"
)

// longest is the longest path that a socket may have; macOS takes 103 bytes.
const longest = 100

// short is a name for a path that is too long to be one of a socket.
func short(path string) string {
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:8])
}
