package images

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/lockfile"
	"github.com/fbdock/fbdock/internal/state"
)

// otherOrigin is the address that a pinned file is from when that is not its
// publisher's, "" when it is. A pin may also name the publisher and hold the
// digest of a file that another project has fetched from elsewhere.
func otherOrigin(cache boxes.Cache, img boxes.Image, pin lockfile.Pin) string {
	if !img.Published(pin.URL) {
		return pin.URL
	}
	if origin := cache.Origin(pin.SHA512); origin != "" && !img.Published(origin) {
		return origin
	}
	return ""
}

// Consent has the user's yes to a pinned file that is not its publisher's:
// who writes the lock file of a project that was cloned chooses what runs.
// The yes is remembered for this project, this digest and this address.
func Consent(env host.Env, lock *lockfile.File, kind lockfile.Kind, img boxes.Image) error {
	pin, ok := lock.Find(kind, img.Name, img.Architecture)
	if !ok || img.Path != "" || img.SHA512 != pin.SHA512 {
		return nil // what is used then is the publisher's, or the user's own
	}
	from := otherOrigin(Cache(env), img, pin)
	if from == "" {
		return nil
	}
	project, err := projectOf(env, lock)
	if err != nil {
		return err
	}
	if given, err := project.Consented(consentKey(pin, from)); err != nil || given {
		return err
	}
	env.Progress.Warn(fmt.Sprintf("%s pins %s to a file that is not its publisher's\n  from:   %s\n  sha512: %s", lock.Path(), pin, from, pin.SHA512))
	if err := askFor(env, lock, pin, from); err != nil {
		return err
	}
	return remember(env, lock, pin, from)
}

func consentKey(pin lockfile.Pin, from string) string {
	return fmt.Sprintf("%s %s from %s", pin.Kind, pin.SHA512, from)
}

// projectOf is what is kept of the project with this lock file.
func projectOf(env host.Env, lock *lockfile.File) (state.Dir, error) {
	store, err := env.Store()
	if err != nil {
		return state.Dir{}, err
	}
	found, err := store.Look(filepath.Dir(lock.Path()))
	return found.Dir, err
}

// remember that the user wants this file from there.
func remember(env host.Env, lock *lockfile.File, pin lockfile.Pin, from string) error {
	project, err := projectOf(env, lock)
	if err != nil {
		return err
	}
	if project, err = project.Open(env.Version); err != nil {
		return err
	}
	return project.Consent(consentKey(pin, from))
}

func askFor(env host.Env, lock *lockfile.File, pin lockfile.Pin, from string) error {
	refused := fmt.Errorf("%s from %s is not used", pin, from)
	if env.Confirm == nil {
		return &failure.Error{Err: errors.Join(refused, errors.New("nobody can be asked")), Code: failure.ExitUsage}
	}
	yes, err := env.Confirm(fmt.Sprintf("Run %s from %s? It is whatever its maker made of it.", pin, from))
	switch {
	case err != nil:
		return &failure.Error{Err: fmt.Errorf("%w: %w", refused, err), Code: failure.ExitUsage}
	case !yes:
		return &failure.Error{Err: refused, Next: fmt.Sprintf("ask who wrote %s; without the block %s %q %q in it the publisher's own file is pinned",
			lock.Path(), pin.Kind, pin.Name, pin.Architecture)}
	}
	return nil
}
