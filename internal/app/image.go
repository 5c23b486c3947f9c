package app

import (
	"cmp"
	"context"
	"slices"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/internal/images"
	"github.com/fbdock/fbdock/internal/lockfile"
	"github.com/fbdock/fbdock/internal/progress"
	"github.com/fbdock/fbdock/internal/project"
)

// PulledImage is an image that the project's machines use.
type PulledImage struct {
	Name         string `json:"name"`
	Architecture string `json:"architecture"`
	File         string `json:"file"`
	SHA512       string `json:"sha512"`
}

// ImagePull fetches the engine images of the project and pins them. With
// upgrade the catalogue's pick takes the place of what was pinned.
func ImagePull(ctx context.Context, p *project.Project, upgrade bool) ([]PulledImage, error) {
	if err := project.AgreeToMirrors(ctx, p); err != nil {
		return nil, err
	}
	var pulled []PulledImage
	for _, img := range engineImages(p) {
		if upgrade && img.Path == "" {
			fresh, err := p.Catalogue.Image(img.Name, img.Architecture)
			if err != nil {
				return pulled, err
			}
			img = fresh.Near(img.Mirror)
		}
		file, digest, err := fetch(ctx, p, img, upgrade)
		if err != nil {
			return pulled, err
		}
		pulled = append(pulled, PulledImage{Name: img.Name, Architecture: img.Architecture, File: file, SHA512: digest})
	}
	return pulled, nil
}

// fetch brings one image into the cache and into the lock file.
func fetch(ctx context.Context, p *project.Project, img boxes.Image, replace bool) (file, digest string, err error) {
	if img, err = images.Consent(ctx, p.Env, p.Cache(), p.Lock, lockfile.Image, img); err != nil {
		return "", "", err
	}
	err = progress.Run(p.Progress, img.Name, func() (string, error) {
		if file, digest, err = images.Fetched(ctx, p.Env, p.Cache(), p.Lock, img); err != nil {
			return "", err
		}
		if replace && img.Path == "" {
			return images.ShortDigest(digest), p.Lock.Replace(images.PinOf(lockfile.Image, img, digest))
		}
		return images.ShortDigest(digest), images.AddPin(p.Lock, lockfile.Image, img, digest)
	})
	if err != nil {
		return "", "", err
	}
	return file, digest, nil
}

// engineImages are the different engine images of the project.
func engineImages(p *project.Project) []boxes.Image {
	var images []boxes.Image
	for _, m := range p.Plan.Machines {
		img := m.Engine.Image
		if !slices.ContainsFunc(images, func(o boxes.Image) bool {
			return o.Name == img.Name && o.Architecture == img.Architecture && o.Path == img.Path
		}) {
			images = append(images, img)
		}
	}
	return images
}

// CachedImage is a file of the image cache.
type CachedImage struct {
	File    string `json:"file"` // in the cache's folder
	Size    int64  `json:"size"`
	SHA512  string `json:"sha512"`
	Partial bool   `json:"partial"`
	// Name, Architecture and URL say what it was fetched as.
	Name         string `json:"name,omitempty"`
	Architecture string `json:"architecture,omitempty"`
	URL          string `json:"url,omitempty"`
	// Pin is the name under which this project's lock file has it.
	Pin  string `json:"pin,omitempty"`
	Used bool   `json:"used"` // by this project

	cached boxes.Cached
}

// Images lists the image cache; lock is nil outside a project.
func Images(o project.Options, lock *lockfile.File, used []boxes.Image) ([]CachedImage, error) {
	files, err := images.Cache(o.Env).List()
	if err != nil {
		return nil, err
	}
	list := make([]CachedImage, 0, len(files))
	for _, f := range files {
		c := CachedImage{
			File: f.File, Size: f.Size, SHA512: f.SHA512, Partial: f.Partial,
			Name: f.Name, Architecture: f.Architecture, URL: f.URL, cached: f,
		}
		digest := f.SHA512 + f.Wanted // one of them is empty
		if lock != nil {
			for _, pin := range lock.Pins() {
				if pin.SHA512 == digest {
					c.Pin, c.Used = pin.Name, true
				}
			}
		}
		for _, img := range used {
			c.Used = c.Used || digest != "" && img.SHA512 == digest
		}
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b CachedImage) int { return cmp.Compare(a.File, b.File) })
	return list, nil
}

// ImagesOf lists the image cache from the project's point of view.
func ImagesOf(p *project.Project) ([]CachedImage, error) {
	return Images(p.Options, p.Lock, engineImages(p))
}

// ImagePrune removes files from the image cache.
func ImagePrune(ctx context.Context, o project.Options, files []CachedImage) error {
	for _, f := range files {
		if err := images.Cache(o.Env).Remove(ctx, f.cached); err != nil {
			return err
		}
	}
	return nil
}
