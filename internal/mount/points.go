package mount

import (
	"context"
	"fmt"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/untrusted"
)

// Declare tells a guest which folders it is to have from now on; what was
// declared before and is not among them is given up. Mount points refuse while
// nothing is mounted on them, and the engine's dockerd waits for the mounts at its next start.
func Declare(ctx context.Context, client *link.Client, root []string, folders []Folder) error {
	words := []string{"declare"}
	for _, f := range folders {
		kind := "live"
		if f.Copied {
			kind = "copy"
		}
		words = append(words, kind, f.Target)
	}
	return points(ctx, client, root, words)
}

// Refuse tells the engine that the host cannot mount a folder, and why, so
// that dockerd does not wait for it. A later mount takes it back.
func Refuse(ctx context.Context, client *link.Client, root []string, f Folder, reason error) error {
	return points(ctx, client, root, []string{"refuse", f.Target, untrusted.Printable(untrusted.FirstLine(reason.Error()))})
}

func points(ctx context.Context, client *link.Client, root, words []string) error {
	err := RunScript(ctx, client, Options{Root: root}, Script{Name: "fbdock-points", Text: pointsScript, Args: words, Target: "points"})
	if err != nil {
		return fmt.Errorf("fbdock-points %s: %w", words[0], err)
	}
	return nil
}

// pointsScript is for a guest whose steps have not come to fbdock-points yet.
const pointsScript = `
[ -n "$command" ] || fail failed 'the guest has no fbdock-points yet'
points "$@"
`
