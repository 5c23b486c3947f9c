package images

import (
	"context"

	"github.com/fbdock/fbdock/internal/lockfile"
	"github.com/fbdock/fbdock/internal/plan"
)

// EnsureBox makes the box of m when it is one of fbdock's own and Vagrant
// does not have it, after saying so.
func EnsureBox(ctx context.Context, maker Maker, lock *lockfile.File, m plan.Machine) (BoxResult, error) {
	if !m.Box.Own {
		return BoxResult{}, nil
	}
	made, err := BuildBoxes(ctx, maker, lock, ownBoxOf(m))
	if err != nil {
		return BoxResult{}, err
	}
	return made[0], nil
}

// ownBoxOf is the box that a machine starts from.
func ownBoxOf(m plan.Machine) BoxOptions {
	return BoxOptions{Providers: []string{m.Provider}, Release: ownRelease(m), Architecture: m.Box.Architecture, Nearby: m.Mirrors.FreeBSD}
}
