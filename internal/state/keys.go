package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fbdock/fbdock/internal/privatefile"
)

// formerKeys are the files in which fbdock kept a machine's keys before they
// were one set. They are the names of the keys in the set, too.
func formerKeys() []string {
	return []string{
		"tls/ca.pem", "tls/ca-key.pem", "tls/server-cert.pem", "tls/server-key.pem",
		"tls/cert.pem", "tls/key.pem", "tls/guest-cert.pem", "tls/guest-key.pem",
		"ssh/engine_key", "ssh/guest_key", "ssh/engine_host_key",
	}
}

func (m Machine) keysFile() string { return m.join("keys.json") }

// KeyFile is the file that holds a key of Keys.
func (m Machine) KeyFile(name string) string {
	if m.KeysStamp() != "" {
		return m.keysFile()
	}
	return m.join(filepath.FromSlash(name))
}

// KeysStamp changes when the keys do. It is "" when they are not one file.
func (m Machine) KeysStamp() string {
	info, err := os.Lstat(m.keysFile())
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%d %d", info.Size(), info.ModTime().UnixNano())
}

// Keys reads the machine's private keys and certificates, in PEM, by name. It
// is empty for a machine without keys.
func (m Machine) Keys() (map[string]string, error) {
	keys := map[string]string{}
	data, err := privatefile.Read(m.keysFile())
	if errors.Is(err, fs.ErrNotExist) {
		return keys, m.readFormer(keys)
	}
	if err != nil {
		return nil, fmt.Errorf("read the machine's keys: %w", err)
	}
	if err := json.Unmarshal(data, &keys); err != nil {
		return nil, &DamagedError{File: m.keysFile(), Err: err}
	}
	return keys, nil
}

func (m Machine) readFormer(keys map[string]string) error {
	for _, name := range formerKeys() {
		data, err := privatefile.Read(m.join(filepath.FromSlash(name)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read the machine's keys: %w", err)
		}
		keys[name] = string(data)
	}
	return nil
}

// SetKeys writes the keys as one file: a crash or a full disk leaves the old
// keys or the new ones, never a mixture (issue 12, line 5).
func (m Machine) SetKeys(keys map[string]string) error {
	data, err := json.MarshalIndent(keys, "", "  ")
	if err != nil {
		return fmt.Errorf("write the machine's keys: %w", err)
	}
	if err := m.dir.Write(m.keysFile(), append(data, '\n')); err != nil {
		return err
	}
	return m.dropFormer()
}

// dropFormer removes the files that SetKeys has replaced. What a crash leaves
// of them is removed by the next Make.
func (m Machine) dropFormer() error {
	if m.KeysStamp() == "" {
		return nil
	}
	root, err := m.dir.openRoot(m.Path())
	if err != nil {
		return fmt.Errorf("remove former keys: %w", err)
	}
	defer root.Close() //nolint:errcheck // it is only for names
	for _, name := range formerKeys() {
		for _, name := range []string{name, name + ".pub"} {
			if err := root.Remove(filepath.FromSlash(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("remove former keys: %w", err)
			}
		}
	}
	_ = root.Remove("tls") // it stays where the user keeps something there
	return nil
}

// DamagedError is a file of keys that exists and cannot be used. fbdock does
// not replace it unasked: guest and engine know the keys that it held.
type DamagedError struct {
	File string
	Err  error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s is damaged, and fbdock does not replace keys unasked: %v", e.File, e.Err)
}

func (e *DamagedError) Unwrap() error { return e.Err }

// Hint is the next step for the user.
func (e *DamagedError) Hint() string {
	return "restore the file from a backup; or remove it and run `fbdock up`, which makes new keys"
}
