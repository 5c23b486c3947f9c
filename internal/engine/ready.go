package engine

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/fbdock/fbdock/internal/failure"
)

// askTimeout bounds one question while the engine starts: an engine that is
// emulated may take seconds for a TLS handshake.
const askTimeout = 15 * time.Second

// WaitReady asks every interval until the engine answers `_ping` and
// `version`. When ctx ends first the error is a *NotReadyError with what went
// wrong last; before dockerd runs, every failure is only "not yet".
func (c *Client) WaitReady(ctx context.Context, interval time.Duration) (Version, error) {
	began := time.Now()
	ticker := time.NewTicker(max(interval, time.Millisecond))
	defer ticker.Stop()
	var last error
	for {
		v, err := c.ask(ctx)
		if err == nil {
			return v, nil
		}
		// The cut-off of the last question says less than the one before.
		if last == nil || ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return Version{}, &NotReadyError{Host: c.host, Waited: time.Since(began), Last: last, Err: context.Cause(ctx)}
		case <-ticker.C:
		}
	}
}

func (c *Client) ask(ctx context.Context) (Version, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if err := c.Ping(ctx); err != nil {
		return Version{}, err
	}
	return c.Version(ctx)
}

// NotReadyError says that the engine did not answer before the wait ended.
type NotReadyError struct {
	Host   string
	Waited time.Duration
	Last   error // of the last question
	Err    error // why the wait ended
}

func (e *NotReadyError) Error() string {
	return fmt.Sprintf("no answer from the engine at %s in %v: %v", e.Host, e.Waited.Round(time.Second), e.Last)
}

func (e *NotReadyError) Unwrap() []error { return []error{e.Err, e.Last} }

// Hint is the next step for the user: that of what went wrong last.
func (e *NotReadyError) Hint() string {
	return cmp.Or(failure.Hint(e.Last), "`fbdock logs` shows the engine's console")
}
