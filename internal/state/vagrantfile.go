package state

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fbdock/fbdock/internal/privatefile"
)

const maxVagrantfile = 16 << 20

// VagrantfileError is a folder in which Vagrant would run something else than
// what fbdock has rendered.
type VagrantfileError struct {
	Path string
	Err  error
}

func (e *VagrantfileError) Error() string {
	return fmt.Sprintf("vagrant is not run: %s: %v", e.Path, e.Err)
}

// Unwrap gives the reason.
func (e *VagrantfileError) Unwrap() error { return e.Err }

// Hint is the next step for the user.
func (e *VagrantfileError) Hint() string { return "see who has put it there, then remove it" }

// CheckVagrantfile tells whether the Vagrantfile in folder is the one whose
// SHA-256 is digest, in hexadecimal, and whether Vagrant would load anything
// else from there: .vagrantplugins is Ruby, and plugins.json names gems.
func CheckVagrantfile(folder, digest string) error {
	file := filepath.Join(folder, "Vagrantfile")
	if err := ownPlain(file); err != nil {
		return &VagrantfileError{Path: file, Err: err}
	}
	text, err := privatefile.ReadMax(file, maxVagrantfile)
	if err != nil {
		return &VagrantfileError{Path: file, Err: err}
	}
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != digest {
		return &VagrantfileError{Path: file, Err: errors.New("it is not what fbdock has rendered")}
	}
	for _, name := range []string{".vagrantplugins", filepath.Join(".vagrant", "plugins.json")} {
		path := filepath.Join(folder, name)
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return &VagrantfileError{Path: path, Err: errors.New("it makes Vagrant load other programs")}
		}
	}
	return nil
}

// ownPlain refuses what is no regular file of this user that nobody else can
// write to.
func ownPlain(file string) error {
	info, err := os.Lstat(file)
	if err != nil {
		return err
	}
	owner, err := ownerOf(file)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("it is not a regular file")
	case !owner.isUser():
		return fmt.Errorf("it belongs to %s", owner)
	case !onWindows && info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("others can write to it (mode %04o)", info.Mode().Perm())
	}
	return nil
}
