package project

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/lockfile"
)

// FindLock is the lock file of the project around o.Dir, nil when there is
// no project. The configuration itself may be wrong or want variables: it is
// not read.
func (o Options) FindLock(ctx context.Context) (*lockfile.File, error) {
	file, err := o.Find()
	if err != nil {
		if errors.Is(err, ErrNoConfig) {
			return nil, nil //nolint:nilnil // no project is no error here
		}
		return nil, err
	}
	lock, err := lockfile.Load(ctx, filepath.Dir(file))
	if err != nil {
		return nil, &failure.Error{Err: err, Code: failure.ExitUsage}
	}
	return lock, nil
}
