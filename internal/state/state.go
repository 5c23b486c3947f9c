// Package state is the .fbdock folder beside fbdock.hcl: the names of its
// files, its lock, its atomic writes and the version of its format. It never
// decides what the files say, and it never follows a symbolic link out of
// the folder.
package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Name of the folder beside fbdock.hcl.
const Name = ".fbdock"

// Format is the version of the folder's layout that this fbdock writes.
const Format = 1

// Modes of what is made here: keys lie beside the rest, so all is private.
const (
	dirMode  fs.FileMode = 0o700
	fileMode fs.FileMode = 0o600
)

// Dir is the .fbdock folder of one project.
type Dir struct {
	root string
}

// Look names the folder of a project without touching the disk beyond
// reading the format version; what only reads uses it.
func Look(project string) (Dir, error) {
	abs, err := filepath.Abs(project)
	if err != nil {
		return Dir{}, fmt.Errorf("find the state folder: %w", err)
	}
	d := Dir{root: filepath.Join(abs, Name)}
	if err := d.checkVersion(); err != nil {
		return Dir{}, err
	}
	return d, nil
}

// Open makes the folder where it is missing and checks its format.
func Open(project string) (Dir, error) {
	d, err := Look(project)
	if err != nil {
		return Dir{}, err
	}
	if err := d.mkdir(d.root); err != nil {
		return Dir{}, err
	}
	// The folder holds private keys: it must never reach a repository, also
	// not where the user's own ignore file does not name it.
	if err := d.writeOnce(filepath.Join(d.root, ".gitignore"), "*\n"); err != nil {
		return Dir{}, err
	}
	if err := d.writeOnce(d.versionFile(), strconv.Itoa(Format)+"\n"); err != nil {
		return Dir{}, err
	}
	return d, nil
}

// Path of the folder, absolute.
func (d Dir) Path() string { return d.root }

// Exists tells whether the folder is there.
func (d Dir) Exists() bool {
	info, err := os.Lstat(d.root)
	return err == nil && info.IsDir()
}

// Vagrantfile is the one Vagrantfile of all machines.
func (d Dir) Vagrantfile() string { return filepath.Join(d.root, "Vagrantfile") }

// VagrantDotfiles is what VAGRANT_DOTFILE_PATH is set to.
func (d Dir) VagrantDotfiles() string { return filepath.Join(d.root, ".vagrant") }

// Logs is the folder of vagrant's output in the last runs.
func (d Dir) Logs() string { return filepath.Join(d.root, "log") }

// Log is the file of one run: Log("dev-up") is log/dev-up.log.
func (d Dir) Log(name string) string { return filepath.Join(d.Logs(), name+".log") }

func (d Dir) versionFile() string { return filepath.Join(d.root, "version") }

// checkVersion refuses a folder that a newer fbdock wrote; a folder that is
// not there, or has no version yet, is fine.
func (d Dir) checkVersion() error {
	data, err := os.ReadFile(d.versionFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the state folder's version: %w", err)
	}
	text := strings.TrimSpace(string(data))
	version, err := strconv.Atoi(text)
	if err != nil || version < 1 || version > Format {
		return &VersionError{File: d.versionFile(), Found: text}
	}
	return nil
}

// VersionError is a state folder whose format this fbdock does not know.
type VersionError struct {
	File  string
	Found string
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("%s says format %.20q, and this fbdock knows formats up to %d", e.File, e.Found, Format)
}

// Hint is the next step for the user.
func (e *VersionError) Hint() string {
	return "use the fbdock that wrote the folder, or a newer one"
}
