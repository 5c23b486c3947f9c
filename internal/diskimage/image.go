// Package diskimage reads the disk that an image file holds, qcow2 or raw, and
// writes it as one stream of zstd. An image file may come from anybody: what it
// says of itself is bounded and checked, and nothing that it names is opened. It
// holds no image in memory, opens no files and knows no guest.
package diskimage

import (
	"errors"
	"fmt"
	"io"
)

const (
	// Block is what the stream is padded to: dd(1) on FreeBSD writes a disk in
	// blocks of this size, and a disk takes no part of a sector.
	Block = 1 << 20
	// MaxDisk bounds the disk that an image may describe: a file of a few bytes
	// may claim any size.
	MaxDisk = 64 << 30
)

// RefusedError says why an image file is not read.
type RefusedError struct {
	Reason string
	Next   string
}

func (e *RefusedError) Error() string { return e.Reason }

// Hint is the next step for the user.
func (e *RefusedError) Hint() string { return e.Next }

// flatten makes a file that is read out of one that is not.
const flatten = "make one file of it: qemu-img convert -O qcow2 FILE flat.qcow2"

// Image is the disk in an image file.
type Image struct {
	// Format is "qcow2" or "raw".
	Format string
	// Size is that of the disk, in bytes.
	Size  int64
	file  io.ReaderAt
	qcow2 *qcow2
}

// Open finds out what a file of the given size is. A file that is no qcow2 is
// the raw disk.
func Open(file io.ReaderAt, size int64) (*Image, error) {
	magic := make([]byte, len(qcow2Magic))
	if n, err := file.ReadAt(magic, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the disk image: %w", err)
	} else if string(magic[:n]) == qcow2Magic {
		q, err := openQCOW2(file, size)
		if err != nil {
			return nil, err
		}
		return &Image{Format: "qcow2", Size: q.size, file: file, qcow2: q}, nil
	}
	if size == 0 || size > MaxDisk {
		return nil, &RefusedError{Reason: fmt.Sprintf("the raw disk image has %d bytes, and 1 to %d are possible", size, int64(MaxDisk)), Next: flatten}
	}
	return &Image{Format: "raw", Size: size, file: file}, nil
}

// Padded is the length of the disk in the stream: whole blocks.
func (i *Image) Padded() int64 { return (i.Size + Block - 1) / Block * Block }

// WriteTo writes the disk from its first byte to its last. What the file does
// not hold is zeros.
func (i *Image) WriteTo(w io.Writer) (int64, error) {
	if i.qcow2 != nil {
		return i.qcow2.writeTo(w)
	}
	n, err := io.Copy(w, io.NewSectionReader(i.file, 0, i.Size))
	if err == nil && n < i.Size {
		err = fmt.Errorf("the disk image ends after %d of %d bytes", n, i.Size)
	}
	return n, err
}
