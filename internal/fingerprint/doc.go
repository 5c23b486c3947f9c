// Package fingerprint names texts and values by their digests.
package fingerprint
