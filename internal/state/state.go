// Package state is where fbdock keeps what is private to the user: keys, pins,
// sockets, Vagrantfiles and Vagrant's own files. It lies outside of every
// project, in a directory of the user's, and each project is found there by
// what the file system calls its folder. The package knows the names of the
// files, locks, atomic writes and owners; it never decides what the files
// say, never follows a symbolic link, and trusts nothing that a project says
// of itself.
package state

import (
	"fmt"
	"io/fs"
	"path/filepath"
)

// Format is the version of the layout that this fbdock writes. The first was
// a folder in the project.
const Format = 2

// Modes of what is made here: keys lie beside the rest, so all is private.
const (
	dirMode  fs.FileMode = 0o700
	fileMode fs.FileMode = 0o600
)

// Dir is what is kept of one project.
type Dir struct {
	root   string
	store  Store
	record Record
}

// Path of the folder, absolute. That of a project that does not exist leads
// nowhere.
func (d Dir) Path() string { return d.root }

// Home is the state directory, with what is kept of all projects.
func (d Dir) Home() string { return d.store.home }

// Folder is the user's folder that the project is, without links.
func (d Dir) Folder() string { return d.record.Path }

// Record says which folder that is.
func (d Dir) Record() Record { return d.record }

// Suffix ends the names that the project's machines have outside of it.
func (d Dir) Suffix() string { return d.record.Suffix }

// Marker is the folder beside fbdock.hcl that says which project it is.
func (d Dir) Marker() string { return filepath.Join(d.record.Path, Name) }

// Exists tells whether something is kept of the project.
func (d Dir) Exists() bool { return d.record.ID != "" }

// Vagrantfile is the one Vagrantfile of all machines.
func (d Dir) Vagrantfile() string { return filepath.Join(d.root, "Vagrantfile") }

// VagrantDotfiles is what VAGRANT_DOTFILE_PATH is set to.
func (d Dir) VagrantDotfiles() string { return filepath.Join(d.root, ".vagrant") }

// Logs is the folder of vagrant's output in the last runs.
func (d Dir) Logs() string { return filepath.Join(d.root, "log") }

// Log is the file of one run: Log("dev-up") is log/dev-up.log.
func (d Dir) Log(name string) string { return filepath.Join(d.Logs(), name+".log") }

// VersionError is a project whose format this fbdock does not know.
type VersionError struct {
	File  string
	Found string
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("%s says format %.20q, and this fbdock knows formats up to %d", e.File, e.Found, Format)
}

// Hint is the next step for the user.
func (e *VersionError) Hint() string {
	return "use the fbdock that wrote it, or a newer one"
}
