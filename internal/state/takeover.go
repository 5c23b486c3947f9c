package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/fbdock/fbdock/internal/folderid"
	"github.com/fbdock/fbdock/internal/privatefile"
)

// maxLegacy bounds the files that are taken over; certificates are smaller.
const maxLegacy = 1 << 20

// formerWait is the time that a former fbdock, or an agent of it, has to end.
const formerWait = 10 * time.Second

// taken are the files of a machine that are taken over. What can be made anew
// is, and nothing that a program would run or obey comes along: no
// Vagrantfile, no plugins, no ssh-config, no spec of an agent, and no consent
// for a computer of the user's own.
func taken() []string {
	return append(formerKeys(), "ssh/known_hosts", "applied.json", "context.json")
}

// TakeOver makes the old folder's keys, pins and VMs those of a project in the
// state directory. suffix is what the names of its machines end in. The agents
// of a former fbdock must have ended. Stopped at any point, it goes on with
// FinishTakeOver, or begins anew.
func (s Store) TakeOver(l Legacy, suffix, version string) (d Dir, err error) {
	id, err := folderid.Of(l.Folder)
	if err != nil {
		return d, err
	}
	release, err := l.quiet()
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, release()) }()
	err = s.change(func() error {
		r := Record{
			Format: Format, ID: newID(), Path: l.Folder, Identity: id, Owner: user(), Suffix: suffix,
			Created: time.Now().UTC().Truncate(time.Second), Version: version, Legacy: true,
		}
		// A name that is no project's, until all is there.
		part := Dir{root: filepath.Join(s.projects(), ".new-"+r.ID)}
		if err := s.sweep(); err != nil {
			return err
		}
		if err := l.copyTo(part); err != nil {
			return errors.Join(err, os.RemoveAll(part.root))
		}
		if err := part.writeRecord(r); err != nil {
			return errors.Join(err, os.RemoveAll(part.root))
		}
		d = s.dirOf(r)
		return os.Rename(part.root, d.root)
	})
	if err != nil {
		return d, &LegacyError{Path: l.Path(), Err: err}
	}
	return d, nil
}

// sweep removes what a takeover that was stopped has left.
func (s Store) sweep() error {
	parts, err := filepath.Glob(filepath.Join(s.projects(), ".new-*"))
	for _, part := range parts {
		err = errors.Join(err, os.RemoveAll(part))
	}
	return err
}

// quiet waits until nothing of a former fbdock is at work in the folder, and
// keeps one from starting until the function that it gives is called.
func (l Legacy) quiet() (release func() error, err error) {
	deadline := time.Now().Add(formerWait)
	var held []*flock.Flock
	release = func() error {
		var err error
		for _, f := range held {
			err = errors.Join(err, f.Unlock())
		}
		return err
	}
	files := []string{filepath.Join(l.Path(), "lock")}
	for _, m := range l.Machines {
		files = append(files, filepath.Join(l.Path(), m.Name, "agent.lock"))
	}
	for _, file := range files {
		if info, err := os.Lstat(file); err != nil || !info.Mode().IsRegular() {
			continue
		}
		f := privatefile.LockExisting(file)
		ok, err := lockWithin(f, deadline)
		if !ok {
			err = errors.Join(fmt.Errorf("a former fbdock still holds %s: end it first", file), err)
			return nil, errors.Join(&LegacyError{Path: l.Path(), Err: err}, release())
		}
		held = append(held, f)
	}
	return release, nil
}

// copyTo copies what is taken over.
func (l Legacy) copyTo(to Dir) error {
	for _, m := range l.Machines {
		for _, name := range taken() {
			if err := l.take(to, filepath.Join(m.Name, filepath.FromSlash(name)), true); err != nil {
				return err
			}
		}
		if m.Provider == "" {
			continue
		}
		if err := l.takeVM(to, filepath.Join(".vagrant", "machines", m.Name, m.Provider)); err != nil {
			return err
		}
	}
	return nil
}

// takeVM copies what Vagrant knows of a VM. Some providers keep its disks
// there, under names that the hypervisor knows; those cannot be moved.
func (l Legacy) takeVM(to Dir, vm string) error {
	entries, err := privatefile.ReadDir(filepath.Join(l.Path(), vm))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == "vagrant_cwd" {
			continue // it is another now
		}
		name := filepath.Join(vm, e.Name())
		if e.IsDir() {
			return fmt.Errorf("a VM lies in %s itself and cannot be moved: destroy it with the fbdock that made it, or by `vagrant destroy` in %s", name, l.Path())
		}
		if err := l.take(to, name, false); err != nil {
			return err
		}
	}
	return nil
}

// take copies a file that only this user can have written; one that does not
// exist is passed over. private refuses one that others can read: git checks
// files out as readable, fbdock never wrote one so.
func (l Legacy) take(to Dir, name string, private bool) error {
	from := filepath.Join(l.Path(), name)
	if err := (Dir{root: l.Path()}).inside(from); err != nil {
		return err
	}
	info, err := os.Lstat(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := ownPlain(from); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	if !onWindows && private && info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s: others can read it (mode %04o), as none that fbdock wrote", from, info.Mode().Perm())
	}
	if links(info) > 1 {
		return fmt.Errorf("%s: it has another name elsewhere", from)
	}
	data, err := privatefile.ReadMax(from, maxLegacy)
	if err != nil {
		return err
	}
	return to.Write(filepath.Join(to.root, name), data)
}

// FinishTakeOver removes the old folder of a project that was taken over and
// leaves the marker in its place.
func (d Dir) FinishTakeOver() (Dir, error) {
	err := d.store.change(func() error {
		if err := removeLegacy(d.record.Path); err != nil {
			return fmt.Errorf("remove what was taken over: %w", err)
		}
		d.record.Legacy = false
		d.record.Marked = writeMarker(d.record.Path, d.record.ID)
		return d.writeRecord(d.record)
	})
	return d, err
}

// removeLegacy removes the files and folders of fbdock from an old folder, and
// leaves what it does not know.
func removeLegacy(folder string) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // it is only for names
	if info, err := root.Lstat(Name); err != nil || !info.IsDir() {
		return nil //nolint:nilerr // it is gone
	}
	entries, err := privatefile.ReadDir(filepath.Join(folder, Name))
	if err != nil {
		return err
	}
	for _, e := range entries {
		// .tmp- begins what a former fbdock that was killed has left.
		if e.IsDir() || slices.Contains(legacyNames(), e.Name()) || strings.HasPrefix(e.Name(), ".tmp-") {
			err = errors.Join(err, root.RemoveAll(filepath.Join(Name, e.Name())))
		}
	}
	return err
}
