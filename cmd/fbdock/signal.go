package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/fbdock/fbdock/internal/link"
)

// stopped is the cause of a context that a signal has ended.
type stopped struct{ signal os.Signal }

func (s stopped) Error() string { return "stopped by signal: " + s.signal.String() }

// status is 128+n, as shells count it.
func (s stopped) status() int {
	if n, ok := s.signal.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return 128 + int(syscall.SIGINT)
}

// interruptible is a context that the first signal ends. The second one
// finds no handler and ends the process.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			cancel(stopped{s})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}

// forwarded hands the signals of this process on to a proxied command,
// which then ends as it would without fbdock.
func forwarded() (<-chan link.Signal, func()) {
	names := map[os.Signal]link.Signal{
		os.Interrupt: link.SIGINT, syscall.SIGTERM: link.SIGTERM, syscall.SIGHUP: link.SIGHUP, syscall.SIGQUIT: link.SIGQUIT,
	}
	in, out := make(chan os.Signal, 8), make(chan link.Signal, 8)
	signal.Notify(in, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case s := <-in:
				select {
				case out <- names[s]:
				case <-done:
					return
				}
			case <-done:
				return
			}
		}
	}()
	return out, func() {
		signal.Stop(in)
		close(done)
	}
}
