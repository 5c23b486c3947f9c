package mount

import (
	"path"
	"path/filepath"

	"github.com/fbdock/fbdock/platforms/hostpath"
)

// guestLink is a link's text for the guests: one that leads by its full
// name into the folder leads to where they have it.
func (f Folder) guestLink(text string) string {
	if f.Target == "" || f.Dir() == f.Target {
		return text
	}
	if rest, ok := f.Rel(text); ok {
		return path.Join(f.Target, rest)
	}
	return filepath.ToSlash(text)
}

// hostLink is the opposite of guestLink.
func (f Folder) hostLink(text string) string {
	if f.Target == "" || f.Source == f.Target {
		return text
	}
	if rest, ok := hostpath.Within("linux", f.Target, text); ok {
		return filepath.Join(f.Source, filepath.FromSlash(rest))
	}
	return text
}
