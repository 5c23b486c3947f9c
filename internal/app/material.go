package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/internal/hostfile"
	"github.com/fbdock/fbdock/internal/lockfile"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/reach"
	"github.com/fbdock/fbdock/internal/state"
	"github.com/fbdock/fbdock/provision"
)

// material is what `up` brings to the guest.
type material struct {
	payload provision.Payload
	image   imageFile
}

// imageFile is the engine's disk image on this host.
type imageFile struct {
	path   string
	size   int64
	sha512 string
	stamp  string // changes with the file
}

// remote is where the stream of the image's disk lies in the guest.
func (i imageFile) remote() string { return provision.ImagePath(i.sha512) }

// prepare makes everything that can be made on the host: the image in the
// cache, keys, payload and Vagrantfile.
func (u *upRun) prepare(ctx context.Context) error {
	if err := u.files.Make(); err != nil {
		return err
	}
	image := u.material.image
	if image.path == "" {
		var err error
		if image, err = u.image(ctx); err != nil {
			return err
		}
	}
	if err := u.box(ctx); err != nil {
		return err
	}
	if err := u.engineBox(ctx, image.sha512); err != nil {
		return err
	}
	payload, err := u.payload(image)
	if err != nil {
		return err
	}
	if _, err := u.State.WriteTree(u.files.Guest(), stateFiles(payload.Files)); err != nil {
		return err
	}
	if _, err := u.Project.applied(u.m.Name); errors.Is(err, fs.ErrNotExist) || !machine.Created(u.State, u.m) {
		// How it is removed again is known before anything is made; what an `up`
		// wrote that made nothing says nothing.
		if err := u.setApplied(u.present(u.m)); err != nil {
			return err
		}
	}
	if _, err := u.writeVagrantfile(); err != nil {
		return err
	}
	vagrantfile, err := u.vagrantDigest(u.m)
	if err != nil {
		return err
	}
	u.material = material{payload: payload, image: image}
	u.wanted = state.Applied{
		Vagrantfile: vagrantfile, Payload: payload.Hash(), Image: image.sha512, ImageStamp: image.stamp,
		Version: u.Version, Time: time.Now().UTC(),
	}
	return nil
}

// box makes the box that a new VM starts from when it is one of fbdock's own;
// its version, which the Vagrantfile names, is known from then on.
func (u *upRun) box(ctx context.Context) error {
	if u.m.OwnComputer() || machine.MadeWith(u.State, u.m.Name) != "" {
		return nil
	}
	if u.m.Box.File != "" {
		return u.phase("box", func() (string, error) { return filepath.Base(u.m.Box.File), verifyBox(ctx, u.m.Box) })
	}
	made, err := u.EnsureBox(ctx, u.m)
	if err == nil && made.Name != "" {
		usePins(&u.Plan, u.Lock)
	}
	return err
}

// image finds the engine's disk image, in the user's own file or in the
// cache, fetching it when it is not there, and knows its digest.
func (u *upRun) image(ctx context.Context) (i imageFile, err error) {
	want := u.engineImage(u.m)
	if err := u.consent(u.Lock, lockfile.Image, want); err != nil {
		return i, err
	}
	if i, err = stamped(u.imagePath(u.m)); err == nil && i.stamp == u.applied.ImageStamp && u.pinned(want, u.applied.Image) {
		i.sha512 = u.applied.Image
		return i, nil
	}
	if err := u.system.Check(ctx, u.phase); err != nil {
		return i, err
	}
	err = u.phase("engine image", func() (string, error) {
		file, digest, err := u.fetched(ctx, want)
		if err != nil {
			return "", err
		}
		if err := u.pin(lockfile.Image, want, digest); err != nil {
			return "", err
		}
		if i, err = stamped(file); err != nil {
			return "", err
		}
		i.sha512 = digest
		if want.Path != "" {
			return filepath.Base(i.path), nil
		}
		return want.Name + ", " + shortDigest(digest), nil
	})
	return i, err
}

// stamped is what one look at the file tells. Digesting it at each `up`
// would be most of the time of one that has nothing to do, and the guest
// checks what it is sent.
func stamped(file string) (imageFile, error) {
	info, err := os.Stat(file)
	if err != nil {
		return imageFile{}, fmt.Errorf("engine image: %w", err)
	}
	return imageFile{
		path: file, size: info.Size(),
		stamp: fmt.Sprintf("%s %d %d", file, info.Size(), info.ModTime().UnixNano()),
	}, nil
}

// imagePath is where the image of m is on this host; "" for one that was
// never fetched: its digest, which names its file, is not known yet.
func (p *Project) imagePath(m plan.Machine) string {
	image := p.engineImage(m)
	if image.Path != "" || image.SHA512 == "" {
		return image.Path
	}
	return p.cache().Path(image.SHA512)
}

func (p *Project) cache() boxes.Cache {
	c := imageCache(p.Options)
	c.OpenOwn = func(ctx context.Context, file string) (*os.File, error) {
		for _, m := range p.Plan.Machines {
			if m.Engine.Image.Path == file {
				return p.openOwn(ctx, m, reach.Image, file)
			}
		}
		return hostfile.OpenWithin(ctx, p.Dir, file)
	}
	return c
}

func (u *upRun) payload(image imageFile) (provision.Payload, error) {
	in, err := u.inputs(image)
	if err != nil {
		return provision.Payload{}, err
	}
	return provision.Render(u.content.machine, in)
}

// inputs are what payload and engine are given beside the plan.
func (u *upRun) inputs(image imageFile) (in provision.Inputs, err error) {
	in = u.content.inputs(u.Options, image.sha512)
	in.Secrets, err = machine.EnsureSecrets(u.files, u.m)
	return in, err
}

func stateFiles(files []provision.File) []state.File {
	out := make([]state.File, len(files))
	for i, f := range files {
		out[i] = state.File{Name: path.Clean(f.Path), Data: f.Data, Mode: f.Mode}
	}
	return out
}
