package boxes

import (
	"net/url"
	"path"
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
	// SHA512 in hexadecimal; "" takes the digest that the publisher lists.
	SHA512 string `json:"sha512,omitempty"`
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
			SHA512: file.SHA512, EndOfSupport: string(r.EndOfSupport), Signer: c.Signer,
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
	i.SHA512, i.URLs, i.Signer = digest, []string{address}, nil
	if rel, ok := i.below(address); ok {
		i.URLs = nil
		for _, mirror := range i.Mirrors {
			i.URLs = append(i.URLs, strings.TrimSuffix(mirror, "/")+"/"+rel)
		}
	}
	return i
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
