// Package folderid tells folders apart by what the file system calls them. It
// opens none and follows no name but the one that it is given.
package folderid

// Identity is what the file system calls a folder, however its path is
// spelt.
type Identity struct {
	// Device and File are st_dev and st_ino, or the serial number of the
	// volume and the file's id.
	Device string `json:"device"`
	File   string `json:"file"`
	// Born is when the folder was made, in nanoseconds since 1970; 0 where
	// the file system does not say. It tells a folder from a later one that
	// was given the same number.
	Born int64 `json:"born,omitempty"`
}

// Same tells whether both are one folder as far as numbers go; sure is false
// where only the time of birth could tell a reused number.
func (i Identity) Same(o Identity) (same, sure bool) {
	if i.Device != o.Device {
		return false, true
	}
	return i.SameFile(o)
}

// SameFile is Same on a device whose number may have changed, as it does when
// a disk is mounted anew.
func (i Identity) SameFile(o Identity) (same, sure bool) {
	if i.File != o.File || i.File == "" {
		return false, true
	}
	if i.Born == 0 || o.Born == 0 {
		return true, false
	}
	return i.Born == o.Born, true
}
