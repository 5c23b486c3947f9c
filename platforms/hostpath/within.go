package hostpath

import (
	"path"
	"strings"
)

// Within gives the slash-separated path of name below dir, "" for dir
// itself, for absolute paths of the system goos.
func Within(goos, dir, name string) (rest string, ok bool) {
	dir, name = Slashed(goos, dir), Slashed(goos, name)
	if dir != "/" {
		dir = strings.TrimSuffix(dir, "/")
	}
	fold := goos == "windows"
	if len(name) < len(dir) || (name[:len(dir)] != dir && (!fold || !strings.EqualFold(name[:len(dir)], dir))) {
		return "", false
	}
	rest = name[len(dir):]
	if rest != "" && rest[0] != '/' && dir != "/" {
		return "", false
	}
	return strings.TrimPrefix(rest, "/"), true
}

// Slashed is a clean path with slashes.
func Slashed(goos, p string) string {
	if goos == "windows" {
		p = strings.ReplaceAll(p, `\`, "/")
	}
	return path.Clean(p)
}
