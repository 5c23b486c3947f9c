package refresh

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/fbdock/fbdock/boxes"
)

// alpine looks at every branch of the catalogue.
func (r *run) alpine(ctx context.Context, c *boxes.Catalogue) error {
	ends, stable, err := r.branches(ctx)
	if err != nil {
		return err
	}
	c.Images = slices.Clone(c.Images)
	if !slices.ContainsFunc(c.Images, func(i boxes.Release) bool { return branch(i) == stable }) {
		r.say("alpine-%s is the stable branch, and the catalogue does not have it", stable)
	}
	var errs []error
	for i := range c.Images {
		image := &c.Images[i]
		if end, known := ends[branch(*image)]; known {
			r.end(image.Name, &image.EndOfSupport, end)
		}
		if string(image.EndOfSupport) >= r.today {
			errs = append(errs, r.newest(ctx, c.Mirrors[0], image))
		}
	}
	return errors.Join(errs...)
}

func branch(r boxes.Release) string { return strings.TrimPrefix(r.Name, "alpine-") }

// published is a cloud image as its name tells it.
type published struct {
	name, version, build string
	order                []int // of version and build
}

// newest takes the newest image of a branch that there is for all
// architectures.
func (r *run) newest(ctx context.Context, mirror string, image *boxes.Release) error {
	folder := "v" + branch(*image) + "/releases/cloud/"
	page, err := r.get(ctx, mirror+"/"+folder)
	if err != nil {
		return err
	}
	var both []published
	byName := map[string]map[string]string{} // architecture, version and build: name
	for arch := range image.Files {
		byName[arch] = map[string]string{}
		for _, p := range images(page, branch(*image), arch) {
			byName[arch][p.version+p.build] = p.name
			both = append(both, p)
		}
	}
	slices.SortStableFunc(both, func(a, b published) int { return slices.Compare(b.order, a.order) })
	for _, p := range both {
		if complete(byName, p.version+p.build) {
			if slices.Compare(p.order, orderOf(*image)) < 0 {
				return fmt.Errorf("%s/%s has nothing newer than %s-%s of %s, and the catalogue has %s-%s: the mirror is behind",
					mirror, folder, p.version, p.build, image.Name, image.Version, image.Build)
			}
			return r.take(ctx, mirror, folder, image, p, byName)
		}
	}
	return fmt.Errorf("%s/%s has no image for all architectures of %s", mirror, folder, image.Name)
}

// orderOf is the patch and the build of what the catalogue has.
func orderOf(image boxes.Release) []int {
	patch, _ := strconv.Atoi(image.Version[strings.LastIndex(image.Version, ".")+1:]) // 0 is older than all
	build, _ := strconv.Atoi(strings.TrimPrefix(image.Build, "r"))
	return []int{patch, build}
}

func complete(byName map[string]map[string]string, version string) bool {
	for _, names := range byName {
		if names[version] == "" {
			return false
		}
	}
	return true
}

// images are those with UEFI and cloud-init on a page of a mirror. Before
// 3.24.2 the name said uefi or bios; now one image boots by both.
func images(page, branch, arch string) (all []published) {
	name := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[arch]
	re := regexp.MustCompile(`"((?:generic_)?alpine-(` + regexp.QuoteMeta(branch) + `\.(\d+))-` + name + `(?:-uefi)?-cloudinit-r(\d+)\.qcow2)"`)
	for _, m := range re.FindAllStringSubmatch(page, -1) {
		patch, err1 := strconv.Atoi(m[3])
		build, err2 := strconv.Atoi(m[4])
		if cmp.Or(err1, err2) == nil {
			all = append(all, published{name: m[1], version: m[2], build: "r" + m[4], order: []int{patch, build}})
		}
	}
	return all
}

// take puts an image into the catalogue, with the digests beside its files. A
// file that is there already must have kept its digest.
func (r *run) take(ctx context.Context, mirror, folder string, image *boxes.Release, p published, byName map[string]map[string]string) error {
	files := map[string]boxes.ImageFile{}
	for arch, old := range image.Files {
		path := folder + byName[arch][p.version+p.build]
		address := mirror + "/" + path + ".sha512"
		text, err := r.get(ctx, address)
		if err != nil {
			return err
		}
		digest, _, _ := strings.Cut(strings.TrimSpace(text), " ")
		if !regexp.MustCompile(`^[0-9a-f]{128}$`).MatchString(digest) {
			return fmt.Errorf("%s holds no SHA-512", address)
		}
		switch {
		case path != old.Path:
			r.say("%s on %s: %s, was %s", image.Name, arch, path, old.Path)
		case old.SHA512 != "" && old.SHA512 != digest:
			return fmt.Errorf("%s lists %.16s..., and the catalogue has %.16s... for the same file: find out why", address, digest, old.SHA512)
		}
		files[arch] = boxes.ImageFile{Path: path, SHA512: digest, SHA512Source: address + " on " + r.today}
		if path == old.Path && old.SHA512 != "" {
			files[arch] = old
		}
	}
	image.Version, image.Build, image.Files = p.version, p.build, files
	return nil
}
