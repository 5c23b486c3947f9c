package state

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/internal/privatefile"
)

// Machines are the names of all machines of which something is kept.
func (d Dir) Machines() []string {
	var names []string
	for _, folder := range []string{d.root, filepath.Join(d.VagrantDotfiles(), "machines")} {
		entries, err := privatefile.ReadDir(folder)
		if err != nil {
			continue // nothing is kept
		}
		for _, e := range entries {
			if e.IsDir() && !Reserved(e.Name()) && !strings.HasPrefix(e.Name(), ".") {
				names = append(names, e.Name())
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// UUIDs are the names that Vagrant's own list has for the project's VMs.
func (d Dir) UUIDs() []string {
	files, err := filepath.Glob(filepath.Join(d.VagrantDotfiles(), "machines", "*", "*", "index_uuid"))
	if err != nil {
		return nil
	}
	var uuids []string
	for _, file := range files {
		if data, err := privatefile.ReadMax(file, maxMarker); err == nil {
			uuids = append(uuids, strings.TrimSpace(string(data)))
		}
	}
	return uuids
}
