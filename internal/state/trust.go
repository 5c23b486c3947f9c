package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/fbdock/fbdock/internal/privatefile"
)

// Trusted is a folder of another user that this one trusts.
type Trusted struct {
	Path  string `json:"path"`
	Owner Owner  `json:"owner"`
}

func (s Store) trustFile() string { return filepath.Join(s.home, "trusted.json") }

// Trusted are the folders of others that this user trusts.
func (s Store) Trusted() ([]Trusted, error) {
	data, err := privatefile.ReadMax(s.trustFile(), 1<<20)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var all []Trusted
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err != nil {
		return nil, fmt.Errorf("read which folders are trusted: %w", err)
	}
	return all, nil
}

// Trust lets configurations in a folder be read although another user owns
// it, for as long as that user does.
func (s Store) Trust(folder string) (Trusted, error) {
	path, err := canonical(folder)
	if err != nil {
		return Trusted{}, err
	}
	owner, err := ownerOf(path)
	if err != nil {
		return Trusted{}, err
	}
	t := Trusted{Path: path, Owner: owner}
	return t, s.setTrusted(path, &t)
}

// Distrust takes back what Trust has said.
func (s Store) Distrust(folder string) error {
	path, err := canonical(folder)
	if err != nil {
		path = filepath.Clean(folder) // it may be gone
	}
	return s.setTrusted(path, nil)
}

func (s Store) setTrusted(path string, t *Trusted) error {
	return s.change(func() error {
		all, err := s.Trusted()
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(o Trusted) bool { return o.Path == path })
		if t != nil {
			all = append(all, *t)
		}
		data, err := json.MarshalIndent(all, "", "  ")
		if err != nil {
			return fmt.Errorf("write which folders are trusted: %w", err)
		}
		return s.dir().Write(s.trustFile(), append(data, '\n'))
	})
}
