package boxes

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// NotFoundError says that the catalogue has no such thing.
type NotFoundError struct {
	Kind         string // box or engine image
	Name         string // "" when the provider has no pick
	Provider     string
	Architecture string
	Known        []string // what there is instead
	Similar      []string // what may have been meant
}

func (e *NotFoundError) Error() string {
	var b strings.Builder
	if e.Name == "" {
		fmt.Fprintf(&b, "no %s is published", e.Kind)
	} else {
		fmt.Fprintf(&b, "no %s %q", e.Kind, e.Name)
	}
	if e.Provider != "" {
		fmt.Fprintf(&b, " for provider %s", e.Provider)
	}
	fmt.Fprintf(&b, " on %s", e.Architecture)
	return b.String()
}

// Hint is the next step for the user.
func (e *NotFoundError) Hint() string {
	switch {
	case len(e.Similar) > 0 && !slices.Contains(e.Similar, e.Name):
		return "did you mean " + strings.Join(e.Similar, " or ") + "?"
	case len(e.Known) > 0:
		return "known are: " + strings.Join(e.Known, ", ")
	default:
		return "set box to one that you have or trust, or choose another provider"
	}
}

// similar gives the names a slip away from name, the nearest first.
func similar(name string, names []string) []string {
	most := max(1, len(name)/4)
	type near struct {
		name     string
		distance int
	}
	var found []near
	for _, n := range names {
		if d := levenshtein.Distance(strings.ToLower(name), strings.ToLower(n), nil); d <= most {
			found = append(found, near{n, d})
		}
	}
	slices.SortStableFunc(found, func(a, b near) int { return a.distance - b.distance })
	var out []string
	for _, f := range found[:min(len(found), 3)] {
		out = append(out, f.name)
	}
	return out
}

// DigestError says that a file is not what was published. A downloaded file
// is gone; one of the user's own stays.
type DigestError struct {
	File      string
	URL       string // "" for a file of the user's own
	Want, Got string
}

func (e *DigestError) Error() string {
	return fmt.Sprintf("%s has the sha512 %s..., not %s...", cmp.Or(e.URL, e.File), head(e.Got), head(e.Want))
}

// Hint is the next step for the user.
func (e *DigestError) Hint() string {
	if e.URL == "" {
		return "it has changed since it was read first; run the command again"
	}
	return "it was deleted and is fetched anew at the next try; if that repeats, something between here and the mirror changes files"
}

func head(s string) string { return s[:min(16, len(s))] }

// UnsafeError is something in the cache that fbdock does not use: a link, or
// what another user can change.
type UnsafeError struct{ Path, Reason string }

func (e *UnsafeError) Error() string {
	return fmt.Sprintf("the image cache is not used: %s %s", e.Path, e.Reason)
}

// Hint is the next step for the user.
func (e *UnsafeError) Hint() string {
	return "fbdock keeps only files of its own there: remove that one, or set FBDOCK_CACHE_DIR to a folder of yours"
}

// RedirectError is a redirection that is not followed.
type RedirectError struct{ From, To, Reason string }

func (e *RedirectError) Error() string {
	return fmt.Sprintf("%s redirects to %s: %s", e.From, e.To, e.Reason)
}

// Hint is the next step for the user.
func (e *RedirectError) Hint() string {
	return "a network that asks for a login redirects all requests: log in with a browser and try again"
}

// DownloadError says that no mirror gave the file.
type DownloadError struct {
	Name string
	Errs []error // the last of each address
}

func (e *DownloadError) Error() string {
	return fmt.Sprintf("download %s: %v", e.Name, errors.Join(e.Errs...))
}

// Unwrap gives the reasons.
func (e *DownloadError) Unwrap() []error { return e.Errs }

// Hint is the next step for the user.
func (e *DownloadError) Hint() string {
	return "check the network and HTTPS_PROXY and try again, what has come so far is kept; or fetch the file by other means and set engine.image to its path"
}
