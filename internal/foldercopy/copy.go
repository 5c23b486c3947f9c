package foldercopy

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/fbdock/fbdock/internal/confine"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/mount"
	"github.com/fbdock/fbdock/internal/untrusted"
)

//go:embed copy.sh
var copyScript string

const (
	// settle is how long a folder has to be quiet before it is looked at, and
	// maxDelay the longest that one which is never quiet waits.
	settle   = 50 * time.Millisecond
	maxDelay = 500 * time.Millisecond
	// unwatched is the time between two looks at a folder that the system
	// does not watch, or not all of.
	unwatched = 2 * time.Second
)

// Copy keeps a copy of a folder in the guest at the other end of client, one
// way, until ctx is done, which is no error, or until the link ends. Ready is
// told when the copy is whole for the first time. What the guest keeps of an
// earlier run is completed; a target that holds what fbdock has not put there
// is refused with a *mount.GuestError.
//
// Files travel as tar(5) in GNU's form, which FreeBSD's bsdtar and Alpine's
// BusyBox both read.
func Copy(ctx context.Context, client *link.Client, f mount.Folder, o mount.Options) error {
	err := keepCopy(ctx, client, f, o)
	if ctx.Err() != nil {
		return nil
	}
	if guest, ok := errors.AsType[*mount.GuestError](err); ok {
		return guest
	}
	if folder, ok := errors.AsType[*mount.FolderError](err); ok {
		return folder
	}
	if moved, ok := errors.AsType[*mount.MovedError](err); ok {
		return moved
	}
	return fmt.Errorf("copy %s: %w", f.Source, err)
}

func keepCopy(ctx context.Context, client *link.Client, f mount.Folder, o mount.Options) error {
	root, err := confine.Open(f.Dir(), confine.Options{ReadOnly: true, Private: f.Private})
	if err != nil {
		return &mount.FolderError{Folder: f.Source, Err: err}
	}
	defer root.Close() //nolint:errcheck // a folder held open has nothing to lose
	if err := f.Unmoved(); err != nil {
		return err
	}
	c := &copier{folder: f, root: root, client: client, options: o, have: map[string]entry{}, told: map[string]bool{}}
	if c.watcher, err = fsnotify.NewWatcher(); err != nil {
		c.tell(".", fmt.Errorf("the system does not watch it, so it is looked at every %s: %w", unwatched, err))
	} else {
		defer c.watcher.Close() //nolint:errcheck // what it has not told is not waited for
	}
	if err := c.open(ctx); err != nil {
		return err
	}
	for first := true; ; first = false {
		settled, err := c.sync(ctx)
		if err != nil {
			return err
		}
		c.flushed()
		if first {
			if err := c.run(ctx, nil, nil, "live"); err != nil {
				return err
			}
			if o.Ready != nil {
				o.Ready()
			}
		}
		if err := c.wait(ctx, settled); err != nil {
			return err
		}
	}
}

// copier is one folder on its way into one guest.
type copier struct {
	folder  mount.Folder
	root    *confine.Root
	client  *link.Client
	options mount.Options
	watcher *fsnotify.Watcher // nil when there is none

	have     map[string]entry // of the guest, by slash-separated name
	uid, gid int              // whose the files are there
	blind    bool             // not all is watched
	told     map[string]bool
	asked    []chan<- struct{} // closed when the next sync is done
}

func (c *copier) flushed() {
	for _, done := range c.asked {
		close(done)
	}
	c.asked = nil
}

// tell says once what is left out.
func (c *copier) tell(name string, err error) {
	if c.options.Warn == nil || c.told[name] {
		return
	}
	c.told[name] = true
	c.options.Warn(name, err)
}

// run has the guest's script do one thing.
func (c *copier) run(ctx context.Context, stdin io.Reader, stdout io.Writer, do string) error {
	s := script(do, c.folder.Target, strconv.Itoa(c.uid)+":"+strconv.Itoa(c.gid))
	s.Stdin, s.Stdout = stdin, stdout
	return mount.RunScript(ctx, c.client, c.options, s)
}

func script(do, target, owner string) mount.Script {
	return mount.Script{Name: "fbdock-copy", Text: copyScript, Args: []string{do, target, owner}, Target: target}
}

