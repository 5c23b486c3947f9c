// Package waittest waits in tests for what other goroutines and processes do.
// Its limit is there to end a test that hangs, not to measure: a computer
// under load takes many times as long as an idle one.
package waittest

import "time"

const (
	// Limit ends a wait that would never end.
	Limit = 2 * time.Minute
	pause = 10 * time.Millisecond
)

// Poll asks ok again and again until it answers true, which Poll returns, or
// until Limit is over.
func Poll(ok func() bool) bool { return PollFor(Limit, ok) }

// PollFor is Poll with a limit of its own, for what would come by another way
// too, only later: the limit is shorter than that takes.
func PollFor(limit time.Duration, ok func() bool) bool {
	for end := time.After(limit); !ok(); {
		select {
		case <-end:
			return false
		case <-time.After(pause):
		}
	}
	return true
}
