package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// HomeError says that there is no place for the state directory.
type HomeError struct {
	Err  error
	Next string
}

func (e *HomeError) Error() string { return "find fbdock's state directory: " + e.Err.Error() }

// Unwrap gives the reason.
func (e *HomeError) Unwrap() error { return e.Err }

// Hint is the next step for the user.
func (e *HomeError) Hint() string { return e.Next }

// Home is the directory that holds what fbdock keeps for this user: keys,
// pins, sockets and Vagrant's files. lookup reads the environment. A value of
// XDG_STATE_HOME that is not absolute is ignored, as the XDG base directory
// specification says.
func Home(lookup func(string) (string, bool), goos string) (string, error) {
	absolute := func(name string) string {
		if value, _ := lookup(name); filepath.IsAbs(value) {
			return filepath.Clean(value)
		}
		return ""
	}
	if dir := absolute("XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "fbdock"), nil
	}
	name, below := "HOME", filepath.Join(".local", "state")
	switch goos {
	case "darwin":
		below = filepath.Join("Library", "Application Support")
	case "windows":
		name, below = "LOCALAPPDATA", ""
	}
	base := absolute(name)
	if base == "" {
		return "", &HomeError{
			Err:  fmt.Errorf("neither %s nor XDG_STATE_HOME is an absolute path", name),
			Next: fmt.Sprintf("set %s to your own folder, or XDG_STATE_HOME to a folder for state", name),
		}
	}
	return filepath.Join(base, below, "fbdock"), nil
}

// makeHome makes the state directory and the directories above it, and
// refuses one that others could have put something into.
func (s Store) makeHome() error {
	if err := os.MkdirAll(s.home, dirMode); err != nil {
		return &HomeError{Err: err, Next: s.homeHint("make it writable for you")}
	}
	return s.checkHome()
}

// checkHome judges a state directory that exists; one that does not is fine.
// Only its owner may write to it. A directory above it may be a link or
// writable for a group, as umask 002 leaves ~/.local: who can write there can
// move the state directory away, and what they put in its place is not owned
// by this user, or is a link, and is refused here.
func (s Store) checkHome() error {
	info, err := os.Lstat(s.home)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &HomeError{Err: err, Next: s.homeHint("make it readable for you")}
	}
	if info.Mode()&fs.ModeSymlink != 0 || !info.IsDir() {
		return &HomeError{Err: fmt.Errorf("%s is a link or no folder", s.home), Next: "remove it, or set XDG_STATE_HOME to another folder"}
	}
	owner, err := ownerOf(s.home)
	if err != nil {
		return &HomeError{Err: err, Next: "set XDG_STATE_HOME to another folder"}
	}
	if !owner.isUser() {
		return &HomeError{
			Err:  fmt.Errorf("%s belongs to %s, and fbdock runs as %s", s.home, owner, user()),
			Next: "if a `sudo fbdock` of yours made it: " + giveBack(s.home) + "; else run fbdock as that user, or set HOME or XDG_STATE_HOME to a folder of this user",
		}
	}
	if !onWindows && info.Mode().Perm()&0o022 != 0 {
		return &HomeError{
			Err:  fmt.Errorf("others can write to %s (mode %04o)", s.home, info.Mode().Perm()),
			Next: fmt.Sprintf("see what is in it, then: chmod 700 '%s'", s.home),
		}
	}
	if !onWindows && info.Mode().Perm() != dirMode {
		if err := os.Chmod(s.home, dirMode); err != nil {
			return &HomeError{Err: err, Next: fmt.Sprintf("chmod 700 '%s'", s.home)}
		}
	}
	return nil
}

// homeHint is the next step where the directory cannot be used.
func (s Store) homeHint(otherwise string) string {
	if hint := deniedHint(s.home, s.own()); hint != "" {
		otherwise = hint
	}
	return otherwise + "; or set XDG_STATE_HOME to another folder"
}

// own is the user's home folder.
func (s Store) own() []string {
	var own []string
	for _, name := range []string{"HOME", "USERPROFILE"} {
		if dir, _ := s.lookup(name); dir != "" {
			own = append(own, dir)
		}
	}
	return own
}
