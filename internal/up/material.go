package up

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/fbdock/fbdock/internal/images"
	"github.com/fbdock/fbdock/internal/jail"
	"github.com/fbdock/fbdock/internal/lockfile"
	"github.com/fbdock/fbdock/internal/machine"
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
func (u *run) prepare(ctx context.Context) error {
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
	if _, err := u.AppliedTo(u.m.Name); errors.Is(err, fs.ErrNotExist) || !machine.Created(u.State, u.m) {
		// How it is removed again is known before anything is made; what an `up`
		// wrote that made nothing says nothing.
		if err := u.SetApplied(u.Present(u.m)); err != nil {
			return err
		}
	}
	if _, err := u.WriteVagrantfile(); err != nil {
		return err
	}
	vagrantfile, err := u.VagrantDigest(u.m)
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
func (u *run) box(ctx context.Context) error {
	if u.m.OwnComputer() || machine.MadeWith(u.State, u.m.Name) != "" {
		return nil
	}
	if u.m.Box.File != "" {
		return u.phase("box", func() (string, error) { return filepath.Base(u.m.Box.File), images.VerifyBox(ctx, u.m.Box) })
	}
	if err := images.CheckBoxOwner(u.Env, u.m.Box); err != nil {
		return err
	}
	made, err := images.EnsureBox(ctx, u.Maker(), u.Lock, u.m)
	if err == nil && made.Name != "" {
		images.UsePins(&u.Plan, u.Lock)
	}
	return err
}

// image finds the engine's disk image, in the user's own file or in the
// cache, fetching it when it is not there, and knows its digest.
func (u *run) image(ctx context.Context) (i imageFile, err error) {
	want, err := images.Consent(ctx, u.Env, u.Cache(), u.Lock, lockfile.Image, u.EngineImage(u.m))
	if err != nil {
		return i, err
	}
	if i, err = stamped(u.ImagePath(u.m)); err == nil && i.stamp == u.applied.ImageStamp && images.Pinned(u.Lock, want, u.applied.Image) {
		i.sha512 = u.applied.Image
		return i, nil
	}
	if err := u.system.Check(ctx, u.phase); err != nil {
		return i, err
	}
	err = u.phase("engine image", func() (string, error) {
		file, digest, err := images.Fetched(ctx, u.Env, u.Cache(), u.Lock, want)
		if err != nil {
			return "", err
		}
		if err := images.AddPin(u.Lock, lockfile.Image, want, digest); err != nil {
			return "", err
		}
		if i, err = stamped(file); err != nil {
			return "", err
		}
		i.sha512 = digest
		if want.Path != "" {
			return filepath.Base(i.path), nil
		}
		return want.Name + ", " + images.ShortDigest(digest), nil
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

func (u *run) payload(image imageFile) (provision.Payload, error) {
	in, err := u.inputs(image)
	if err != nil {
		return provision.Payload{}, err
	}
	return provision.Render(u.content.Machine, in)
}

// inputs are what payload and engine are given beside the plan.
func (u *run) inputs(image imageFile) (in provision.Inputs, err error) {
	in = u.content.Inputs(u.Options, image.sha512)
	in.JailPins = jail.Pins(u.Lock)
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
