package agent

import "sync/atomic"

// counter counts what is open, and what was.
type counter struct{ open, total atomic.Int64 }

// enter counts one more until the function that it gives is called.
func (c *counter) enter() (leave func()) {
	c.open.Add(1)
	c.total.Add(1)
	return func() { c.open.Add(-1) }
}
