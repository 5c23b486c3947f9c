package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/internal/state"
)

// Adopt ties the machines of another project to the folder of this one: of the
// project that the folder seems to be, or of the one with the id.
func Adopt(ctx context.Context, o project.Options, id string) error {
	file, err := o.Find()
	if err != nil {
		return err
	}
	store, err := o.Store()
	if err != nil {
		return err
	}
	found, err := store.Look(filepath.Dir(file))
	if err != nil {
		return &failure.Error{Err: err, Code: failure.ExitUsage}
	}
	from, err := adopted(store, found, id)
	if err != nil {
		return err
	}
	r := from.Record()
	question := fmt.Sprintf("Give machines %s, made for %s %s by fbdock %s, to %s?", strings.Join(project.MachineNames(from), ", "), r.Path, age(r.Created), r.Version, found.Folder())
	if r.At() {
		question = fmt.Sprintf("Take machines %s, made %s by fbdock %s, away from %s and give them to %s?", strings.Join(project.MachineNames(from), ", "), age(r.Created), r.Version, r.Path, found.Folder())
	}
	if err := o.Confirmed(question); err != nil {
		return err
	}
	lock, err := from.Lock(ctx, project.LockWait)
	if err != nil {
		return err
	}
	defer lock.Unlock() //nolint:errcheck // it ends with the process
	// Its agents serve the mounts of the other folder.
	p := &project.Project{Options: o, State: from}
	for _, name := range project.MachineNames(from) {
		p.On(plan.Machine{Name: name}).StopAgent(ctx)
	}
	if err := store.Adopt(from, found); err != nil {
		return err
	}
	o.Progress.Say(fmt.Sprintf("%s belong to %s now; `fbdock up` applies its configuration", strings.Join(project.MachineNames(from), ", "), found.Folder()))
	return nil
}

// adopted is the project whose machines are to change their folder.
func adopted(store state.Store, found state.Found, id string) (state.Dir, error) {
	switch {
	case found.Exists() && (id == "" || id == found.Record().ID):
		return state.Dir{}, &failure.Error{Err: fmt.Errorf("%s has its machines already", found.Folder()), Next: "`fbdock list` names them", Code: failure.ExitUsage}
	case found.Exists():
		return state.Dir{}, &failure.Error{
			Err:  fmt.Errorf("%s has machines of its own", found.Folder()),
			Next: "`fbdock destroy --all` removes them; then adopt the others", Code: failure.ExitUsage,
		}
	case id != "":
		d, err := store.OpenID(id)
		if err != nil {
			err = &failure.Error{Err: fmt.Errorf("there is no project %s", id), Next: "`fbdock list --all` names them", Code: failure.ExitUsage}
		}
		return d, err
	case found.Claim == nil:
		return state.Dir{}, &failure.Error{
			Err:  errors.New("this folder was never another project's"),
			Next: "`fbdock list --all` names the projects; give one with --project", Code: failure.ExitUsage,
		}
	}
	return store.OpenID(found.Claim.Record.ID)
}

// age says how long ago something was.
func age(then time.Time) string {
	since := time.Since(then)
	switch {
	case since < 2*time.Minute:
		return "just now"
	case since < 2*time.Hour:
		return fmt.Sprintf("%d minutes ago", int(since.Minutes()))
	case since < 48*time.Hour:
		return fmt.Sprintf("%d hours ago", int(since.Hours()))
	}
	return fmt.Sprintf("%d days ago", int(since.Hours()/24))
}
