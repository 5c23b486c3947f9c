package platforms

import (
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// PathError says why a laptop path cannot be named in the guests.
type PathError struct {
	Path, Reason string
}

func (e *PathError) Error() string { return fmt.Sprintf("path %q: %s", e.Path, e.Reason) }

// Hint is the next step for the user.
func (e *PathError) Hint() string {
	return "give the mount a target, or choose another folder"
}

// GuestPath is how an absolute laptop path is called in both guests. On
// Windows C:\Users\x is /c/Users/x and \\server\share\x is
// /unc/server/share/x; elsewhere the name stays. No two laptop paths share
// a guest path, and LaptopPath leads back.
func GuestPath(goos, name string) (string, error) {
	if err := nameable(name); err != nil {
		return "", err
	}
	if goos == "windows" {
		return windowsToGuest(name)
	}
	if !strings.HasPrefix(name, "/") {
		return "", &PathError{name, "it is not absolute"}
	}
	return path.Clean(name), nil
}

// LaptopPath leads back from a guest path, for what GuestPath gives.
func LaptopPath(goos, name string) (string, error) {
	if err := nameable(name); err != nil {
		return "", err
	}
	if !strings.HasPrefix(name, "/") {
		return "", &PathError{name, "it is not absolute"}
	}
	clean := path.Clean(name)
	if goos != "windows" {
		return clean, nil
	}
	if strings.ContainsAny(clean, `\:*?"<>|`) {
		return "", &PathError{name, "Windows has no such names"}
	}
	if rest, ok := strings.CutPrefix(clean, "/unc/"); ok {
		server, share, _ := strings.Cut(rest, "/")
		if share == "" {
			return "", &PathError{name, "it names no share"}
		}
		return `\\` + server + `\` + strings.ReplaceAll(share, "/", `\`), nil
	}
	letter, rest, _ := strings.Cut(clean[1:], "/")
	if len(letter) != 1 || !isLetter(letter[0]) {
		return "", &PathError{name, "it is on no drive"}
	}
	return strings.ToUpper(letter) + `:\` + strings.ReplaceAll(rest, "/", `\`), nil
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
