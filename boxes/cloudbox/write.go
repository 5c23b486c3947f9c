package cloudbox

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/ulikunitz/xz"

	"github.com/fbdock/fbdock/boxes/disk"
	"github.com/fbdock/fbdock/internal/diskimage"
)

// Progress is told how much of the image was read.
type Progress func(done, total int64)

// Write makes boxes in folder from image, a file with the digest that the boxes
// name, .raw.xz of FreeBSD and qcow2 or raw of Alpine, which it reads once, and
// gives their paths. One that is there
// already is left alone: its name tells everything that it is made of. The
// boxes are of one source, and nobody else makes boxes of it at the same time.
func Write(ctx context.Context, boxes []Box, image *os.File, folder string, progress Progress) (paths []string, err error) {
	var missing []Box
	for _, b := range boxes {
		path := filepath.Join(folder, b.File())
		paths = append(paths, path)
		if _, err := os.Stat(path); err != nil {
			missing = append(missing, b)
		}
	}
	if len(missing) == 0 {
		return paths, nil
	}
	source := missing[0].Source
	work, err := workFolder(folder, source)
	if err != nil {
		return nil, fmt.Errorf("make a box: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if err := convert(ctx, missing, image, work, progress); err != nil {
		return nil, fmt.Errorf("make a box of %s: %w", source.File(), err)
	}
	for _, b := range missing {
		whole := filepath.Join(work, "box")
		if err := archive(ctx, b, diskIn(work, b), whole); err != nil {
			return nil, fmt.Errorf("pack the box: %w", err)
		}
		if err := errors.Join(os.Rename(whole, filepath.Join(folder, b.File())), os.Remove(diskIn(work, b))); err != nil {
			return nil, fmt.Errorf("put the box in its place: %w", err)
		}
	}
	return paths, nil
}

// workFolder makes a folder for the files that are not boxes yet, and removes
// those that a process that was killed has left.
func workFolder(folder string, s Source) (string, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	prefix := fmt.Sprintf(".making-%s-%s-", s.Name(), s.Architecture)
	entries, err := os.ReadDir(folder)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(folder, e.Name())))
		}
	}
	if err != nil {
		return "", err
	}
	return os.MkdirTemp(folder, prefix)
}

func diskIn(work string, b Box) string { return filepath.Join(work, string(b.Format)) }

// errElsewhere ends a conversion because another one has failed.
var errElsewhere = errors.New("the conversion for another provider has failed")

// convert reads the compressed raw image in one pass and writes the forms of
// all providers, with the seed inside.
func convert(ctx context.Context, boxes []Box, in *os.File, work string, progress Progress) error {
	info, err := in.Stat()
	if err != nil {
		return err
	}
	source := boxes[0].Source
	raw, err := source.unpack(ctx, in, info.Size(), progress)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	defer func() { _ = raw.Close() }() // only read
	head := make([]byte, disk.Head)
	n, err := io.ReadFull(raw, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("unpack: %w", err)
	}
	head = head[:n]
	fs := &fanout{errs: make([]error, len(boxes))}
	for i, b := range boxes {
		layout, err := disk.Plan(head, disk.Wanted{Size: b.Size, Label: label, Files: source.seed(), Grow: source.System() == Alpine})
		if err != nil {
			fs.end(err)
			return err
		}
		fs.add(i, func(src io.Reader) error { return writeDisk(diskIn(work, b), b.form(), src, layout) })
	}
	return fs.run(&loaders{src: io.MultiReader(bytes.NewReader(head), raw), architecture: source.Architecture})
}

// unpack is the disk in an image file, as a stream.
func (s Source) unpack(ctx context.Context, in *os.File, size int64, progress Progress) (io.ReadCloser, error) {
	if s.System() == Alpine {
		image, err := diskimage.Open(in, size)
		if err != nil {
			return nil, err
		}
		r, w := io.Pipe()
		go func() {
			_, err := image.WriteTo(w)
			_ = w.CloseWithError(err) // it never fails
		}()
		return struct {
			io.Reader
			io.Closer
		}{counted(ctx, r, image.Size, progress), r}, nil
	}
	// Without the buffer the decoder would fetch byte by byte.
	raw, err := xz.NewReader(bufio.NewReaderSize(counted(ctx, in, size, progress), 1<<20))
	return io.NopCloser(raw), err
}

func writeDisk(path string, f form, src io.Reader, l disk.Layout) (err error) {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	return f.write(out, src, l)
}

// counted follows a reader and stops with ctx.
func counted(ctx context.Context, r io.Reader, total int64, progress Progress) io.Reader {
	done := int64(0)
	return readerFunc(func(p []byte) (int, error) {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		n, err := r.Read(p)
		done += int64(n)
		if progress != nil {
			progress(done, total)
		}
		return n, err
	})
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// Digest is the SHA-256 of a file, the strongest that every Vagrant checks.
func Digest(file string) (digest string, err error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
