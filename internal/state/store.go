package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fbdock/fbdock/internal/atomicfile"
	"github.com/fbdock/fbdock/internal/privatefile"
)

// storeWait bounds the wait for another fbdock that changes the list of
// projects, which takes milliseconds.
const storeWait = 10 * time.Second

// Store is the user's state directory.
type Store struct {
	home   string
	lookup func(string) (string, bool)
	writer atomicfile.Writer
}

// With is the store as w writes it; it is for tests.
func (s Store) With(w atomicfile.Writer) Store {
	s.writer = w
	return s
}

// At is the state directory of the user whose environment lookup reads; goos
// is as in runtime.GOOS. Nothing is made.
func At(lookup func(string) (string, bool), goos string) (Store, error) {
	home, err := Home(lookup, goos)
	if err != nil {
		return Store{}, err
	}
	s := Store{home: home, lookup: lookup}
	return s, s.checkHome()
}

// Path of the state directory.
func (s Store) Path() string { return s.home }

func (s Store) projects() string { return filepath.Join(s.home, "projects") }

// dir is the whole state directory as a folder of ours.
func (s Store) dir() Dir { return Dir{root: s.home, store: s} }

// indexFile lists all records, so that a command reads one file to find its
// project. The records themselves are what holds.
func (s Store) indexFile() string { return filepath.Join(s.home, "index.json") }

type index struct {
	Format   int      `json:"format"`
	Projects []Record `json:"projects"`
}

// Records are all projects of this user, the oldest first.
func (s Store) Records() ([]Record, error) {
	data, err := privatefile.ReadMax(s.indexFile(), 64<<20)
	if err == nil {
		var i index
		if json.Unmarshal(data, &i) == nil && i.Format == Format {
			return i.Projects, nil
		}
	}
	return s.scan()
}

// scan reads the record of each project.
func (s Store) scan() ([]Record, error) {
	entries, err := privatefile.ReadDir(s.projects())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the projects: %w", err)
	}
	var records []Record
	for _, e := range entries {
		if !validID(e.Name()) {
			continue
		}
		r, err := s.readRecord(e.Name())
		if errors.Is(err, fs.ErrNotExist) {
			continue // it is being made or removed
		}
		// One of a newer fbdock is refused only where it is the one wanted.
		if _, newer := errors.AsType[*VersionError](err); err != nil && !newer {
			return nil, err
		}
		records = append(records, r)
	}
	slices.SortFunc(records, func(a, b Record) int {
		if c := a.Created.Compare(b.Created); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return records, nil
}

// change runs f under the lock of the list. The index is removed before f
// changes a record and made of the records afterwards: whatever stops fbdock
// in between, no index says something else than they do.
func (s Store) change(f func() error) (err error) {
	if err := s.makeHome(); err != nil {
		return err
	}
	if err := s.dir().mkdir(s.projects()); err != nil {
		return err
	}
	lock := privatefile.Lock(filepath.Join(s.home, "lock"))
	if ok, err := lockWithin(lock, time.Now().Add(storeWait)); err != nil {
		return fmt.Errorf("lock the list of projects %s: %w", lock.Path(), err)
	} else if !ok {
		return fmt.Errorf("lock the list of projects %s: another fbdock has held it for %v", lock.Path(), storeWait)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	if err := os.Remove(s.indexFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("change the list of projects: %w", err)
	}
	if err := f(); err != nil {
		return err
	}
	records, err := s.scan()
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(index{Format: Format, Projects: records}, "", " ")
	if err != nil {
		return fmt.Errorf("write the list of projects: %w", err)
	}
	return s.dir().Write(s.indexFile(), data)
}
