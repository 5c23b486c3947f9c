package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/fbdock/fbdock/internal/privatefile"
)

// Applied records what the last `up` brought to the end, so that the next
// one does only what differs.
type Applied struct {
	// Vagrantfile, Payload and Image are hashes of what was applied.
	Vagrantfile string `json:"vagrantfile,omitempty"`
	Payload     string `json:"payload,omitempty"`
	Image       string `json:"image,omitempty"`
	// ImageStamp tells whether the image's file is still the one that Image
	// is the digest of.
	ImageStamp string `json:"image_stamp,omitempty"`
	// EngineImage is the digest of the image that the engine VM beside FreeBSD was
	// made of, EngineImageName its name in the catalogue. They are written before
	// the VM is made, so that one which is there is of that image.
	EngineImage     string `json:"engine_image,omitempty"`
	EngineImageName string `json:"engine_image_name,omitempty"`
	// Provisions are the hashes of the user's own scripts, by name.
	Provisions map[string]string `json:"provisions,omitempty"`
	// NoEngine tells that no engine has run in the machine since it was made: its
	// bhyve has refused each time.
	NoEngine bool `json:"no_engine,omitempty"`
	// Version is the fbdock that did it.
	Version string    `json:"version,omitempty"`
	Time    time.Time `json:"time,omitzero"`
}

func (m Machine) appliedFile() string { return m.join("applied.json") }

// Applied reads the record. Nothing applied yet is the zero value; so is a
// record that cannot be read as one, because applying again is always right.
func (m Machine) Applied() (Applied, error) {
	data, err := privatefile.Read(m.appliedFile())
	if errors.Is(err, fs.ErrNotExist) {
		return Applied{}, nil
	}
	if err != nil {
		return Applied{}, fmt.Errorf("read what was applied: %w", err)
	}
	var a Applied
	if json.Unmarshal(data, &a) != nil {
		return Applied{}, nil
	}
	return a, nil
}

// SetApplied writes the record.
func (m Machine) SetApplied(a Applied) error {
	data, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return fmt.Errorf("write what was applied: %w", err)
	}
	return m.dir.Write(m.appliedFile(), append(data, '\n'))
}
