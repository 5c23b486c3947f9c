package state

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// DeniedHint is the next step where the system denies access: who owns what
// is in the way, as one `sudo fbdock` leaves root's files behind, and the
// command that repairs it. Owners are to be changed only below the folders own,
// where they are this user's. It is "" for other errors.
func DeniedHint(err error, own ...string) string {
	if !errors.Is(err, fs.ErrPermission) {
		return ""
	}
	path := ""
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		path = e.Path
	} else if e, ok := errors.AsType[*os.LinkError](err); ok {
		path = e.New
	}
	return deniedHint(path, own)
}

func deniedHint(path string, own []string) string {
	if path == "" {
		return "" // nothing says what is in the way
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return ""
	}
	at, owner, err := inTheWay(path)
	if err != nil {
		return ""
	}
	if owner.isUser() {
		if onWindows {
			return "give yourself access to " + at
		}
		return "chmod u+rwX " + quoted(at)
	}
	hint := fmt.Sprintf("%s belongs to %s, and fbdock runs as %s: ", at, owner, user())
	for _, dir := range own {
		rel, err := filepath.Rel(dir, at)
		if dir == "" || err != nil || rel == "." || !filepath.IsLocal(rel) {
			continue
		}
		if of, err := ownerOf(dir); err == nil && of.isUser() {
			return hint + giveBack(at)
		}
	}
	return hint + "run it as that user, or take another place"
}

// giveBack is the command that makes this user the owner again.
func giveBack(path string) string {
	if onWindows {
		return "takeown /r /f " + quoted(path)
	}
	return fmt.Sprintf("sudo chown -R %s %s", cmp.Or(user().name(), string(user())), quoted(path))
}

// inTheWay is what denies access to a path: the path itself, or the folder that
// is closest to it of those that can be looked at.
func inTheWay(path string) (at string, owner Owner, err error) {
	for at = path; ; at = filepath.Dir(at) {
		if owner, err = ownerOf(at); err == nil || at == filepath.Dir(at) {
			return at, owner, err
		}
	}
}
