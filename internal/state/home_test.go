package state_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/state"
)

func env(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

func TestHome(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the paths are those of Unix")
	}
	for _, tt := range []struct {
		goos string
		env  func(string) (string, bool)
		want string
	}{
		{"linux", env("HOME", "/h"), "/h/.local/state/fbdock"},
		{"freebsd", env("HOME", "/h", "XDG_STATE_HOME", "/x"), "/x/fbdock"},
		{"linux", env("HOME", "/h", "XDG_STATE_HOME", "x"), "/h/.local/state/fbdock"},
		{"linux", env("HOME", "/h", "XDG_STATE_HOME", ""), "/h/.local/state/fbdock"},
		{"darwin", env("HOME", "/h"), "/h/Library/Application Support/fbdock"},
		{"windows", env("LOCALAPPDATA", "/h/AppData/Local", "HOME", "/h"), "/h/AppData/Local/fbdock"},
		{"linux", env("XDG_STATE_HOME", "/x/"), "/x/fbdock"},
		{"linux", env("HOME", "h"), ""},
		{"linux", env(), ""},
		{"windows", env("HOME", "/h"), ""},
	} {
		got, err := state.Home(tt.env, tt.goos)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("Home() on %s = %q, %v, want %q", tt.goos, got, err, tt.want)
		}
		var fault *state.HomeError
		if err != nil && (!errors.As(err, &fault) || !strings.Contains(fault.Hint(), "XDG_STATE_HOME")) {
			t.Errorf("Home() on %s: error = %v, want a HomeError whose hint names XDG_STATE_HOME", tt.goos, err)
		}
	}
}

// Others must not have had a hand in the state directory.
func TestAStateDirectoryOfOthersIsRefused(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the rights are those of Unix")
	}
	for what, f := range map[string]func(home string) error{
		"writable":  func(home string) error { return errors.Join(os.Mkdir(home, 0o700), os.Chmod(home, 0o777)) },
		"a group's": func(home string) error { return errors.Join(os.Mkdir(home, 0o700), os.Chmod(home, 0o770)) },
		"a link":    func(home string) error { return os.Symlink(t.TempDir(), home) },
		"a file":    func(home string) error { return os.WriteFile(home, nil, 0o600) },
		"another's": func(home string) error {
			if os.Geteuid() != 0 {
				return os.Symlink("nowhere", home)
			}
			return errors.Join(os.Mkdir(home, 0o700), os.Chown(home, 12345, 12345))
		},
	} {
		dir := t.TempDir()
		must(t, f(filepath.Join(dir, "fbdock")))
		_, err := state.At(env("XDG_STATE_HOME", dir), runtime.GOOS)
		var fault *state.HomeError
		if !errors.As(err, &fault) || fault.Hint() == "" {
			t.Errorf("At() with a state directory that is %s: error = %v, want a HomeError with a hint", what, err)
		}
	}
	// One that others can read is made private.
	dir := t.TempDir()
	must(t, errors.Join(os.Mkdir(filepath.Join(dir, "fbdock"), 0o700), os.Chmod(filepath.Join(dir, "fbdock"), 0o755)))
	if _, err := state.At(env("XDG_STATE_HOME", dir), runtime.GOOS); err != nil {
		t.Error(err)
	}
	mode(t, filepath.Join(dir, "fbdock"), 0o700)
}

// The owner decides, as for git's safe.directory.
func TestCheckOwner(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" || os.Geteuid() != 0 {
		t.Skip("only root can give files to another user")
	}
	home, project := t.TempDir(), folder(t)
	file := filepath.Join(project, "fbdock.hcl")
	must(t, os.WriteFile(file, nil, 0o600))
	at := func(pairs ...string) state.Store {
		s, err := state.At(env(append(pairs, "XDG_STATE_HOME", home)...), runtime.GOOS)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	refused := func(s state.Store, want bool, what string) {
		t.Helper()
		err := s.CheckOwner(file)
		owner, ok := errors.AsType[*state.OwnerError](err)
		if ok != want || (err == nil) == want || ok && owner.Hint() == "" {
			t.Errorf("CheckOwner() of %s = %v, want an OwnerError with a hint: %t", what, err, want)
		}
	}
	refused(at(), false, "my file in my folder")
	must(t, os.Chown(file, 12345, 12345))
	refused(at(), true, "another's file in my folder")
	refused(at("SUDO_UID", "12345"), false, "a file of the caller of sudo")
	refused(at("SUDO_UID", "012345x"), true, "a caller of sudo that is no number")
	must(t, errors.Join(os.Chown(file, 0, 0), os.Chown(project, 12345, 12345)))
	refused(at(), true, "my file in another's folder")
	// A link of mine to a file of theirs.
	must(t, os.Chown(project, 0, 0))
	theirs := filepath.Join(folder(t), "theirs.hcl")
	must(t, errors.Join(os.WriteFile(theirs, nil, 0o600), os.Chown(theirs, 12345, 12345), os.Remove(file), os.Symlink(theirs, file)))
	refused(at(), true, "my link to another's file")
	must(t, errors.Join(os.Remove(file), os.WriteFile(file, nil, 0o600), os.Chown(file, 12345, 12345), os.Chown(project, 12345, 12345)))
	if _, err := at().Trust(project); err != nil {
		t.Fatal(err)
	}
	refused(at(), false, "a folder that is trusted")
	must(t, os.Chown(file, 12346, 12346))
	refused(at(), true, "a third one's file in a folder that is trusted")
	must(t, os.Chown(file, 12345, 12345))
	must(t, at().Distrust(project))
	refused(at(), true, "a folder that is trusted no more")
}
