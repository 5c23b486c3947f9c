package state

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/fbdock/fbdock/internal/folderid"
	"github.com/fbdock/fbdock/internal/privatefile"
)

// recordName is the file that tells which folder a project is.
const recordName = "project.json"

// Record says which folder of the user a project is.
type Record struct {
	Format int `json:"format"`
	// ID is random and names the project's directory.
	ID string `json:"id"`
	// Path of the folder, without links, as it was last seen.
	Path string `json:"path"`
	folderid.Identity
	Owner Owner `json:"owner"`
	// Suffix ends the names that machines have outside of the project: of
	// VMs, docker contexts and pipes. It stays when the folder is moved.
	Suffix  string    `json:"suffix"`
	Created time.Time `json:"created"`
	Version string    `json:"fbdock"` // that made it
	// Marked tells that the folder has got its marker.
	Marked bool `json:"marked,omitempty"`
	// Legacy tells that the folder's old files were taken over and are still
	// to be removed.
	Legacy bool `json:"legacy,omitempty"`
}

// At tells whether the project's folder is where it was last seen.
func (r Record) At() bool {
	id, err := folderid.Of(r.Path)
	return err == nil && r.is(id, r.Path)
}

// is tells whether the folder at path, without links, is the project's.
func (r Record) is(id folderid.Identity, path string) bool {
	if r.Path == path {
		// The number of a device may be another after each boot.
		same, _ := r.SameFile(id)
		return same
	}
	same, sure := r.Same(id)
	return same && (sure || readMarker(path) == r.ID)
}

func (s Store) recordFile(id string) string { return filepath.Join(s.projects(), id, recordName) }

func (s Store) readRecord(id string) (Record, error) {
	var r Record
	file := s.recordFile(id)
	data, err := privatefile.ReadMax(file, maxRecord)
	if err != nil {
		return r, fmt.Errorf("read which folder a project is: %w", err)
	}
	if err := json.Unmarshal(data, &r); err != nil || r.ID != id {
		return r, fmt.Errorf("%s is damaged: %w", file, errors.Join(err, errDamaged))
	}
	if r.Format < 1 || r.Format > Format {
		return r, &VersionError{File: file, Found: fmt.Sprint(r.Format)}
	}
	return r, nil
}

const maxRecord = 64 << 10

var errDamaged = errors.New("it does not say which folder it is about")

func (s Store) writeRecord(r Record) error { return s.dirOf(r).writeRecord(r) }

func (d Dir) writeRecord(r Record) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write which folder a project is: %w", err)
	}
	return d.Write(filepath.Join(d.root, recordName), append(data, '\n'))
}

// newID names a project: 16 hexadecimal digits that nobody can know before.
func newID() string {
	var id [8]byte
	_, _ = rand.Read(id[:]) // it never fails
	return hex.EncodeToString(id[:])
}

// validID keeps what a marker says from naming anything but a project.
func validID(id string) bool {
	if len(id) != 16 {
		return false
	}
	for _, c := range id {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// SuffixOf is the suffix of the names of machines that is made of the
// project's path.
func SuffixOf(path string) string {
	sum := sha256.Sum256([]byte(filepath.ToSlash(path)))
	return hex.EncodeToString(sum[:4])
}

// freeSuffix is made of the path, so that a plan can say it before there is a
// project, unless another project has it: one that has left the path.
func freeSuffix(path string, records []Record) string {
	suffix := SuffixOf(path)
	for _, r := range records {
		if r.Suffix == suffix {
			return newID()[:8]
		}
	}
	return suffix
}

// ReadPlain reads a small file of this user without following a link.
func ReadPlain(path string) ([]byte, error) {
	if err := ownPlain(path); err != nil {
		return nil, err
	}
	return privatefile.ReadMax(path, maxRecord)
}
