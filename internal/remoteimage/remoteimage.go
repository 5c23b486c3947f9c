// Package remoteimage reads what a registry says of an image: for which
// systems and processors it is, and how large. It reads manifests and
// configurations, and never pulls a layer.
package remoteimage

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Image is what a registry says of one.
type Image struct {
	// Name is the full name, Short as it was given.
	Name      string     `json:"name"`
	Short     string     `json:"-"`
	Platforms []Platform `json:"platforms"`
}

// Platform is a system and a processor that an image is for.
type Platform struct {
	OS           string `json:"os"`
	Architecture string `json:"architecture"`
	Variant      string `json:"variant,omitempty"`
	// Size is that of the layers, compressed; 0 where it was not read.
	Size int64 `json:"size,omitempty"`
	// Libc is musl, glibc or uclibc where the tag or the history tells.
	Libc string `json:"libc,omitempty"`
}

// String is as in linux/arm64/v8.
func (p Platform) String() string {
	text := p.OS + "/" + p.Architecture
	if p.Variant != "" {
		text += "/" + p.Variant
	}
	return text
}

const (
	// maxPlatforms bounds what is told of an index, maxDetails how many of them
	// are looked into.
	maxPlatforms = 64
	maxDetails   = 8
	// maxSize bounds what is believed of the layers of an image.
	maxSize = 1 << 42
)

// The states of an image that cannot be read.
var (
	ErrName         = errors.New("not the name of an image")
	ErrNotFound     = errors.New("the registry has no such image, or shows it only to who is logged in")
	ErrUnauthorized = errors.New("the registry wants a login")
)

// Read asks the registry of an image. Credentials are those of the user's
// Docker configuration; base is http.DefaultTransport where it is nil.
func Read(ctx context.Context, reference string, base http.RoundTripper) (Image, error) {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return Image{}, fmt.Errorf("%q: %w", reference, ErrName)
	}
	if base == nil {
		base = http.DefaultTransport
	}
	image := Image{Name: strings.TrimPrefix(ref.Name(), "index."), Short: reference}
	described, err := remote.Get(ref, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain),
		remote.WithTransport(&bounded{base: base, left: maxRequests}), remote.WithUserAgent("fbdock"))
	if err == nil {
		image.Platforms, err = platforms(described, ref.Identifier())
	}
	if err != nil {
		return Image{}, fmt.Errorf("%s: %w", image.Name, reason(err))
	}
	return image, nil
}

// reason is a state where the registry has told one.
func reason(err error) error {
	if told, ok := errors.AsType[*transport.Error](err); ok {
		switch told.StatusCode {
		case http.StatusNotFound:
			return ErrNotFound
		case http.StatusUnauthorized, http.StatusForbidden:
			return ErrUnauthorized
		}
	}
	return err
}

func platforms(described *remote.Descriptor, tag string) ([]Platform, error) {
	if !described.MediaType.IsIndex() {
		image, err := described.Image()
		if err != nil {
			return nil, err
		}
		one, err := detailed(Platform{}, image, tag)
		if err == nil && !one.valid() {
			err = fmt.Errorf("the image says that it is for %.40q, which is no platform", one)
		}
		return []Platform{one}, err
	}
	index, err := described.ImageIndex()
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var all []Platform
	for _, one := range manifest.Manifests {
		if one.Platform == nil || one.Platform.OS == "unknown" || !one.MediaType.IsImage() || len(all) == maxPlatforms {
			continue // an attestation, another index
		}
		p := Platform{OS: one.Platform.OS, Architecture: one.Platform.Architecture, Variant: one.Platform.Variant}
		if !p.valid() {
			continue
		}
		if len(all) < maxDetails && slices.Contains([]string{"linux", "freebsd"}, p.OS) {
			p = known(p, index, one.Digest, tag)
		}
		all = append(all, p)
	}
	return all, nil
}

// known adds what an image of an index says of itself. What cannot be read of
// one platform leaves the others, and what the index says of it.
func known(p Platform, index v1.ImageIndex, digest v1.Hash, tag string) Platform {
	image, err := index.Image(digest)
	if err != nil {
		return p
	}
	if more, err := detailed(p, image, tag); err == nil {
		return more
	}
	return p
}

// valid tells whether a platform is named as images name them (OCI image index,
// platform): it becomes part of a command that the user is to type.
func (p Platform) valid() bool {
	return part.MatchString(p.OS) && part.MatchString(p.Architecture) && (p.Variant == "" || part.MatchString(p.Variant))
}

var part = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$`)

// detailed adds what an image says of itself to what its index says.
func detailed(p Platform, image v1.Image, tag string) (Platform, error) {
	manifest, err := image.Manifest()
	if err != nil {
		return p, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return p, err
	}
	if p.OS == "" {
		p = Platform{OS: config.OS, Architecture: config.Architecture, Variant: config.Variant}
	}
	for _, layer := range manifest.Layers {
		if layer.Size < 0 || layer.Size > maxSize-p.Size {
			return p, fmt.Errorf("the image says that a layer has %d bytes", layer.Size)
		}
		p.Size += layer.Size
	}
	if p.OS == "linux" {
		p.Libc = libc(tag, config.History)
	}
	return p, nil
}

// libc is a guess by the tag, as of busybox, and by what an image was made with.
func libc(tag string, history []v1.History) string {
	for _, known := range []string{"uclibc", "glibc", "musl"} {
		if strings.Contains(tag, known) {
			return known
		}
	}
	made := [][2]string{
		{"alpine-minirootfs", "musl"}, {"apk add", "musl"}, {"debian.sh", "glibc"}, {"debuerreotype", "glibc"},
		{"apt-get", "glibc"}, {"dnf install", "glibc"}, {"yum install", "glibc"},
	}
	for _, h := range history {
		for _, known := range made {
			if strings.Contains(h.CreatedBy, known[0]) || strings.Contains(h.Comment, known[0]) {
				return known[1]
			}
		}
	}
	return ""
}
