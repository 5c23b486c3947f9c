package images

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/boxes/cloudbox"
	"github.com/fbdock/fbdock/internal/atomicfile"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/fingerprint"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/lockfile"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/progress"
	"github.com/fbdock/fbdock/internal/redact"
	"github.com/fbdock/fbdock/internal/state"
	"github.com/fbdock/fbdock/internal/untrusted"
	"github.com/fbdock/fbdock/internal/vagrant"
)

// BoxOptions say which box is made.
type BoxOptions struct {
	Providers    []string // as Vagrant calls them; "all" are those that boxes are made for
	System       string   // cloudbox.FreeBSD or Alpine; "" is FreeBSD
	Release      string   // of the system; "" is 15.1 of FreeBSD, 3.24 of Alpine
	Architecture string   // "" is this computer's
	Filesystem   string   // of FreeBSD: zfs or ufs; "" is zfs
	Flavor       string   // of FreeBSD's image; "" is basic-cloudinit, the one that there can be
	// Mirror takes the place of download.freebsd.org, or of Alpine's mirrors, with
	// the digests that it has: the user has named it.
	Mirror string
	// Nearby is a mirror of download.freebsd.org that a project's file names:
	// nothing but files is taken from it.
	Nearby string
	// Image of Alpine, in place of System and the rest, out of a Cache of its own.
	Image *boxes.Image
	Cache boxes.Cache
	// Client for HTTP; nil follows the proxy settings.
	Client *http.Client
}

// BoxResult is the box that Vagrant has now.
type BoxResult struct {
	Name         string `json:"name"`
	Version      string `json:"version"`
	Format       string `json:"format"` // what Vagrant calls the provider
	Architecture string `json:"architecture"`
	Image        string `json:"image"` // where it was fetched from
	SHA512       string `json:"sha512"`
	Changed      bool   `json:"changed"` // false when Vagrant had it
}

// Maker is who makes boxes.
type Maker struct {
	host.Env
	Architecture string // of this host
	Catalogue    plan.Catalogue
	// FreeBSD is where FreeBSD publishes its files; "" is download.freebsd.org.
	FreeBSD string
}

// BuildBoxes makes Vagrant boxes of an official cloud image, one for
// each kind of box that the providers take, and adds them to Vagrant. lock is
// nil outside a project: then nothing is pinned.
func BuildBoxes(ctx context.Context, m Maker, lock *lockfile.File, b BoxOptions) ([]BoxResult, error) {
	r, err := newBoxRun(m, lock, b)
	if err != nil {
		return nil, err
	}
	return r.run(ctx)
}

// boxRun is the making of boxes of one image.
type boxRun struct {
	Maker
	lock   *lockfile.File
	cache  boxes.Cache
	source cloudbox.Source
	nearby string // BoxOptions.Nearby
	// img is the image of Alpine, kind that of the image's pin.
	img     boxes.Image
	kind    lockfile.Kind
	formats []cloudbox.Format
	v       vagrant.Vagrant
}

// formatsOf are the kinds of boxes that providers take, each once.
func formatsOf(providers []string) (formats []cloudbox.Format, err error) {
	all := false
	known := cloudbox.Providers()
	for _, provider := range providers {
		if provider == "all" {
			all = true
			continue
		}
		format, ok := cloudbox.FormatOf(provider)
		if !ok || !slices.Contains(known, provider) {
			return nil, notMade(known, provider)
		}
		if !slices.Contains(formats, format) {
			formats = append(formats, format)
		}
	}
	if all {
		return cloudbox.Formats(), nil
	}
	return formats, nil
}

func notMade(known []string, provider string) error {
	why := ""
	if provider == "parallels" {
		why = ": the format of its machines has no published specification"
	}
	return &failure.Error{
		Err:  fmt.Errorf("fbdock makes boxes for %s, not for %q%s", strings.Join(known, ", "), provider, why),
		Next: "`fbdock boxes` lists what is published for the others", Code: failure.ExitUsage,
	}
}

func newBoxRun(m Maker, lock *lockfile.File, b BoxOptions) (*boxRun, error) {
	formats, err := formatsOf(b.Providers)
	if err != nil {
		return nil, err
	}
	r := &boxRun{Maker: m, lock: lock, cache: Cache(m.Env), formats: formats, nearby: b.Nearby}
	if b.Image != nil {
		r.cache = b.Cache
	}
	r.cache.Client = b.Client
	if err := r.findSource(b); err != nil {
		return nil, err
	}
	folder := r.folder()
	r.v = vagrant.Vagrant{
		Runner: m.Runner, Dir: folder, Env: m.Environ, Log: redact.NewWriter(vagrant.LogFile{Path: filepath.Join(folder, "vagrant.log")}), Check: r.checkVagrantfile,
		OnEvent: func(e vagrant.Event) {
			if level, text, ok := e.Message(); ok && level != "error" {
				m.Progress.Detail(untrusted.FirstLine(text))
			}
		},
	}
	return r, nil
}

// noVagrantfile says nothing. Without one Vagrant would look for a
// Vagrantfile in the folders above, and run it.
const noVagrantfile = "# fbdock adds boxes to Vagrant here.\n"

