package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/fbdock/fbdock/internal/privatefile"
)

// consentFile records what the user has said yes to in this project, each
// with its time. What a key means is for its writer to say; one that names a
// file holds the file's digest.
func (d Dir) consentFile() string { return filepath.Join(d.root, "consent.json") }

// Consented tells whether the user has said yes to key.
func (d Dir) Consented(key string) (bool, error) {
	given, err := d.consents()
	_, ok := given[key]
	return ok, err
}

// Consent records that the user has said yes to keys.
func (d Dir) Consent(keys ...string) error {
	given, err := d.consents()
	if err != nil {
		return err
	}
	for _, key := range keys {
		given[key] = time.Now().UTC()
	}
	data, err := json.MarshalIndent(given, "", "  ")
	if err != nil {
		return fmt.Errorf("write what was agreed to: %w", err)
	}
	return d.Write(d.consentFile(), append(data, '\n'))
}

func (d Dir) consents() (map[string]time.Time, error) {
	given := map[string]time.Time{}
	data, err := privatefile.ReadMax(d.consentFile(), 1<<20)
	if errors.Is(err, fs.ErrNotExist) {
		return given, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what was agreed to: %w", err)
	}
	if json.Unmarshal(data, &given) != nil {
		return map[string]time.Time{}, nil // asking again is always right
	}
	return given, nil
}
