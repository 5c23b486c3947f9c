package boxes

import "fmt"

// Image is the disk image of an engine.
type Image struct {
	Name         string
	Architecture string // amd64 or arm64
	// Path is a file of the user's own; the rest is empty then.
	Path string
	// URLs of the same file. Beside the first lies its digest, .sha512.
	URLs []string
	// SHA512 in hexadecimal; "" takes the digest published beside it.
	SHA512 string
}

// Image resolves the name of an engine image. Only generic images with UEFI
// and cloud-init are named: bhyve boots by UEFI, and tiny-cloud leaves out
// parts of a seed.
func (c Catalogue) Image(name, architecture string) (Image, error) {
	arch := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[architecture]
	var names []string
	for _, r := range c.Images {
		names = append(names, r.Name)
		if r.Name != name || arch == "" {
			continue
		}
		img := Image{Name: name, Architecture: architecture}
		for _, mirror := range c.Mirrors {
			img.URLs = append(img.URLs, mirror+"/"+r.path(arch))
		}
		return img, nil
	}
	return Image{}, &NotFoundError{Kind: "engine image", Name: name, Architecture: architecture, Known: names, Similar: similar(name, names)}
}

func (r Release) path(arch string) string {
	branch := r.Name[len("alpine-"):]
	return fmt.Sprintf("v%s/releases/cloud/generic_alpine-%s-%s-uefi-cloudinit-%s.qcow2", branch, r.Version, arch, r.Build)
}
