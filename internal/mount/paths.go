package mount

import (
	"path"
	"path/filepath"
	"strings"
)

// guestLink is a link's text for the guests: one that leads by its full
// name into the folder leads to where they have it.
func (f Folder) guestLink(text string) string {
	if f.Target == "" || f.dir() == f.Target {
		return text
	}
	if rest, ok := f.rel(text); ok {
		return path.Join(f.Target, rest)
	}
	return filepath.ToSlash(text)
}

// hostLink is the opposite of guestLink.
func (f Folder) hostLink(text string) string {
	if f.Target == "" || f.Source == f.Target {
		return text
	}
	if rest, ok := within("linux", f.Target, text); ok {
		return filepath.Join(f.Source, filepath.FromSlash(rest))
	}
	return text
}

// within gives the slash-separated path of name below dir, "" for dir
// itself, for absolute paths of the system goos.
func within(goos, dir, name string) (rest string, ok bool) {
	dir, name = slashed(goos, dir), slashed(goos, name)
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

func slashed(goos, p string) string {
	if goos == "windows" {
		p = strings.ReplaceAll(p, `\`, "/")
	}
	return path.Clean(p)
}
