package hostpath_test

import (
	"fmt"
	"path"
	"strings"
)

// hostPath is the inverse of GuestPath, the oracle of its tests: where it
// exists, no two host paths share a guest path.
func hostPath(goos, name string) (string, error) {
	clean := path.Clean(name)
	if !strings.HasPrefix(name, "/") {
		return "", fmt.Errorf("%q is not absolute", name)
	}
	if goos != "windows" {
		return clean, nil
	}
	if rest, ok := strings.CutPrefix(clean, "/unc/"); ok {
		return `\\` + strings.ReplaceAll(rest, "/", `\`), nil
	}
	letter, rest, _ := strings.Cut(clean[1:], "/")
	if len(letter) != 1 {
		return "", fmt.Errorf("%q is on no drive", name)
	}
	return strings.ToUpper(letter) + `:\` + strings.ReplaceAll(rest, "/", `\`), nil
}
