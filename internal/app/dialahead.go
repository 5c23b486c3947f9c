package app

import (
	"context"
	"path/filepath"

	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/project"
)

// DialAhead begins to log in at the agent of the machine, or of the only one
// that the project has ever had. It gives nil when there is none to be seen.
// What Close does not find taken is hung up.
func DialAhead(ctx context.Context, o project.Options, name string) *machine.Ahead {
	if o.NoAgent() {
		return nil
	}
	_, found, err := o.Locate()
	if err != nil || !found.Exists() {
		return nil // the command itself says it
	}
	if name == "" {
		name = machine.OnlyAgent(found.Dir)
	}
	if name == "" || name != filepath.Base(name) {
		return nil // the configuration will say what is wrong with it
	}
	return machine.New(o.Env, found.Dir, plan.Machine{Name: name}).DialAhead(ctx)
}
