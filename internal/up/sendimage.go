package up

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/fbdock/fbdock/internal/diskimage"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/images"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/lockfile"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/progress"
	"github.com/fbdock/fbdock/provision/contract"
)

// sendImage brings the disk in the engine's image into the guest, where a step
// checks it once more before it is used. A guest that was prepared before says
// itself whether it has it; a fresh one is asked for the file.
func (u *run) sendImage(ctx context.Context) error {
	image := u.material.image
	has := fmt.Sprintf(`helper=%[3]s
if [ -x "$helper" ] && [ "$("$helper" %[1]s)" = have ]; then exit 0; fi
[ ! -x "$helper" ] && [ -e %[2]s ] && [ -e %[2]s.sum ]`, image.sha512, image.remote(), contract.Helper("fbdock-image"))
	if _, err := u.guest.Load().Sudo(ctx, has); err == nil {
		return nil
	}
	want := u.EngineImage(u.m)
	want.SHA512 = image.sha512
	return u.phase("engine image", func() (string, error) {
		// What is read is what is hashed here, not what was there before.
		f, err := u.Cache().Fetch(ctx, want, u.Progress.Bytes)
		if err != nil {
			return "", images.Mismatch(u.Lock, lockfile.Image, want, err)
		}
		defer f.Close() // only read
		info, err := f.Stat()
		if err != nil {
			return "", fmt.Errorf("engine image: %w", err)
		}
		disk, err := diskimage.Open(f, info.Size())
		if err == nil {
			err = u.sendDisk(ctx, disk, image.remote())
		}
		if refused, ok := errors.AsType[*diskimage.RefusedError](err); ok {
			err = &failure.Error{Err: fmt.Errorf("engine image %s: %w", f.Path, err), Next: strings.ReplaceAll(refused.Hint(), "FILE", f.Path)}
		}
		return u.m.Engine.Image.Name, err
	})
}

const (
	// sendTries bounds how often a stream is gone on with.
	sendTries = 20
	// grown is the status of a file that is not as long as it was: what an
	// earlier connection had on its way arrived meanwhile (EX_TEMPFAIL).
	grown = 75
)

// sendDisk sends a disk as a stream of zstd to a file of the guest. After a
// connection that was lost it sends what is missing.
func (u *run) sendDisk(ctx context.Context, disk *diskimage.Image, to string) error {
	for try := 1; ; try++ {
		g := u.guest.Load()
		again, err := u.sendOver(ctx, g, disk, to)
		switch {
		case err == nil && !again:
			return nil
		case ctx.Err() != nil || try == sendTries || err != nil && g.Err() == nil:
			return cmp.Or(err, errors.New("send the engine image: its file in the guest changes meanwhile"))
		case err != nil:
			if err := u.reconnect(ctx, g, err); err != nil {
				return err
			}
		}
	}
}

// arrived is how much of a file is in the guest, and its digest.
func arrived(ctx context.Context, g *machine.Guest, file string) (size int64, digest string, err error) {
	out, err := g.Sudo(ctx, fmt.Sprintf("[ ! -e %[1]s ] || { wc -c <%[1]s; sha256sum <%[1]s; }", file))
	if err != nil {
		return 0, "", err
	}
	words := strings.Fields(out)
	if len(words) < 2 {
		return 0, "", nil
	}
	if size, err = strconv.ParseInt(words[0], 10, 64); err != nil || size < 0 {
		return 0, "", fmt.Errorf("the guest says that %s has %q bytes", file, words[0])
	}
	return size, words[1], nil
}

// sendOver sends over one connection what follows the bytes that the guest has,
// or all where it has something else; and then, in another file, the digest of
// the stream and the size of the disk. again says that it is to be asked anew
// what it has.
func (u *run) sendOver(ctx context.Context, g *machine.Guest, disk *diskimage.Image, to string) (again bool, err error) {
	at, digest, err := arrived(ctx, g, to+".part")
	if err != nil {
		return false, err
	}
	stream, at, err := streamFrom(u.Progress, disk, at, digest)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	script := fmt.Sprintf("umask 077; mkdir -p %s && cat >%s.part", path.Dir(to), to)
	if at > 0 {
		u.Progress.Note(fmt.Sprintf("the guest has the first %d bytes of the engine image; the rest is sent", at))
		script = fmt.Sprintf("[ \"$(wc -c <%[1]s.part | tr -d ' ')\" = %[2]d ] || exit %[3]d; cat >>%[1]s.part", to, at, grown)
	}
	out, err := g.Upload(ctx, stream, link.Command{Args: g.AsRoot("sh", "-c", script)}, nil)
	switch {
	case stream.Err() != nil:
		return false, stream.Err()
	case err != nil:
		return false, err
	case out.Status != 0:
		if out.Status == grown {
			return true, nil
		}
		return false, fmt.Errorf("send the engine image: status %d: %s", out.Status, out.Reason())
	}
	_, err = g.Sudo(ctx, fmt.Sprintf("umask 077; [ \"$(wc -c <%[1]s.part | tr -d ' ')\" = %[2]d ] && echo %[3]s %[4]d >%[1]s.sum && mv -f %[1]s.part %[1]s",
		to, stream.Len(), stream.SHA256(), disk.Padded()))
	return false, err
}

// streamFrom is the stream of a disk behind its first at bytes, or, where those
// have another digest, from its begin.
func streamFrom(p progress.Reporter, disk *diskimage.Image, at int64, digest string) (*diskimage.Stream, int64, error) {
	told := func(done int64) { p.Bytes(done, disk.Padded()) }
	stream := disk.Stream(told)
	if at == 0 {
		return stream, 0, nil
	}
	same, err := stream.Skip(at, digest)
	if err == nil && same {
		return stream, at, nil
	}
	if err = errors.Join(err, stream.Close()); err != nil {
		return nil, 0, err
	}
	return disk.Stream(told), 0, nil
}