// open learns who the files are to belong to, and what the guest has of them.
func (c *copier) open(ctx context.Context) error {
	who, err := c.client.Output(ctx, link.Command{Script: "id -u; id -g"})
	if err != nil {
		return err
	}
	if _, err := fmt.Sscan(who.Stdout, &c.uid, &c.gid); err != nil {
		return fmt.Errorf("`id` in the guest: status %d, %q", who.Status, untrusted.Short(who.Stdout, 200))
	}
	notes := newNotes(c.scan)
	if err := c.run(ctx, nil, notes.writer(), "open"); err != nil {
		return err
	}
	if c.have = notes.have; notes.lines <= 2*len(c.have)+1000 {
		return nil
	}
	var short bytes.Buffer
	for _, name := range names(c.have) {
		short.WriteString(c.have[name].note(name))
	}
	return c.run(ctx, &short, nil, "rewrite")
}

// sync brings the guest what has changed. settled is false when a file changed
// while it was read, and the folder has to be looked at again.
func (c *copier) sync(ctx context.Context) (settled bool, err error) {
	want, err := c.scan()
	if err != nil {
		return false, &mount.FolderError{Folder: c.folder.Source, Err: err}
	}
	var put, files, dirs []string
	for _, name := range names(want) {
		if old, ok := c.have[name]; !ok || old != want[name] {
			put = append(put, name)
		}
	}
	for _, name := range names(c.have) {
		old := c.have[name]
		if now, ok := want[name]; ok && now.mode.Type() == old.mode.Type() {
			continue
		}
		if old.mode.IsDir() {
			dirs = append(dirs, name)
		} else {
			files = append(files, name)
		}
	}
	slices.Reverse(dirs) // the inner ones first
	if len(put)+len(files)+len(dirs) == 0 {
		return true, nil
	}
	return c.bring(ctx, want, put, files, dirs)
}

// bring notes in the guest what may be there from now on, takes away and puts,
// and notes then what is there.
func (c *copier) bring(ctx context.Context, want map[string]entry, put, files, dirs []string) (settled bool, err error) {
	var before, after bytes.Buffer
	for _, name := range put {
		before.WriteString(unsure(want[name]).note(name))
	}
	if before.Len() > 0 {
		if err := c.run(ctx, &before, nil, "note"); err != nil {
			return false, err
		}
	}
	for _, gone := range []struct {
		do    string
		names []string
	}{{"unlink", files}, {"rmdir", dirs}} {
		if len(gone.names) == 0 {
			continue
		}
		if err := c.run(ctx, list(gone.names), nil, gone.do); err != nil {
			return false, err
		}
	}
	for _, name := range slices.Concat(files, dirs) {
		delete(c.have, name)
		after.WriteString(noteGone(name))
	}
	settled = true
	if len(put) > 0 {
		sent, err := c.put(ctx, want, put)
		if err != nil {
			return false, err
		}
		for _, name := range put {
			e, arrived := sent[name]
			if !arrived {
				e = unsure(want[name])
			}
			c.have[name] = e
			settled = settled && (e.known || c.told[name])
			after.WriteString(e.note(name))
		}
	}
	return settled, c.run(ctx, &after, nil, "note")
}

// unsure is an entry on its way.
func unsure(e entry) entry { return entry{mode: e.mode.Type()} }

// wait returns when the folder is to be looked at again.
func (c *copier) wait(ctx context.Context, settled bool) error {
	var events <-chan fsnotify.Event
	var errs <-chan error
	if c.watcher != nil {
		events, errs = c.watcher.Events, c.watcher.Errors
	}
	watched := c.watcher != nil && !c.blind
	var quiet, latest, look <-chan time.Time
	if !watched {
		look = time.After(unwatched)
	}
	changed := func() {
		quiet = time.After(settle)
		if latest == nil {
			latest = time.After(maxDelay)
		}
	}
	if !settled {
		changed()
	}
	for {
		select {
		case <-events:
			changed()
		case <-errs: //nolint:errcheck // too many events at once, so that some are lost: all is looked at
			changed()
		case done := <-c.options.Flush:
			c.asked = append(c.asked, done)
			if !watched {
				return nil
			}
			if quiet == nil {
				quiet = time.After(settle) // the system has told by then what happened before
			}
		case <-quiet:
			if latest != nil {
				return nil
			}
			quiet = nil // nothing had
			c.flushed()
		case <-latest:
			return nil
		case <-look:
			return nil
		case <-c.client.Done():
			return c.client.Err()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
