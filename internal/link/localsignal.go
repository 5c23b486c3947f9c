package link

import (
	"context"
	"os"
	"syscall"
)

// Signals hands signals of this process on by their names in SSH, until ctx
// is done or in is closed.
func Signals(ctx context.Context, in <-chan os.Signal) <-chan Signal {
	out := make(chan Signal)
	go func() {
		for {
			select {
			case s, ok := <-in:
				name, known := signalName(s)
				if !ok || !known {
					if !ok {
						return
					}
					continue
				}
				select {
				case out <- name:
				case <-ctx.Done():
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// FromTerminal tells whether the terminal has sent a signal, and so to every
// process of the foreground process group.
func FromTerminal(s os.Signal) bool {
	return (s == os.Interrupt || s == syscall.SIGQUIT) && InForeground()
}
