package images

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/boxes/cloudbox"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/lockfile"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/progress"
	"github.com/fbdock/fbdock/internal/vagrant"
)

// maxDownloads is how many files come at the same time. The servers of FreeBSD
// and of Alpine are others, and a line for each has to fit a terminal.
const maxDownloads = 4

// Download is a file that machines are made of.
type Download struct {
	Kind  lockfile.Kind
	Image boxes.Image
	// Publisher is the address that its pin names.
	publisher string
}

// EngineDownload is the engine image of a machine; false for one that is not
// fetched.
func EngineDownload(img boxes.Image) (Download, bool) {
	if img.Path != "" || len(img.URLs) == 0 {
		return Download{}, false
	}
	return Download{lockfile.Image, img, img.URLs[0]}, true
}

// BoxDownload is the cloud image that the box of a machine is made of; false where
// fbdock makes no box, or Vagrant has the one of the pinned image.
func BoxDownload(maker Maker, lock *lockfile.File, m plan.Machine) (Download, bool, error) {
	if !m.Box.Own {
		return Download{}, false, nil
	}
	r, err := newBoxRun(maker, lock, ownBoxOf(m))
	if err != nil {
		return Download{}, false, err
	}
	img := r.published()
	if pin, ok := lock.Find(r.kind, img.Name, img.Architecture); ok {
		r.source = r.source.At(pin.URL)
		img = r.published().Pinned(pin.URL, pin.SHA512)
	} else if r.source.Snapshot() {
		return Download{}, false, nil // which file it is, is looked up when the box is made
	}
	box := cloudbox.Box{Source: r.source, SHA512: img.SHA512, Format: r.formats[0], Size: cloudbox.DefaultSize}
	if img.SHA512 != "" && vagrantHas(maker.Env, vagrantBox(box)) {
		return Download{}, false, nil
	}
	return Download{r.kind, img, r.publisher(img)}, true, nil
}

// vagrantHas looks for a box where Vagrant keeps it (box_collection.rb); Vagrant
// itself, which takes a second to start, is asked before the box is made.
func vagrantHas(env host.Env, box vagrant.Box) bool {
	home, err := vagrant.Home(env.Lookup)
	if err != nil {
		return false
	}
	_, err = os.Stat(filepath.Join(home, "boxes", strings.ReplaceAll(box.Name, "/", "-VAGRANTSLASH-"), box.Version))
	return err == nil
}

// Missing are those of files that the cache does not have, each once.
func Missing(cache boxes.Cache, files []Download) (missing []Download) {
	for _, f := range files {
		has := f.Image.SHA512 != "" && host.Exists(cache.Path(f.Image.SHA512))
		if !has && !slices.ContainsFunc(missing, func(o Download) bool {
			return o.Kind == f.Kind && o.Image.Name == f.Image.Name && o.Image.Architecture == f.Image.Architecture
		}) {
			missing = append(missing, f)
		}
	}
	return missing
}

// Ahead fetches files at the same time, after the user's yes to each that needs
// one, and pins them. Each is tried to its end, whatever becomes of the others;
// when ctx ends, all end, and what has come is gone on with by the next run.
func Ahead(ctx context.Context, env host.Env, cache boxes.Cache, lock *lockfile.File, files []Download) error {
	for i := range files {
		var err error
		if files[i].Image, err = Consent(ctx, env, cache, lock, files[i].Kind, files[i].Image); err != nil {
			return err
		}
	}
	var (
		wait  sync.WaitGroup
		mu    sync.Mutex // of the lock file
		slots = make(chan struct{}, maxDownloads)
		errs  = make([]error, len(files))
	)
	for i, f := range files {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			moved, end := progress.Beside(env.Progress, f.Image.Name)
			digest, err := fetched(ctx, cache, f.Image, moved)
			if err == nil {
				mu.Lock()
				err = lock.Add(lockfile.Pin{Kind: f.Kind, Name: f.Image.Name, Architecture: f.Image.Architecture, URL: f.publisher, SHA512: digest})
				mu.Unlock()
			}
			if err != nil {
				end("fail", "")
				errs[i] = downloadFailed(lock, f, err)
				return
			}
			end("ok", ShortDigest(digest))
		})
	}
	wait.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return errors.Join(errs...)
}

func fetched(ctx context.Context, cache boxes.Cache, img boxes.Image, moved boxes.Progress) (digest string, err error) {
	f, err := cache.Fetch(ctx, img, moved)
	if err != nil {
		return "", err
	}
	return f.SHA512, f.Close()
}

// downloadFailed says what to do about a file that did not come.
func downloadFailed(lock *lockfile.File, f Download, err error) error {
	err = Mismatch(lock, f.Kind, f.Image, err)
	if _, failed := errors.AsType[*boxes.DownloadError](err); failed && f.Kind == lockfile.CloudImage {
		return &failure.Error{Err: err, Next: unreachable}
	}
	return err
}
