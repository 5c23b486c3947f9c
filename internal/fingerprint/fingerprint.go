package fingerprint

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Hex is the SHA-256 of a text in hex.
func Hex(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Of changes with values.
func Of(values []any) string {
	data, err := json.Marshal(values)
	if err != nil {
		return "unknown"
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}
