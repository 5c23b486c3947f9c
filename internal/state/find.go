package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/fbdock/fbdock/internal/folderid"
)

// noProject is the name of a project that does not exist: no id is like it.
const noProject = "none"

// canonical is the path of a folder without links.
func canonical(folder string) (string, error) {
	abs, err := filepath.Abs(folder)
	if err != nil {
		return "", fmt.Errorf("find the folder: %w", err)
	}
	real, err := filepath.EvalSymlinks(abs)
	if err == nil {
		return real, nil
	}
	// Windows has folders, of other volumes and of cloud drives, that can be
	// entered and not resolved.
	if info, serr := os.Stat(abs); onWindows && serr == nil && info.IsDir() {
		return abs, nil
	}
	return "", fmt.Errorf("find the folder: %w", err)
}

// Kind of a Claim.
type Kind string

// The kinds of folders that seem to be another project's.
const (
	// Copied is a folder with the marker of a project whose folder is where
	// it was.
	Copied Kind = "copied"
	// Restored is a folder with the marker of a project whose folder is gone:
	// moved to another file system, or brought back from a backup.
	Restored Kind = "restored"
	// Replaced is a folder at a path where a project's folder was before.
	Replaced Kind = "replaced"
)

// Claim is a project that the folder seems to belong to and does not.
type Claim struct {
	Kind   Kind
	Record Record
}

// Found is what there is of the project of a folder.
type Found struct {
	Dir
	// Claim is set for a folder that is no project yet.
	Claim *Claim
	// MovedFrom is where the folder was when it was last seen.
	MovedFrom string
}

// Look finds the project of a folder, however its path is spelt, and makes
// nothing. The folder of one that does not exist has no files.
func (s Store) Look(folder string) (Found, error) {
	path, err := canonical(folder)
	if err != nil {
		return Found{}, err
	}
	id, err := folderid.Of(path)
	if err != nil {
		return Found{}, fmt.Errorf("find the folder: %w", err)
	}
	records, err := s.Records()
	if err != nil {
		return Found{}, err
	}
	f, err := s.among(records, id, path)
	if errors.Is(err, fs.ErrNotExist) { // somebody has removed it by hand
		if records, err = s.scan(); err != nil {
			return Found{}, err
		}
		f, err = s.among(records, id, path)
	}
	if err != nil || f.Exists() {
		return f, err
	}
	f = Found{Dir: Dir{root: filepath.Join(s.projects(), noProject), store: s}}
	f.record = Record{Format: Format, Path: path, Identity: id, Suffix: freeSuffix(path, records)}
	f.Claim = claim(path, readMarker(path), records)
	return f, checkLegacy(path)
}

// among finds the record that is of the folder.
func (s Store) among(records []Record, id folderid.Identity, path string) (f Found, err error) {
	for _, r := range records {
		if !r.is(id, path) {
			continue
		}
		// The index may be older than the record.
		if r, err = s.readRecord(r.ID); err != nil {
			return f, err
		}
		f.Dir = s.dirOf(r)
		if r.Path == path || r.At() {
			return f, nil // by another name: a link, a bind mount, another case
		}
		f.MovedFrom, f.record.Path, f.record.Identity = r.Path, path, id
		return f, nil
	}
	return f, nil
}

func (s Store) dirOf(r Record) Dir {
	return Dir{root: filepath.Join(s.projects(), r.ID), store: s, record: r}
}

func claim(path, marker string, records []Record) *Claim {
	var replaced *Claim
	for _, r := range records {
		switch {
		case marker == r.ID && r.At():
			return &Claim{Kind: Copied, Record: r}
		case marker == r.ID:
			return &Claim{Kind: Restored, Record: r}
		case r.Path == path:
			replaced = &Claim{Kind: Replaced, Record: r}
		}
	}
	return replaced
}

// Moved writes down that the folder has moved.
func (s Store) Moved(f Found) error {
	return s.change(func() error { return s.writeRecord(f.record) })
}

// Adopt makes the folder of f that of the project d.
func (s Store) Adopt(d Dir, f Found) error {
	return s.change(func() error {
		r := d.record
		if r.At() && r.Path != f.record.Path {
			// The other folder is nobody's then, not a copy.
			if err := removeMarker(r.Path, r.ID); err != nil && !errors.Is(err, os.ErrPermission) {
				return fmt.Errorf("remove the marker: %w", err)
			}
		}
		r.Path, r.Identity, r.Owner = f.record.Path, f.record.Identity, user()
		r.Marked = writeMarker(r.Path, r.ID)
		return s.writeRecord(r)
	})
}

// Open makes the project where there is none yet.
func (d Dir) Open(version string) (Dir, error) {
	if d.Exists() {
		return d, nil
	}
	err := d.store.change(func() error {
		records, err := d.store.scan()
		if err != nil {
			return err
		}
		r := d.record
		for _, other := range records {
			if other.is(r.Identity, r.Path) || other.Suffix == r.Suffix {
				return errRace
			}
		}
		r.ID, r.Owner, r.Created, r.Version = newID(), user(), time.Now().UTC().Truncate(time.Second), version
		r.Marked = writeMarker(r.Path, r.ID)
		d = d.store.dirOf(r)
		return d.store.writeRecord(r)
	})
	return d, err
}

var errRace = errors.New("another fbdock has made this project just now; run the command again")

// OpenID is the project of an id.
func (s Store) OpenID(id string) (Dir, error) {
	if !validID(id) {
		return Dir{}, fmt.Errorf("%q is no id of a project", id)
	}
	r, err := s.readRecord(id)
	return s.dirOf(r), err
}

// Remove takes away all that is kept of the project, and the marker.
func (d Dir) Remove() error {
	if !d.Exists() {
		return nil
	}
	return d.store.change(func() error {
		if d.record.At() {
			if err := removeMarker(d.record.Path, d.record.ID); err != nil && !errors.Is(err, os.ErrPermission) {
				return fmt.Errorf("remove the marker: %w", err)
			}
		}
		if err := os.RemoveAll(d.root); err != nil {
			return fmt.Errorf("remove what fbdock keeps of the project: %w", err)
		}
		return nil
	})
}
