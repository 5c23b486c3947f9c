package app

import (
	"path/filepath"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/internal/state"
)

// Hint is the next step after an error: its own, else what repairs the
// permissions of a file that it is about.
func Hint(o project.Options, err error) string {
	if hint := failure.Hint(err); hint != "" {
		return hint
	}
	home, _ := o.Home()
	here, _ := filepath.Abs(".")
	return state.DeniedHint(err, home, here, o.CacheDir)
}
