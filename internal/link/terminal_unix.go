//go:build !windows

package link

import (
	"os"
	"os/signal"
	"syscall"
)

// follow tells each change of the window's size.
func (t *Terminal) follow() {
	changed := make(chan os.Signal, 1)
	signal.Notify(changed, syscall.SIGWINCH)
	defer signal.Stop(changed)
	for {
		select {
		case <-t.stop:
			return
		case <-changed:
			t.tell()
		}
	}
}

func prepareOutput(int) (restore func()) { return func() {} }
