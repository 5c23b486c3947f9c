// Package boxes knows which Vagrant boxes and engine images there are, and
// keeps the images on the host: fetched with resume, verified, and never
// used unverified. It starts no programs.
package boxes

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// published is the catalogue as data: what the facts say is published. A
// digest stands in it where its source is named; the others are taken over
// TLS from where the image is from.
//
//go:embed catalogue.json
var published []byte

// Catalogue answers which box and which image a name means.
type Catalogue struct {
	// AsOf is the day that the dates and versions were looked up.
	AsOf Day `json:"as_of"`
	// Registry is where Vagrant finds boxes that are published.
	Registry Registry `json:"registry"`
	// Defaults is the pick for each provider.
	Defaults map[string]string `json:"defaults"`
	Boxes    []Entry           `json:"boxes"`
	Images   []Release         `json:"images"`
	// Mirrors of Alpine, the one that digests are taken from first.
	Mirrors []string `json:"mirrors"`
	// Signer of Alpine's images, nil where they are not signed.
	Signer *Signer `json:"signer,omitempty"`
}

// Registry is the public registry of boxes, and when it ends.
type Registry struct {
	Name        string `json:"name"`
	NoNewBoxes  Day    `json:"no_new_boxes"`
	SupportEnds Day    `json:"support_ends"`
	Ends        Day    `json:"ends"`
	Source      string `json:"source"`
}

// Entry is a published box.
type Entry struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases,omitempty"`
	Release string   `json:"release"` // of FreeBSD
	// EndOfSupport is the last day of the release, "" when it is not known.
	EndOfSupport Day `json:"end_of_support,omitempty"`
	// Kept is why the box stays in the catalogue after the end of support.
	Kept    string `json:"kept,omitempty"`
	Version string `json:"version,omitempty"`
	// Root is the root file system: zfs, ufs or unknown.
	Root string `json:"root"`
	// BootTimeout in seconds covers the first boot.
	BootTimeout int      `json:"boot_timeout"`
	Notes       []string `json:"notes,omitempty"`
	// Published lists the architectures by provider.
	Published map[string][]string `json:"published"`
}

// Release is an image of Alpine.
type Release struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Build   string `json:"build"`
	// EndOfSupport is the day from which the branch gets no more fixes.
	EndOfSupport Day `json:"end_of_support"`
	// Kept is why the image stays in the catalogue after that.
	Kept string `json:"kept,omitempty"`
	// Files are the images by architecture.
	Files map[string]ImageFile `json:"files"`
}

// ImageFile is a published file.
type ImageFile struct {
	Path string `json:"path"` // below each mirror
	// SHA512 is known from SHA512Source; "" is what the publisher lists.
	SHA512       string `json:"sha512,omitempty"`
	SHA512Source string `json:"sha512_source,omitempty"`
}

// Day is a date, written 2006-01-02.
type Day string

func (d Day) check() error {
	if d == "" {
		return nil
	}
	_, err := time.Parse(time.DateOnly, string(d))
	return err
}

// Passed tells whether the day is before today; one that is not known is not.
func (d Day) Passed(today time.Time) bool {
	return d != "" && string(d) < today.Format(time.DateOnly)
}

// Box is the answer to a look-up.
type Box struct {
	Name         string
	Version      string // a constraint, "" for any
	Architecture string
	BootTimeout  int
	Release      string
	Root         string
	EndOfSupport Day
	// Listed tells that the box is one of the catalogue.
	Listed bool
	// Own tells that fbdock makes the box itself.
	Own   bool
	Notes []string
}

// unknownBootTimeout suits the slowest first boot known: a box that nobody
// described may be like the official ones.
const unknownBootTimeout = 1200

// Default is the catalogue that fbdock carries.
func Default() (Catalogue, error) { return Parse(published) }

// Parse reads a catalogue.
func Parse(data []byte) (Catalogue, error) {
	var c Catalogue
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return Catalogue{}, fmt.Errorf("read the catalogue: %w", err)
	}
	if err := c.check(); err != nil {
		return Catalogue{}, fmt.Errorf("read the catalogue: %w", err)
	}
	return c, nil
}

