package project

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/state"
)

// Locate finds the configuration and the project of its folder. Nothing of a
// file that somebody else owns is read.
func (o Options) Locate() (file string, found state.Found, err error) {
	if file, err = o.Find(); err != nil {
		return "", found, err
	}
	store, err := o.Store()
	if err != nil {
		return "", found, err
	}
	found, err = store.Look(filepath.Dir(file))
	return file, found, err
}

// Settle is Locate for a command that may change things: an old folder of
// fbdock is taken over, or refused.
func (o Options) Settle(ctx context.Context) (file string, found state.Found, err error) {
	file, found, err = o.Locate()
	if _, old := errors.AsType[*state.LegacyError](err); old {
		var store state.Store
		if store, err = o.Store(); err == nil {
			found, err = o.takeOver(ctx, store, filepath.Dir(file))
		}
	} else if err == nil && found.Record().Legacy {
		found.Dir, err = o.finish(ctx, found.Dir)
	}
	if _, foreign := errors.AsType[*state.LegacyError](err); foreign {
		err = &failure.Error{Err: err, Code: failure.ExitUsage}
	}
	return file, found, err
}

// Find is the configuration file for o.Dir: the one in it or in the nearest
// folder above it. A path of a file is taken as it is. A file that another
// user owns is refused, as is one in a folder of theirs: whoever can put a
// file into a folder above the current one would decide what runs.
func (o Options) Find() (string, error) {
	file, err := find(o.Dir)
	if err != nil {
		return "", err
	}
	store, err := o.Store()
	if err != nil {
		return "", err
	}
	if err := store.CheckOwner(file); err != nil {
		return "", &failure.Error{Err: err, Code: failure.ExitUsage}
	}
	return file, nil
}

// ErrNoConfig is the error where no folder has a configuration.
var ErrNoConfig = errors.New("there is no " + hcl.FileName)

func find(start string) (string, error) {
	start, err := filepath.Abs(start)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", hcl.FileName, err)
	}
	info, err := os.Stat(start)
	if err != nil {
		return "", &failure.Error{Err: fmt.Errorf("find %s: %w", hcl.FileName, err), Code: failure.ExitUsage}
	}
	if !info.IsDir() {
		return start, nil
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		file := filepath.Join(dir, hcl.FileName)
		if info, err := os.Stat(file); err == nil && !info.IsDir() {
			return file, nil
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("find %s: %w", hcl.FileName, err)
		}
		if dir == filepath.Dir(dir) {
			return "", &failure.Error{
				Err:  fmt.Errorf("%w in %s or in a folder above it", ErrNoConfig, start),
				Next: "`fbdock init` writes one", Code: failure.ExitUsage,
			}
		}
	}
}

// tellFound says once what the user has to know of the folder: that it has
// moved, or that it seems to be another project's.
func (o Options) tellFound(f state.Found) {
	if f.MovedFrom != "" {
		o.Progress.Say(fmt.Sprintf("this project was moved here from %s; its machines have come along", f.MovedFrom))
		if store, err := o.Store(); err == nil {
			if err := store.Moved(f); err != nil {
				o.Progress.Warn(err.Error())
			}
		}
	}
	if f.Claim == nil {
		return
	}
	r := f.Claim.Record
	switch f.Claim.Kind {
	case state.Copied:
		o.Progress.Warn(fmt.Sprintf("this folder is a copy of %s, whose machines stay with it: `fbdock up` makes machines for this one, `fbdock adopt` takes over those of %s", r.Path, r.Path))
	case state.Restored:
		o.Progress.Warn(fmt.Sprintf("this folder was the project that was at %s, which is gone: `fbdock adopt` takes over its machines", r.Path))
	case state.Replaced:
		o.Progress.Warn(fmt.Sprintf("another folder was here, and machines were made for it: `fbdock adopt` takes them over, `fbdock destroy --project %s` removes them", r.ID))
	}
}

// refuseRestored keeps `up` from making machines beside those that belong to
// this folder.
func (p *Project) refuseRestored() error {
	if p.claim == nil || p.claim.Kind != state.Restored {
		return nil
	}
	return &failure.Error{
		Err:  fmt.Errorf("the machines of this folder belong to the project that was at %s", p.claim.Record.Path),
		Next: fmt.Sprintf("`fbdock adopt` takes them over; to begin with new ones, remove %s", filepath.Join(p.Dir, state.Name)), Code: failure.ExitUsage,
	}
}
