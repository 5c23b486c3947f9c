package machine

import (
	"context"
	"fmt"
	"slices"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/mount"
)

// Missing is the error of a mount that a guest does not have now.
func Missing(one agent.Mount) *failure.Error {
	e := &failure.Error{
		Err:  fmt.Errorf("%s is not mounted in the guests now: %s: %s", one.Source, one.Guest, one.Error),
		Next: one.Hint, Code: failure.ExitLink,
	}
	if e.Next == "" {
		e.Next = "`fbdock mount` tries again and tells the state of all mounts"
	}
	return e
}

// HaveMounts refuses a command that needs mounts that one of the guests does
// not have now, and waits for copies to have what was written before it. only is
// the one guest that the command needs, "" for both.
func HaveMounts(ctx context.Context, remote *agent.Remote, used []mount.Folder, only string) error {
	var s agent.Status
	var err error
	copied := slices.ContainsFunc(used, func(f mount.Folder) bool { return f.Copied })
	if !copied {
		s, err = remote.Status(ctx)
	}
	if copied || err == nil && lacking(s.Mounts, used, only) != nil {
		// It may be on its way, after the link was made anew.
		s, err = remote.Mounts(ctx)
	}
	if err != nil {
		return err
	}
	if e := lacking(s.Mounts, used, only); e != nil {
		return e
	}
	return nil
}

// lacking is the first of used that is not in both guests, or in the only one.
func lacking(all []agent.Mount, used []mount.Folder, only string) *failure.Error {
	for _, f := range used {
		known := false
		for _, one := range all {
			if one.Target != f.Target || only != "" && one.Guest != only {
				continue
			}
			if known = true; !one.Mounted {
				return Missing(one)
			}
			if f.Copied && one.Behind {
				return &failure.Error{
					Err:  fmt.Errorf("the copy of %s in %s does not have all that was written yet", one.Source, one.Guest),
					Next: "it is being sent; give the command again", Code: failure.ExitLink,
				}
			}
		}
		if !known {
			return &failure.Error{
				Err: fmt.Errorf("%s is not mounted in the guests now: the agent does not know of it", f.Source), Next: "run `fbdock up`", Code: failure.ExitLink,
			}
		}
	}
	return nil
}
