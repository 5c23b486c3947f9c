package boxes

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Cached is a file of the cache.
type Cached struct {
	Name string
	Size int64
	// SHA512 is what the file was verified to have, "" when it was not, or
	// has changed since.
	SHA512 string
	// Partial is a download that was broken off and goes on at the next try.
	Partial bool
}

// List is what the cache holds, by name.
func (c Cache) List() ([]Cached, error) {
	entries, err := os.ReadDir(c.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the image cache: %w", err)
	}
	var files []Cached
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || sidecar(e.Name()) {
			continue
		}
		name, partial := strings.CutSuffix(e.Name(), ".part")
		f := Cached{Name: name, Size: info.Size(), Partial: partial}
		if digest, ok := verified(filepath.Join(c.Dir, name), ""); ok && !partial {
			f.SHA512 = digest
		}
		files = append(files, f)
	}
	return files, nil
}

// sidecar tells the files that lie beside an image by their endings.
func sidecar(name string) bool {
	return slices.Contains([]string{".verified", ".sha512", ".lock"}, filepath.Ext(name))
}

// Remove deletes a file of the cache and what lies beside it. The lock file
// stays: another fbdock may hold it.
func (c Cache) Remove(f Cached) error {
	file := filepath.Join(c.Dir, filepath.Base(f.Name))
	names := []string{file, file + ".verified", file + ".sha512"}
	if f.Partial {
		names = []string{file + ".part"}
	}
	for _, name := range names {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove from the image cache: %w", err)
		}
	}
	return nil
}
