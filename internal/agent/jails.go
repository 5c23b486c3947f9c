package agent

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fbdock/fbdock/internal/link"
)

// settleWait bounds the start of jails: the steps of an `up` may hold them up.
const settleWait = 15 * time.Minute

// Waiting are folders in FreeBSD that something there waits for.
type Waiting struct {
	// Folders are the targets of mounts.
	Folders []string
	// Start are the words of a command, run as root whenever one of the folders
	// has come. It starts each once for every boot of FreeBSD, so that what the
	// user has stopped stays so when a connection is lost.
	Start []string
}

// startWaiting starts what waits for folders in FreeBSD, as jails that see them
// do, until ctx ends.
func (a *Agent) startWaiting(ctx context.Context) {
	seen := map[string]time.Time{}
	for ctx.Err() == nil {
		changed := a.mounts.change()
		w := a.settings().Waiting
		come := a.mounts.come(UserFreeBSD, seen)
		if slices.ContainsFunc(w.Folders, func(folder string) bool { return slices.Contains(come, folder) }) {
			if err := a.startNow(ctx, w.Start); err != nil && ctx.Err() == nil {
				a.o.Log.Warn("what waited for folders is not started", "error", err)
			}
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

func (a *Agent) startNow(ctx context.Context, words []string) error {
	ctx, cancel := context.WithTimeout(ctx, settleWait)
	defer cancel()
	j, root, err := a.freebsdRoot(ctx)
	if err != nil {
		return err
	}
	return j.Hold(ctx, func() error {
		out, err := j.Output(ctx, link.Command{Args: append(slices.Clone(root), words...)})
		if err == nil && out.Status != 0 {
			err = fmt.Errorf("%s: status %d: %s", words[len(words)-1], out.Status, out.Reason())
		}
		return err
	})
}
