// Package lockfile keeps fbdock.lock.hcl: which files from the network a
// project runs, by digest. What stands in it was seen once and written down;
// a file with another digest is refused from then on. It lies beside
// fbdock.hcl and is meant to be committed. The package neither downloads nor
// hashes, and it never changes a pin unless it is told to.
package lockfile

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/fbdock/fbdock/internal/hostfile"
)

// Name of the file.
const Name = "fbdock.lock.hcl"

// Kind is what a pin is about; it is the type of its block.
type Kind string

// The kinds of pins.
const (
	Image      Kind = "image"       // the disk image of an engine
	CloudImage Kind = "cloud_image" // FreeBSD's image that a box is made of
	JailBase   Kind = "jail_base"   // FreeBSD's base system that jails are made of
)

// Pin is one block of the file.
type Pin struct {
	Kind         Kind
	Name         string // as the catalogue calls it
	Architecture string
	URL          string // where it was first fetched from
	SHA512       string // in hexadecimal
}

func (p Pin) String() string { return p.Name + " on " + p.Architecture }

func (p Pin) same(o Pin) bool {
	return p.Kind == o.Kind && p.Name == o.Name && p.Architecture == o.Architecture
}

// check keeps what would not be read back out of the file.
func (p Pin) check() error {
	raw, err := hex.DecodeString(p.SHA512)
	switch {
	case p.Kind != Image && p.Kind != CloudImage && p.Kind != JailBase:
		return fmt.Errorf("%q is no kind of pin", p.Kind)
	case p.Name == "" || p.Architecture == "" || p.URL == "":
		return fmt.Errorf("%s %q lacks its architecture or url", p.Kind, p.Name)
	case err != nil || len(raw) != 64:
		return fmt.Errorf("%s %q: %q is no SHA-512 in hexadecimal", p.Kind, p.Name, p.SHA512)
	}
	return p.checkURL()
}

// checkURL refuses an address that no file is fetched from, and one with a
// user: the lock file is committed, and shown to whoever is asked about it.
func (p Pin) checkURL() error {
	u, err := url.Parse(p.URL)
	switch {
	case err != nil, u.Hostname() == "", u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("%s %q: %q is no address that begins with https://", p.Kind, p.Name, p.URL)
	case u.User != nil:
		return fmt.Errorf("%s %q: an address in the lock file has no user, as %q has", p.Kind, p.Name, u.Redacted())
	case strings.IndexFunc(p.URL, func(r rune) bool { return r <= ' ' || r > '~' }) >= 0:
		return fmt.Errorf("%s %q: %q has characters that no address has", p.Kind, p.Name, p.URL)
	}
	return nil
}

// File is the lock file of one project.
type File struct {
	path string
	src  []byte // nil when there is none yet
	pins []Pin
}

// Load reads the lock file of a folder. One that does not exist is empty.
func Load(ctx context.Context, dir string) (*File, error) {
	f := &File{path: filepath.Join(dir, Name)}
	src, err := hostfile.ReadWithin(ctx, dir, Name, hostfile.MaxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the lock file: %w", err)
	}
	f.src = src
	return f, f.parse()
}

// block is one block as it stands in the file.
type block struct {
	Name         string `hcl:"name,label"`
	Architecture string `hcl:"architecture,label"`
	URL          string `hcl:"url"`
	SHA512       string `hcl:"sha512"`
}

func (f *File) parse() error {
	parsed, diags := hclsyntax.ParseConfig(f.src, f.path, hcl.InitialPos)
	if diags.HasErrors() {
		return &SyntaxError{Path: f.path, Err: diags}
	}
	var content struct {
		Images []block `hcl:"image,block"`
		Clouds []block `hcl:"cloud_image,block"`
		Bases  []block `hcl:"jail_base,block"`
	}
	if diags := gohcl.DecodeBody(parsed.Body, nil, &content); diags.HasErrors() {
		return &SyntaxError{Path: f.path, Err: diags}
	}
	for kind, blocks := range map[Kind][]block{Image: content.Images, CloudImage: content.Clouds, JailBase: content.Bases} {
		for _, b := range blocks {
			p := Pin{Kind: kind, Name: b.Name, Architecture: b.Architecture, URL: b.URL, SHA512: strings.ToLower(b.SHA512)}
			if err := p.check(); err != nil {
				return &SyntaxError{Path: f.path, Err: err}
			}
			if _, twice := f.Find(kind, p.Name, p.Architecture); twice {
				return &SyntaxError{Path: f.path, Err: fmt.Errorf("%s %s is pinned twice", kind, p)}
			}
			f.pins = append(f.pins, p)
		}
	}
	slices.SortFunc(f.pins, func(a, b Pin) int {
		return strings.Compare(string(a.Kind)+" "+a.String(), string(b.Kind)+" "+b.String())
	})
	return nil
}

// Path of the file.
func (f *File) Path() string { return f.path }

// Pins are all that the file holds, in order.
func (f *File) Pins() []Pin { return slices.Clone(f.pins) }

// Find is the pin of a name and an architecture.
func (f *File) Find(kind Kind, name, architecture string) (Pin, bool) {
	i := slices.IndexFunc(f.pins, Pin{Kind: kind, Name: name, Architecture: architecture}.same)
	if i < 0 {
		return Pin{}, false
	}
	return f.pins[i], true
}
