// Package hostpath compares paths of this host, of any system, and gives them
// as the guests have them. It touches no file.
package hostpath

import (
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// PathError says why a host path cannot be named in the guests.
type PathError struct {
	Path, Reason string
}

func (e *PathError) Error() string { return fmt.Sprintf("path %q: %s", e.Path, e.Reason) }

// Hint is the next step for the user.
func (e *PathError) Hint() string {
	return "give the mount a target, or choose another folder"
}

// GuestPath is how an absolute host path is called in both guests. On
// Windows C:\Users\x is /c/Users/x and \\server\share\x is
// /unc/server/share/x; elsewhere the name stays. No two host paths
// share a guest path.
func GuestPath(goos, name string) (string, error) {
	if err := nameable(name); err != nil {
		return "", err
	}
	guest, err := path.Clean(name), error(nil)
	if goos == "windows" {
		guest, err = windowsToGuest(name)
	} else if !strings.HasPrefix(name, "/") {
		err = &PathError{name, "it is not absolute"}
	}
	if err != nil {
		return "", err
	}
	return guest, short(name, guest)
}

const (
	// maxPath and maxName are FreeBSD's PATH_MAX less the final zero, and
	// NAME_MAX, both in bytes: Windows and macOS count otherwise.
	maxPath = 1023
	maxName = 255
)

// short refuses what FreeBSD cannot make a mount point of.
func short(name, guest string) error {
	if len(guest) > maxPath {
		return &PathError{name, fmt.Sprintf("it has %d bytes, and FreeBSD takes %d", len(guest), maxPath)}
	}
	for part := range strings.SplitSeq(guest, "/") {
		if len(part) > maxName {
			return &PathError{name, fmt.Sprintf("one of its names has %d bytes, and FreeBSD takes %d", len(part), maxName)}
		}
	}
	return nil
}

// nameable refuses what no mount command carries safely.
func nameable(name string) error {
	switch {
	case name == "":
		return &PathError{name, "it is empty"}
	case !utf8.ValidString(name):
		return &PathError{name, "it is not UTF-8"}
	case strings.ContainsFunc(name, unicode.IsControl):
		return &PathError{name, "it holds a control character"}
	}
	return nil
}

func windowsToGuest(name string) (string, error) {
	p := strings.ReplaceAll(name, "/", `\`)
	unc := false
	if strings.HasPrefix(p, `\\?\`) && !plainVerbatim(p[len(`\\?\`):]) {
		return "", &PathError{name, "only the form with \\\\?\\ names it"}
	}
	switch {
	case hasPrefixFold(p, `\\?\UNC\`):
		p, unc = p[len(`\\?\UNC\`):], true
	case strings.HasPrefix(p, `\\?\`):
		p = p[len(`\\?\`):]
	case strings.HasPrefix(p, `\\.\`):
		return "", &PathError{name, "it is a device"}
	case strings.HasPrefix(p, `\\`):
		p, unc = p[2:], true
	}
	slashed := strings.ReplaceAll(p, `\`, "/")
	if unc {
		return uncToGuest(name, slashed)
	}
	if len(slashed) < 3 || !isLetter(slashed[0]) || slashed[1] != ':' || slashed[2] != '/' {
		return "", &PathError{name, "it is not absolute"}
	}
	if strings.ContainsAny(slashed[2:], `:*?"<>|`) {
		return "", &PathError{name, "Windows has no such names"}
	}
	return path.Clean("/" + strings.ToLower(slashed[:1]) + path.Clean(slashed[2:])), nil
}

// plainVerbatim tells whether a path behind \\?\ means the same without it.
// With it Windows takes each name as it stands: dots are no folders, and a
// dot or space at the end is part of the name.
func plainVerbatim(p string) bool {
	for part := range strings.SplitSeq(p, `\`) {
		if strings.HasSuffix(part, ".") || strings.HasSuffix(part, " ") {
			return false
		}
	}
	return true
}

// uncToGuest keeps server and share out of reach of "..".
func uncToGuest(name, rest string) (string, error) {
	server, rest, _ := strings.Cut(rest, "/")
	share, rest, _ := strings.Cut(rest, "/")
	switch {
	case server == "" || share == "" || server == "." || server == ".." || share == "." || share == "..":
		return "", &PathError{name, "it names no server and share"}
	case strings.ContainsAny(server+share+rest, `:*?"<>|`):
		return "", &PathError{name, "Windows has no such names"}
	}
	return path.Clean("/unc/" + server + "/" + share + path.Clean("/"+rest)), nil
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
