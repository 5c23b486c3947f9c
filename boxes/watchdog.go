package boxes

import (
	"context"
	"errors"
	"time"
)

// errStalled is why a transfer was given up.
var errStalled = errors.New("no data came for too long")

// watchdog ends a context when a transfer stands still. A limit on the whole
// would punish slow lines, so that only silence counts.
type watchdog struct {
	ctx    context.Context // to ask for the cause, never passed on
	timer  *time.Timer
	limit  time.Duration
	cancel context.CancelCauseFunc
}

func (c Cache) watched(ctx context.Context) (context.Context, *watchdog) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watchdog{ctx: ctx, limit: c.stall(), cancel: cancel}
	w.timer = time.AfterFunc(w.limit, func() { cancel(errStalled) })
	return ctx, w
}

func (w *watchdog) alive() { w.timer.Reset(w.limit) }

func (w *watchdog) stop() {
	w.timer.Stop()
	w.cancel(nil)
}

// explain puts the reason in place of "context canceled".
func (w *watchdog) explain(err error) error {
	if err != nil && errors.Is(context.Cause(w.ctx), errStalled) {
		return errors.Join(errStalled, err)
	}
	return err
}