func (c Catalogue) check() error {
	for _, d := range []Day{c.AsOf, c.Registry.NoNewBoxes, c.Registry.SupportEnds, c.Registry.Ends} {
		if err := d.check(); err != nil {
			return err
		}
	}
	for _, e := range c.Boxes {
		if err := e.EndOfSupport.check(); err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
	}
	if c.Signer != nil {
		if err := c.Signer.check(); err != nil {
			return err
		}
	}
	for _, r := range c.Images {
		if err := r.check(); err != nil {
			return fmt.Errorf("%s: %w", r.Name, err)
		}
	}
	return nil
}

func (r Release) check() error {
	if err := r.EndOfSupport.check(); err != nil {
		return err
	}
	for _, f := range r.Files {
		if f.SHA512 == "" {
			continue
		}
		if _, err := digestOf(f.SHA512); err != nil || f.SHA512Source == "" {
			return fmt.Errorf("%s has no digest, or one without a source", f.Path)
		}
	}
	return nil
}

// Box resolves name, "" for the pick, for a provider and an architecture.
// An alias such as freebsd-15 has to be in the catalogue; any other name is
// the user's own business and is passed on, with a note where the catalogue
// knows better.
func (c Catalogue) Box(provider, architecture, name string) (Box, error) {
	wanted := name
	if wanted == "" {
		if wanted = c.Defaults[provider]; wanted == "" {
			return Box{}, &NotFoundError{Kind: "box", Name: "", Provider: provider, Architecture: architecture}
		}
	}
	known := false
	for _, e := range c.Boxes {
		if e.Name != wanted && !slices.Contains(e.Aliases, wanted) {
			continue
		}
		known = true
		if slices.Contains(e.Published[provider], architecture) {
			return e.box(architecture), nil
		}
	}
	if name == "" || c.isAlias(name) || (!known && c.meant(name)) {
		return Box{}, &NotFoundError{
			Kind: "box", Name: name, Provider: provider, Architecture: architecture,
			Known: c.names(provider, architecture), Similar: similar(name, c.names("", "")),
		}
	}
	_, own := OwnRelease(name)
	b := Box{Name: name, Architecture: architecture, BootTimeout: unknownBootTimeout, Root: "unknown", Listed: known, Own: own}
	if known {
		b.Notes = []string{fmt.Sprintf("box %s is not known to be published for %s on %s", name, provider, architecture)}
	}
	return b, nil
}

// ownBoxes is what the names of boxes that fbdock makes begin with.
const ownBoxes = "fbdock/freebsd-"

// OwnRelease is the release of FreeBSD in a box that fbdock makes; false for
// all other boxes.
func OwnRelease(name string) (release string, ok bool) { return strings.CutPrefix(name, ownBoxes) }

// Own is the box of the newest release that fbdock makes for a provider and an
// architecture; false where it makes none.
func (c Catalogue) Own(provider, architecture string) (Box, bool) {
	for _, e := range c.Boxes {
		if _, own := OwnRelease(e.Name); own && slices.Contains(e.Published[provider], architecture) {
			return e.box(architecture), true
		}
	}
	return Box{}, false
}

func (e Entry) box(architecture string) Box {
	_, own := OwnRelease(e.Name)
	return Box{
		Own:  own,
		Name: e.Name, Version: e.Version, Architecture: architecture, BootTimeout: e.BootTimeout,
		Release: e.Release, Root: e.Root, EndOfSupport: e.EndOfSupport, Listed: true, Notes: slices.Clone(e.Notes),
	}
}

func (c Catalogue) isAlias(name string) bool {
	return slices.ContainsFunc(c.Boxes, func(e Entry) bool { return slices.Contains(e.Aliases, name) })
}

// meant tells whether a bare name is so close to an alias that it must be a
// slip. A name with a slash is somebody's box, however close.
func (c Catalogue) meant(name string) bool {
	var aliases []string
	for _, e := range c.Boxes {
		aliases = append(aliases, e.Aliases...)
	}
	return !bytes.ContainsAny([]byte(name), "/:\\") && len(similar(name, aliases)) > 0
}

// names lists boxes and aliases for a provider and an architecture, all of
// them when both are empty.
func (c Catalogue) names(provider, architecture string) []string {
	var names []string
	for _, e := range c.Boxes {
		if provider != "" && !slices.Contains(e.Published[provider], architecture) {
			continue
		}
		names = append(names, e.Name)
		names = append(names, e.Aliases...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
