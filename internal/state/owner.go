package state

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/fbdock/fbdock/internal/shellword"
)

// Owner is who owns a file: a user's number on Unix, a SID on Windows.
type Owner string

func (o Owner) String() string {
	if name := o.name(); name != "" {
		return name
	}
	return "user " + string(o)
}

func (o Owner) isUser() bool { return o == user() }

// OwnerError is a file that this user does not own: whoever does would decide
// what fbdock does as this user.
type OwnerError struct {
	Path        string
	Owner, User Owner
	Next        string
}

func (e *OwnerError) Error() string {
	return fmt.Sprintf("%s belongs to %s, and fbdock runs as %s: nothing of it was read", e.Path, e.Owner, e.User)
}

// Hint is the next step for the user.
func (e *OwnerError) Hint() string { return e.Next }

// CheckOwner refuses a configuration file that another user owns, or that
// lies in another user's folder. The rule is git's for safe.directory: the
// owner must be the user that runs fbdock. For root it may also be the user
// that called sudo, and on Windows the Administrators for one of them. What
// was trusted is let through while its owner stays the same.
func (s Store) CheckOwner(file string) error {
	folder, err := canonical(filepath.Dir(file))
	if err != nil {
		return err
	}
	return s.check(folder, []string{folder, file}, s.accepts)
}

// CheckFile refuses a file that a configuration in folder reads and that
// somebody else could change: besides those of CheckOwner, the owner may be
// the system, which can do everything anyway. file may be relative to folder.
func (s Store) CheckFile(folder, file string) error {
	if !filepath.IsAbs(file) {
		file = filepath.Join(folder, file)
	}
	return s.check(folder, []string{file}, func(o Owner) bool { return s.accepts(o) || o.isSystem() })
}

// check refuses files whose owner is neither accepted nor the one that folder
// is trusted with. A link is as good as itself and what it leads to.
func (s Store) check(folder string, files []string, accepts func(Owner) bool) error {
	trusted, err := s.Trusted()
	if err != nil {
		return err
	}
	for _, file := range files {
		if real, err := filepath.EvalSymlinks(file); err == nil && real != file {
			files = append(files, real)
		}
	}
	for _, file := range files {
		owner, err := ownerOf(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // whoever reads it says so
		}
		if err != nil {
			return err
		}
		if accepts(owner) || slices.ContainsFunc(trusted, func(t Trusted) bool { return t.Path == folder && t.Owner == owner }) {
			continue
		}
		return &OwnerError{Path: file, Owner: owner, User: user(), Next: s.trustHint(folder, owner)}
	}
	return nil
}

// trustHint is the workaround: a folder is trusted with its own owner's files,
// and with nobody else's.
func (s Store) trustHint(folder string, owner Owner) string {
	if of, err := ownerOf(folder); err == nil && of == owner {
		return "look at what is in the folder; if you trust its owner: fbdock trust " + quoted(folder)
	}
	return "look at it, and take a copy of your own if you trust it"
}

// quoted is a path as a shell takes it for one word.
func quoted(path string) string {
	if onWindows {
		return `"` + path + `"` // no name has a quote there
	}
	return shellword.Quote(path)
}
