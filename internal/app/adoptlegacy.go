package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/internal/state"
)

// AdoptLegacy takes over an old folder on the user's word.
func AdoptLegacy(ctx context.Context, o project.Options) error {
	file, err := o.Find()
	if err != nil {
		return err
	}
	store, err := o.Store()
	if err != nil {
		return err
	}
	folder := filepath.Dir(file)
	if _, err := store.Look(folder); err == nil {
		return &failure.Error{Err: fmt.Errorf("%s has no old files of fbdock", filepath.Join(folder, state.Name)), Code: failure.ExitUsage}
	} else if _, legacy := errors.AsType[*state.LegacyError](err); !legacy {
		return err
	}
	old, err := store.Legacy(folder)
	if err != nil {
		return &failure.Error{Err: err, Next: "remove the folder: the next `fbdock up` makes new machines", Code: failure.ExitUsage}
	}
	o.Progress.Say(fmt.Sprintf("in %s:", old.Path()))
	for _, m := range old.Machines {
		what := "keys and certificates"
		if m.Provider != "" {
			what += ", and a VM of " + m.Provider
		}
		o.Progress.Say(fmt.Sprintf("  %s: %s", m.Name, what))
	}
	o.Progress.Say("nothing that can be run comes along, and no consent for computers of your own: `fbdock up` asks again")
	if err := o.Confirmed("Are these yours, and shall they belong to " + old.Folder + "?"); err != nil {
		return err
	}
	_, err = o.Move(ctx, store, old, old.Folder)
	return err
}
