package boxes

import (
	"net/url"
	"path"
	"slices"
	"strings"
)

// Image is a disk image: the engine's, or FreeBSD's cloud image.
type Image struct {
	Name         string `json:"name"`
	Architecture string `json:"architecture"` // amd64 or arm64
	// EndOfSupport is the Day from which the branch gets no more fixes.
	EndOfSupport string `json:"end_of_support,omitempty"`
	// Path is a file of the user's own; the rest is empty then.
	Path string `json:"path,omitempty"`
	// URLs of the same file.
	URLs []string `json:"urls,omitempty"`
	// Mirrors are the publisher's folders, as the catalogue lists them. What
	// lies below them is the publisher's word; any other address only has a
	// file, whose digest must be known beforehand.
	Mirrors []string `json:"-"`
	// Checksums is the address of the publisher's list of digests; "" is the
	// file with ".sha512" behind the first of URLs.
	Checksums string `json:"-"`
	// Nearby are addresses of the same file that are tried before URLs. Nothing
	// but the file is taken from them: neither a digest nor anybody's word.
	Nearby []string `json:"-"`
	// SHA512 in hexadecimal; "" takes the digest that the publisher lists.
	SHA512 string `json:"sha512,omitempty"`
	// Vouched tells that SHA512 is the publisher's word, so that a file with it
	// is the publisher's wherever it came from.
	Vouched bool `json:"-"`
	// Mirror is the one that Nearby is of, "" for none.
	Mirror string `json:"-"`
	// Signer has signed the file; nil where nobody has, or the digest is pinned.
	Signer *Signer `json:"-"`
}

// Image resolves the name of an engine image. Only images with UEFI and
// cloud-init are named: bhyve boots by UEFI, and tiny-cloud leaves out parts
// of a seed. Since 3.24.2 one image boots both by BIOS and by UEFI, and its
// name says neither.
func (c Catalogue) Image(name, architecture string) (Image, error) {
	var names []string
	for _, r := range c.Images {
		names = append(names, r.Name)
		file, ok := r.Files[architecture]
		if r.Name != name || !ok {
			continue
		}
		img := Image{
			Name: name, Architecture: architecture, Mirrors: c.Mirrors,
			SHA512: file.SHA512, Vouched: file.SHA512 != "", EndOfSupport: string(r.EndOfSupport), Signer: c.Signer,
		}
		for _, mirror := range c.Mirrors {
			img.URLs = append(img.URLs, mirror+"/"+file.Path)
		}
		return img, nil
	}
	return Image{}, &NotFoundError{Kind: "engine image", Name: name, Architecture: architecture, Known: names, Similar: similar(name, names)}
}

// Pinned is the image by the digest and the address of a pin. The
// publisher's other mirrors stay where the address is one of the publisher's;
// the digest decides what is taken from them.
func (i Image) Pinned(address, digest string) Image {
	at := i.Mirror
	i.Vouched = i.Vouched && i.SHA512 == digest
	i.SHA512, i.URLs, i.Signer, i.Nearby = digest, []string{address}, nil, nil
	if rel, ok := i.below(address); ok {
		i.URLs = nil
		for _, mirror := range i.Mirrors {
			i.URLs = append(i.URLs, strings.TrimSuffix(mirror, "/")+"/"+rel)
		}
	}
	return i.Near(at)
}

// Near is the image as a mirror has it too, which has the publisher's files
// under the same names; "" is none. An image that is not the publisher's is on
// no mirror.
func (i Image) Near(mirror string) Image {
	i.Mirror, i.Nearby = mirror, nil
	if mirror == "" || i.Path != "" || len(i.URLs) == 0 {
		return i
	}
	if rel, ok := i.below(i.URLs[0]); ok {
		i.Nearby = []string{strings.TrimSuffix(mirror, "/") + "/" + rel}
	}
	return i
}

// addresses are all that the file is tried at.
func (i Image) addresses() []string { return slices.Concat(i.Nearby, i.URLs) }

// origin is what the cache writes down of a file from an address: it is the
// publisher's where a digest of the publisher's has decided.
func (i Image) origin(address string) string {
	if i.Vouched && slices.Contains(i.Nearby, address) {
		return i.URLs[0]
	}
	return address
}

// Published tells whether an address is the publisher's: over HTTPS and below
// one of the mirrors. An address that is spelt unusually is not, whatever a
// server would make of it.
func (i Image) Published(address string) bool {
	_, ok := i.below(address)
	return ok
}

// below is the part of an address behind the mirror.
func (i Image) below(address string) (rel string, ok bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.User != nil || strings.ContainsAny(address, "?#%\\") || path.Clean(u.Path) != u.Path {
		return "", false
	}
	for _, mirror := range i.Mirrors {
		m, err := url.Parse(mirror)
		if err != nil || m.Scheme != "https" || !strings.EqualFold(m.Host, u.Host) {
			continue
		}
		if rel, ok := strings.CutPrefix(u.Path, strings.TrimSuffix(m.Path, "/")+"/"); ok && rel != "" {
			return rel, true
		}
	}
	return "", false
}

// host tells whether a host is that of one of the mirrors.
func (i Image) host(name string) bool {
	for _, mirror := range i.Mirrors {
		if m, err := url.Parse(mirror); err == nil && strings.EqualFold(m.Host, name) {
			return true
		}
	}
	return false
}

// list is the address of the digests, and the name of the file in it.
func (i Image) list() (address, file string) {
	file = path.Base(i.URLs[0])
	if i.Checksums != "" {
		return i.Checksums, file
	}
	return i.URLs[0] + ".sha512", file
}
