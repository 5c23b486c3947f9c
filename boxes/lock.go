package boxes

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/gofrs/flock"
)

// waiting is who waits for another process. Both may be nil.
type waiting struct {
	busy func(since time.Time) // told once
	tick func()                // called at each look
}

// lockRetry is how often the lock of another process is looked at.
const lockRetry = 250 * time.Millisecond

// lock keeps other processes out of what goes by this name. The file of the
// lock stays: another fbdock may wait for it. Its time is that of the last who
// got it. When ctx ends, so does the wait.
func (d *folder) lock(ctx context.Context, name string, w waiting) (unlock func() error, err error) {
	name += ".lock"
	f, err := d.create(name)
	if err == nil {
		err = f.Close()
	} else if errors.Is(err, fs.ErrExist) {
		_, err = d.look(name)
	}
	if err != nil {
		return nil, fmt.Errorf("lock the cache: %w", err)
	}
	l := flock.New(d.path(name), flock.SetFlag(os.O_RDWR))
	if err := d.await(ctx, l, name, w); err != nil {
		return nil, fmt.Errorf("wait for another fbdock that uses %s: %w", d.path(name), err)
	}
	now := time.Now()
	_ = d.root.Chtimes(name, now, now) // it only says to others since when they wait
	return l.Unlock, nil
}

func (d *folder) await(ctx context.Context, l *flock.Flock, name string, w waiting) error {
	retry := time.NewTicker(lockRetry)
	defer retry.Stop()
	for told := false; ; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if ok, err := l.TryLock(); ok || err != nil {
			return err
		}
		if !told && w.busy != nil {
			var since time.Time
			if info, err := d.root.Lstat(name); err == nil {
				since = info.ModTime()
			}
			w.busy(since)
		}
		told = true
		if w.tick != nil {
			w.tick()
		}
		select {
		case <-ctx.Done():
		case <-retry.C:
		}
	}
}
