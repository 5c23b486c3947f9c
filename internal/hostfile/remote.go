package hostfile

import (
	"path/filepath"
	"strings"
)

// RealLocal is a path without links. One of another computer is not looked at.
func RealLocal(path string) (string, error) {
	if Remote(path) {
		return path, nil
	}
	return Real(path)
}

// Remote tells whether a path of Windows leads to another computer. To
// look at one tells that computer who the user is, and so nobody does before
// the user has agreed to it.
func Remote(path string) bool {
	return strings.HasPrefix(filepath.ToSlash(filepath.VolumeName(path)), "//")
}
