package app

import (
	"os"
	"path/filepath"

	"github.com/fbdock/fbdock/internal/state"
)

// madeWith is the provider that Vagrant made a machine with, "" when there
// is none: it keeps an id of the VM in a folder of that name.
func madeWith(folder state.Dir, machine string) string {
	providers := filepath.Join(folder.VagrantDotfiles(), "machines", machine)
	entries, err := os.ReadDir(providers)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		id, err := os.Stat(filepath.Join(providers, e.Name(), "id"))
		if err == nil && id.Size() > 0 {
			return e.Name()
		}
	}
	return ""
}
