package up

import (
	"errors"

	"github.com/fbdock/fbdock/internal/progress"
	"github.com/fbdock/fbdock/internal/state"
)

// withRefusal runs the steps that start an engine in the guest. Where bhyve
// refuses, and empty says that no engine ran there before, it writes that down:
// only such a guest may be made anew for an engine beside it. A record that is
// lost says nothing of the kind.
func withRefusal(files state.Machine, applied *state.Applied, empty bool, steps func() error) error {
	if applied.NoEngine {
		applied.NoEngine = false
		if err := files.SetApplied(*applied); err != nil {
			return err
		}
	}
	err := steps()
	if _, refused := errors.AsType[*progress.NoEngineError](err); !refused || !empty {
		return err
	}
	applied.NoEngine = true
	if written := files.SetApplied(*applied); written != nil {
		return errors.Join(err, written)
	}
	return err
}
