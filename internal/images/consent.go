package images

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/lockfile"
	"github.com/fbdock/fbdock/internal/redact"
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
// The yes is remembered for this project, this digest and this address. The
// answer is the image as it may be fetched.
func Consent(ctx context.Context, env host.Env, cache boxes.Cache, lock *lockfile.File, kind lockfile.Kind, img boxes.Image) (boxes.Image, error) {
	if err := checkNearby(img); err != nil {
		return img, err
	}
	pin, ok := lock.Find(kind, img.Name, img.Architecture)
	if !ok || img.Path != "" || img.SHA512 != pin.SHA512 {
		return img, nil // what is used then is the publisher's, or the user's own
	}
	why := "is not its publisher's"
	from := otherOrigin(cache, img, pin)
	if from == "" && len(img.Nearby) > 0 && !host.Exists(cache.Path(pin.SHA512)) {
		if img.Vouched = img.Vouched || vouched(ctx, cache, img); !img.Vouched {
			from, why = img.Nearby[0], "its publisher does not list, or cannot be asked about, and a mirror is to have"
		}
	}
	if from == "" {
		return img, nil
	}
	project, err := projectOf(env, lock)
	if err != nil {
		return img, err
	}
	if given, err := project.Consented(consentKey(pin, from)); err != nil || given {
		return img, err
	}
	env.Progress.Warn(fmt.Sprintf("%s pins %s to a file that %s\n  from:   %s\n  sha512: %s", lock.Path(), pin, why, from, pin.SHA512))
	if err := askFor(env, lock, pin, from); err != nil {
		return img, err
	}
	return img, remember(env, lock, pin, from)
}

// vouched tells whether the publisher lists the digest of an image. Who is pinned
// to another file and has a mirror of the project's own gets what that mirror
// has.
func vouched(ctx context.Context, cache boxes.Cache, img boxes.Image) bool {
	want := img.SHA512
	img.SHA512 = ""
	listed, err := cache.Digest(ctx, img)
	return err == nil && listed == want
}

// checkNearby refuses a mirror over plain HTTP for a file whose digest is not
// known beforehand: a project that pins nothing has its first file from where
// nobody between can change it.
func checkNearby(img boxes.Image) error {
	for _, address := range img.Nearby {
		if img.SHA512 == "" && !strings.HasPrefix(address, "https://") {
			return &failure.Error{
				Err:  fmt.Errorf("%s is plain HTTP, and no digest of %s is pinned or in the catalogue", redact.URL(address), img.Name),
				Next: "set the mirror to an address that begins with https://, or pin the image without the mirror first", Code: failure.ExitUsage,
			}
		}
	}
	return nil
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
