package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/mount"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/state"
)

// mountRetry is the wait before a lost link is tried again; it doubles up
// to mountRetryMax.
const (
	mountRetry    = time.Second
	mountRetryMax = 30 * time.Second
)

// ServeMounts keeps the machine's mounts in both guests until ctx is done,
// which is no error; a lost link is made again.
func (p *Project) ServeMounts(ctx context.Context, machine string) error {
	m, err := p.Machine(machine)
	if err != nil {
		return err
	}
	if len(served(m)) == 0 {
		return &Error{
			Err:  fmt.Errorf("machine %s has no mount block in %s", m.Name, ConfigName),
			Next: `add ` + "`mount \".\" {}`" + ` to the machine and run ` + "`fbdock up`", Code: ExitUsage,
		}
	}
	for wait := mountRetry; ; wait = min(2*wait, mountRetryMax) {
		began := time.Now()
		err := p.serveOnce(ctx, m)
		if ctx.Err() != nil {
			return nil
		}
		if _, lost := errors.AsType[*link.LostError](err); !lost && time.Since(began) < mountRetryMax {
			return err
		}
		if time.Since(began) > mountRetryMax {
			wait = mountRetry
		}
		p.Progress.Warn(fmt.Sprintf("%v; trying again", err))
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// served are the mounts that an sshfs serves, the outer of nested ones
// first.
func served(m plan.Machine) []plan.Mount {
	mounts := slices.DeleteFunc(slices.Clone(m.Mounts), func(m plan.Mount) bool { return m.Type != "sshfs" })
	slices.SortFunc(mounts, func(a, b plan.Mount) int { return strings.Compare(a.Target, b.Target) })
	return mounts
}

// serveOnce serves all mounts over one link until the first ends.
func (p *Project) serveOnce(ctx context.Context, m plan.Machine) (err error) {
	// A login of its own: much data, which the agent would pass on twice.
	g, err := p.direct(ctx, m)
	if err != nil {
		return err
	}
	defer g.Close() // what is served ends before
	engine, err := g.engine(ctx)
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
	}{{g.Client, "freebsd", g.root}, {engine, "engine", nil}} {
		all.Go(func() {
			cancel(p.serveGuest(ctx, m, guest.client, guest.name, guest.root))
		})
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

// serveGuest serves all mounts to one guest. Each waits for the one before,
// which may hold its target; they go in the other order.
func (p *Project) serveGuest(ctx context.Context, m plan.Machine, client *link.Client, name string, root []string) error {
	var ends []func() error
	defer func() {
		for _, end := range slices.Backward(ends) {
			_ = end() // told when it ended first
		}
	}()
	first := make(chan error, len(m.Mounts))
	for _, folder := range served(m) {
		mine, cancel := context.WithCancel(context.WithoutCancel(ctx))
		ready, done := make(chan struct{}), make(chan error, 1)
		go func() {
			err := mount.Serve(mine, client, p.folder(folder), mount.Options{Root: root, Ready: func() { close(ready) }})
			first <- err
			done <- err
		}()
		ends = append(ends, func() error {
			cancel()
			return <-done
		})
		select {
		case <-ready:
			p.Progress.Say(fmt.Sprintf("%s: %s is at %s", name, folder.Source, folder.Target))
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

// folder is what is served of a mount. The state folder with its keys is
// for this computer alone.
func (p *Project) folder(m plan.Mount) mount.Folder {
	f := mount.Folder{Source: m.Source, Target: m.Target, ReadOnly: m.ReadOnly}
	if rel, err := filepath.Rel(m.Source, filepath.Join(p.Dir, state.Name)); err == nil && filepath.IsLocal(rel) {
		f.Private = append(f.Private, filepath.ToSlash(rel))
	}
	return f
}

// warnMounts says that `up` alone leaves mounts empty.
func (u *upRun) warnMounts() {
	if len(served(u.m)) > 0 {
		u.Progress.Warn(fmt.Sprintf("the mounts of %s are in its guests while `fbdock mount` runs: keep it open in another terminal", u.m.Name))
	}
}
