package state

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/fbdock/fbdock/internal/privatefile"
)

// Name of the folder beside fbdock.hcl that holds the marker. Up to 92a7756
// it held all that is private.
const Name = ".fbdock"

const (
	markerName = "id"
	ignoreName = ".gitignore"
	maxMarker  = 64
)

// readMarker is the id in the marker of a folder, "" when there is none. It
// is never trusted: it tells a copied folder from one that is new.
func readMarker(folder string) string {
	dir := filepath.Join(folder, Name)
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return ""
	}
	data, err := privatefile.ReadMax(filepath.Join(dir, markerName), maxMarker)
	id := strings.TrimSpace(string(data))
	if err != nil || !validID(id) {
		return ""
	}
	return id
}

// writeMarker leaves the id in the folder, and has git pass it over. A folder
// that cannot be written to works without.
func writeMarker(folder, id string) bool {
	// OpenRoot leads nowhere else, whatever is put there meanwhile.
	root, err := os.OpenRoot(folder)
	if err != nil {
		return false
	}
	defer root.Close() //nolint:errcheck // it is only for names
	if err := root.Mkdir(Name, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return false
	}
	if info, err := root.Lstat(Name); err != nil || !info.IsDir() {
		return false
	}
	for _, f := range []struct{ name, text string }{{ignoreName, "*\n"}, {markerName, id + "\n"}} {
		name := filepath.Join(Name, f.name)
		// What is there is replaced, not written to: it may be a link.
		if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false
		}
		file, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
		if err != nil {
			return false
		}
		_, err = file.WriteString(f.text)
		if errors.Join(err, file.Close()) != nil {
			return false
		}
	}
	return true
}

// removeMarker takes the marker away when it is the project's own.
func removeMarker(folder, id string) error {
	if readMarker(folder) != id {
		return nil
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // it is only for names
	for _, name := range []string{markerName, ignoreName} {
		if err := root.Remove(filepath.Join(Name, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	_ = root.Remove(Name) // unless it holds something else
	return nil
}
