package machine

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/privatefile"
	"github.com/fbdock/fbdock/internal/state"
)

// MadeWith is the provider that Vagrant made a machine with, "" when there
// is none: it keeps an id of the VM in a folder of that name.
func MadeWith(folder state.Dir, machine string) string {
	providers := filepath.Join(folder.VagrantDotfiles(), "machines", machine)
	entries, err := privatefile.ReadDir(providers)
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

// Created tells whether a machine was made, and was not destroyed since. The
// guest of a machine that was not need not be asked for anything.
func Created(d state.Dir, m plan.Machine) bool {
	if m.OwnComputer() {
		return host.Exists(d.Machine(m.Name).SSHConfig())
	}
	return MadeWith(d, m.Name) != ""
}

// NeedsUp is the error of a command for a machine that is not up, nil when
// how to log in to it is known.
func NeedsUp(d state.Dir, m plan.Machine) error {
	switch {
	case !Created(d, m):
		return &failure.Error{Err: fmt.Errorf("machine %s is not created", m.Name), Next: "create it with `fbdock up`"}
	case !host.Exists(d.Machine(m.Name).SSHConfig()):
		return &failure.Error{Err: fmt.Errorf("machine %s is not running", m.Name), Next: "start it with `fbdock up`"}
	}
	return nil
}
