package state

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
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
	Folder      string // to be trusted
}

func (e *OwnerError) Error() string {
	return fmt.Sprintf("%s belongs to %s, and fbdock runs as %s: nothing of it was read", e.Path, e.Owner, e.User)
}

// Hint is the next step for the user.
func (e *OwnerError) Hint() string {
	return fmt.Sprintf("look at what is in the folder; if you trust its owner: fbdock trust '%s'", e.Folder)
}

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
	trusted, err := s.Trusted()
	if err != nil {
		return err
	}
	paths := []string{folder, file}
	if real, err := filepath.EvalSymlinks(file); err == nil && real != file {
		paths = append(paths, real)
	}
	for _, path := range paths {
		owner, err := ownerOf(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // whoever reads it says so
		}
		if err != nil {
			return err
		}
		if s.accepts(owner) || slices.ContainsFunc(trusted, func(t Trusted) bool { return t.Path == folder && t.Owner == owner }) {
			continue
		}
		return &OwnerError{Path: path, Owner: owner, User: user(), Folder: folder}
	}
	return nil
}
