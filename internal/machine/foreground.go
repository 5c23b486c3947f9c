package machine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/foldercopy"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/mount"
	"github.com/fbdock/fbdock/internal/retry"
)

// mountRetry is the wait before a lost link is tried again; it doubles up
// to mountRetryMax.
const (
	mountRetry    = time.Second
	mountRetryMax = 30 * time.Second
)

// serveOnce serves all mounts over one link until the first ends.
func (m Machine) serveOnce(ctx context.Context) (err error) {
	g, err := m.Direct(ctx)
	if err != nil {
		return err
	}
	defer g.Close() // what is served ends before
	engine, err := g.Engine(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	var all sync.WaitGroup
	defer func() {
		cancel(nil)
		all.Wait()
	}()
	for _, guest := range []struct {
		client *link.Client
		name   string
		root   []string
	}{{g.Client, "freebsd", g.Root}, {engine, "engine", nil}} {
		all.Go(func() {
			cancel(m.serveGuest(ctx, guest.client, guest.name, guest.root))
		})
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

// serveGuest serves all mounts to one guest. Each waits for the one before,
// which may hold its target; they go in the other order.
func (m Machine) serveGuest(ctx context.Context, client *link.Client, name string, root []string) error {
	var ends []func() error
	defer func() {
		for _, end := range slices.Backward(ends) {
			_ = end() // told when it ended first
		}
	}()
	if err := mount.Declare(ctx, client, root, Folders(m.Env, m.Project, m.Plan)); err != nil && ctx.Err() == nil {
		m.Progress.Warn(fmt.Sprintf("the mount points of %s: %v", name, err))
	}
	first := make(chan error, len(m.Plan.Mounts))
	for _, one := range Served(m.Plan) {
		mine, cancel := context.WithCancel(context.WithoutCancel(ctx))
		ready, done := make(chan struct{}), make(chan error, 1)
		go func() {
			serve := mount.Serve
			if one.Copied() {
				serve = foldercopy.Copy
			}
			err := serve(mine, client, Folder(m.Env, m.Project, one), mount.Options{
				Root: root, Ready: func() { close(ready) },
				Moved: m.Progress.Warn,
				Warn:  func(name string, err error) { m.Progress.Warn(fmt.Sprintf("%s of %s: %v", name, one.Source, err)) },
			})
			first <- err
			done <- err
		}()
		ends = append(ends, func() error {
			cancel()
			return <-done
		})
		select {
		case <-ready:
			m.Progress.Say(fmt.Sprintf("%s: %s is at %s", name, one.Source, one.Target))
		case err := <-first:
			return err
		case <-ctx.Done():
			return nil
		}
	}
	select {
	case err := <-first:
		return err
	case <-ctx.Done():
		return nil
	}
}

// ServeMounts keeps the machine's mounts in both guests until ctx is done,
// which is no error; a lost link is made again. An agent that
// serves them is left alone.
func (m Machine) ServeMounts(ctx context.Context) error {
	if err := m.unserved(ctx); err != nil {
		return err
	}
	return retry.Supervise(ctx, retry.NewDelays(mountRetry, mountRetryMax), nil, func() error {
		began := time.Now()
		err := m.serveOnce(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if _, lost := errors.AsType[*link.LostError](err); !lost && time.Since(began) < mountRetryMax {
			return err
		}
		m.Progress.Warn(fmt.Sprintf("%v; trying again", err))
		return nil
	})
}

// unserved refuses a machine whose mounts an agent serves.
func (m Machine) unserved(ctx context.Context) error {
	remote, err := m.Remote()
	if err != nil || remote.HostKey == nil {
		return err
	}
	if _, err := remote.Status(ctx); err == nil {
		return &failure.Error{Err: fmt.Errorf("the agent of %s serves its mounts already", m.Plan.Name), Next: "`fbdock mount` shows them"}
	}
	return nil
}
