package main

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
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

// forwarder hands the signals of this process on to a proxied command,
// which then ends as it would without fbdock. Until the command begins, the
// first signal ends fbdock's own work for it, and the second one fbdock.
type forwarder struct {
	signals <-chan os.Signal
	begin   func() // the command runs
	stop    func()
}

func forwarded(cancel context.CancelCauseFunc) forwarder {
	in, out := make(chan os.Signal, 8), make(chan os.Signal, 8)
	signal.Notify(in, slices.DeleteFunc(passedOn(), func(s os.Signal) bool {
		return s == syscall.SIGHUP && signal.Ignored(s) // nohup(1)
	})...)
	done, begun := make(chan struct{}), make(chan struct{})
	go func() {
		select {
		case s := <-in:
			signal.Stop(in)
			cancel(stopped{s})
		case <-begun:
		case <-done:
			return
		}
		for {
			select {
			case s := <-in:
				select {
				case out <- s:
				case <-done:
					return
				}
			case <-done:
				return
			}
		}
	}()
	return forwarder{signals: out, begin: sync.OnceFunc(func() { close(begun) }), stop: func() {
		signal.Stop(in)
		close(done)
	}}
}
