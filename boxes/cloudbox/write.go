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

	"github.com/ulikunitz/xz"

	"github.com/fbdock/fbdock/boxes/disk"
)

// Progress is told how much of the image was read.
type Progress func(done, total int64)

// Write makes the box in folder from image, a .raw.xz file with the digest
// that the box names, and gives its path. One that is there already is left
// alone: its name tells everything that it is made of.
func Write(ctx context.Context, b Box, image *os.File, folder string, progress Progress) (box string, err error) {
	box = filepath.Join(folder, b.File())
	if _, err := os.Stat(box); err == nil {
		return box, nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", fmt.Errorf("make the folder of boxes: %w", err)
	}
	work, err := os.MkdirTemp(folder, ".making-")
	if err != nil {
		return "", fmt.Errorf("make a box: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	converted := filepath.Join(work, "disk")
	if err := convert(ctx, b, image, converted, progress); err != nil {
		return "", fmt.Errorf("make a box of %s: %w", b.Source.File(), err)
	}
	whole := filepath.Join(work, "box")
	if err := archive(ctx, b, converted, whole); err != nil {
		return "", fmt.Errorf("pack the box: %w", err)
	}
	if err := os.Rename(whole, box); err != nil {
		return "", fmt.Errorf("put the box in its place: %w", err)
	}
	return box, nil
}

// convert reads the compressed raw image and writes the provider's form of
// it with the seed inside, in one pass.
func convert(ctx context.Context, b Box, in *os.File, out string, progress Progress) (err error) {
	info, err := in.Stat()
	if err != nil {
		return err
	}
	// Without the buffer the decoder would fetch byte by byte.
	raw, err := xz.NewReader(bufio.NewReaderSize(counted(ctx, in, info.Size(), progress), 1<<20))
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	head := make([]byte, disk.Head)
	n, err := io.ReadFull(raw, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("unpack: %w", err)
	}
	layout, err := disk.Plan(head[:n], b.Size, label, seed())
	if err != nil {
		return err
	}
	f, err := os.OpenFile(out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	src := io.MultiReader(bytes.NewReader(head[:n]), raw)
	if b.Format == HyperV {
		return disk.VHD(f, src, layout)
	}
	return disk.QCOW2(f, src, layout)
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
