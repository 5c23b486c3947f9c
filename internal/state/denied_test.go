//go:build unix

package state_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/state"
)

// TestDeniedHint: where access is denied, the owner and the command that
// repairs it are told. Whoever may read everything is denied nothing, so that
// the error is made here.
func TestDeniedHint(t *testing.T) {
	t.Parallel()
	denied := func(path string) error {
		return fmt.Errorf("read it: %w", &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission})
	}
	home := t.TempDir()
	mine, theirs := filepath.Join(home, "mine"), filepath.Join(home, "theirs")
	must(t, errors.Join(os.WriteFile(mine, nil, 0), os.Mkdir(theirs, 0o700)))
	for path, want := range map[string]string{
		mine:                            "chmod u+rwX '" + mine + "'",
		filepath.Join(home, "a", "new"): "chmod u+rwX '" + home + "'",
	} {
		if got := state.DeniedHint(denied(path), home); got != want {
			t.Errorf("DeniedHint of %s = %q, want %q", path, got, want)
		}
	}
	if got := state.DeniedHint(errors.New("read it: permission denied"), home); got != "" {
		t.Errorf("DeniedHint of another error = %q, want nothing", got)
	}
	if got := state.DeniedHint(fmt.Errorf("start it: %w", fs.ErrPermission), home); got != "" {
		t.Errorf("DeniedHint without a path = %q, want nothing", got)
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can give files to another user")
	}
	must(t, os.Chown(theirs, 12345, 12345))
	for _, path := range []string{theirs, filepath.Join(theirs, "images")} {
		got := state.DeniedHint(denied(path), "", home)
		if want := theirs + " belongs to user 12345, and fbdock runs as root: sudo chown -R root '" + theirs + "'"; got != want {
			t.Errorf("DeniedHint of %s = %q, want %q", path, got, want)
		}
		// Elsewhere owners are left alone, as in the folder of another user.
		for _, own := range []string{filepath.Join(home, "other"), theirs} {
			if got := state.DeniedHint(denied(path), own); strings.Contains(got, "chown") || !strings.Contains(got, "user 12345") {
				t.Errorf("DeniedHint of %s with %s = %q, want no chown", path, own, got)
			}
		}
	}
}
