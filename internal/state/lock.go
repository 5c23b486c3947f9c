package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/fbdock/fbdock/internal/atomicfile"
	"github.com/fbdock/fbdock/internal/privatefile"
)

const lockRetry = 50 * time.Millisecond

// Lock is the right to change the project. The kernel gives it back when
// the process ends, however it ends.
type Lock struct {
	file  *flock.Flock
	owner string
}

// Lock takes the project's lock, waiting for at most wait, and answers
// with a *BusyError when another fbdock keeps it longer.
func (d Dir) Lock(ctx context.Context, wait time.Duration) (*Lock, error) {
	if err := d.mkdir(d.root); err != nil {
		return nil, err
	}
	path := filepath.Join(d.root, "lock")
	if err := d.inside(path); err != nil {
		return nil, err
	}
	l := &Lock{
		file: privatefile.Lock(path),
		// A file of its own: Windows lets nobody read a locked one.
		owner: filepath.Join(d.root, "lock.pid"),
	}
	if err := l.take(ctx, wait); err != nil {
		return nil, err
	}
	atomicfile.Sweep(d.root) // what a process that was killed has left
	// The number is only for the message to others: on a full disk there is
	// none, and `destroy` makes room.
	_ = d.Write(l.owner, []byte(strconv.Itoa(os.Getpid())+"\n"))
	return l, nil
}

func (l *Lock) take(ctx context.Context, wait time.Duration) error {
	ok, err := l.file.TryLock()
	if err == nil && !ok && wait > 0 {
		inner, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		ok, err = l.file.TryLockContext(inner, lockRetry)
	}
	switch {
	case ok:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err == nil || errors.Is(err, context.DeadlineExceeded):
		return &BusyError{PID: readPID(l.owner)}
	default:
		return fmt.Errorf("lock the project: %w", err)
	}
}

// lockWithin tries until the deadline. It is for locks that are held for
// moments only, which need no context.
func lockWithin(f *flock.Flock, deadline time.Time) (ok bool, err error) {
	for {
		ok, err = f.TryLock()
		if ok || err != nil || time.Now().After(deadline) {
			return ok, err
		}
		<-time.After(lockRetry)
	}
}

// Unlock gives the lock back.
func (l *Lock) Unlock() error {
	// The name goes first: after the unlock it could be another's.
	_ = os.Remove(l.owner)
	if err := l.file.Unlock(); err != nil {
		return fmt.Errorf("unlock the project: %w", err)
	}
	return nil
}

func readPID(path string) int {
	data, err := privatefile.Read(path)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		return 0
	}
	return pid
}

// BusyError says that another fbdock works on the project.
type BusyError struct {
	PID int // 0 when it is not known
}

func (e *BusyError) Error() string {
	if e.PID == 0 {
		return "another fbdock works on this project"
	}
	return fmt.Sprintf("another fbdock works on this project (pid %d)", e.PID)
}

// Hint is the next step for the user.
func (e *BusyError) Hint() string {
	return "wait until it is done, or stop it with Ctrl-C where it runs"
}