func (r *boxRun) checkVagrantfile() error {
	err := state.CheckVagrantfile(r.folder(), fingerprint.Hex([]byte(noVagrantfile)))
	if errors.Is(err, fs.ErrNotExist) {
		if err = atomicfile.WriteFile(filepath.Join(r.folder(), "Vagrantfile"), []byte(noVagrantfile), 0o600); err == nil {
			err = state.CheckVagrantfile(r.folder(), fingerprint.Hex([]byte(noVagrantfile)))
		}
	}
	return err
}

// folder is where boxes are made.
func (r *boxRun) folder() string { return filepath.Join(r.CacheDir, "boxes") }

func (r *boxRun) run(ctx context.Context) (results []BoxResult, err error) {
	// Of two that make the same box at once the second finds it made.
	unlock, err := boxes.LockFolder(ctx, r.folder(), r.source.Name()+"-"+r.source.Architecture, func(since time.Time) {
		busy(r.Env, fmt.Sprintf("making a box of %s for %s", r.source.Name(), r.source.Architecture), since)
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	installed, err := r.installed(ctx)
	if err != nil {
		return nil, err
	}
	img, err := r.image(ctx)
	if err != nil {
		return nil, err
	}
	var missing []cloudbox.Box
	for _, format := range r.formats {
		box := cloudbox.Box{Source: r.source, SHA512: img.SHA512, Format: format, Size: cloudbox.DefaultSize}
		has := slices.Contains(installed, vagrantBox(box))
		if !has {
			missing = append(missing, box)
		}
		results = append(results, BoxResult{
			Name: box.Name(), Version: box.Version(), Format: string(format), Architecture: r.source.Architecture,
			Image: cmp.Or(img.Path, first(img.URLs)), SHA512: img.SHA512, Changed: !has,
		})
	}
	if len(missing) == 0 {
		return results, r.pin(img)
	}
	r.Progress.Say(fmt.Sprintf("%s becomes a Vagrant box for %s, once", r.described(), formatNames(missing)))
	return results, r.make(ctx, missing, img)
}

func vagrantBox(b cloudbox.Box) vagrant.Box {
	return vagrant.Box{Name: b.Name(), Provider: string(b.Format), Version: b.Version()}
}

// installed is what Vagrant has; it is asked before anything is downloaded,
// so that a missing Vagrant costs nothing.
func (r *boxRun) installed(ctx context.Context) (list []vagrant.Box, err error) {
	err = r.phase("boxes", func() (string, error) {
		version, err := r.v.Version(ctx)
		if err != nil {
			return "", err
		}
		if err := vagrant.Check(version, slices.Contains(r.formats, cloudbox.Libvirt)); err != nil {
			return "", err
		}
		list, err = r.v.Boxes(ctx)
		return "Vagrant " + version.String() + " was asked", err
	})
	return list, err
}

// make fetches, converts and adds, each part going on where it was.
func (r *boxRun) make(ctx context.Context, missing []cloudbox.Box, img boxes.Image) error {
	var image *boxes.File
	if err := r.phase("cloud image", func() (text string, err error) {
		if image, err = r.cache.Fetch(ctx, img, r.Progress.Bytes); err != nil {
			return "", r.mismatch(img, err)
		}
		return ShortDigest(image.SHA512), r.pin(img)
	}); err != nil {
		return err
	}
	defer image.Close() // only read
	var files []string
	if err := r.phase("box", func() (text string, err error) {
		files, err = cloudbox.Write(ctx, missing, image.File, r.folder(), r.Progress.Bytes)
		return formatNames(missing), err
	}); err != nil {
		return err
	}
	for i, box := range missing {
		if err := r.phase("vagrant box add", func() (string, error) {
			return fmt.Sprintf("%s %s for %s", box.Name(), box.Version(), box.Format), r.add(ctx, box, files[i])
		}); err != nil {
			return err
		}
	}
	return nil
}

func formatNames(list []cloudbox.Box) string {
	var names []string
	for _, b := range list {
		names = append(names, string(b.Format))
	}
	return strings.Join(names, ", ")
}

// add gives the box to Vagrant, which keeps what is in it; the archive is
// then of no more use.
func (r *boxRun) add(ctx context.Context, box cloudbox.Box, file string) error {
	digest, err := cloudbox.Digest(file)
	if err != nil {
		return fmt.Errorf("read the box: %w", err)
	}
	text, err := box.Catalogue(file, digest)
	if err != nil {
		return err
	}
	catalogue := strings.TrimSuffix(file, ".box") + ".json"
	if err := os.WriteFile(catalogue, text, 0o600); err != nil {
		return fmt.Errorf("describe the box: %w", err)
	}
	if err := r.v.AddBox(ctx, catalogue, vagrantBox(box)); err != nil {
		return &failure.Error{Err: err, Next: fmt.Sprintf("the box is kept as %s; Vagrant's own words are in %s", file, filepath.Join(r.folder(), "vagrant.log"))}
	}
	return errors.Join(os.Remove(file), os.Remove(catalogue))
}

func (r *boxRun) phase(name string, f func() (string, error)) error {
	return progress.Run(r.Progress, name, f)
}
