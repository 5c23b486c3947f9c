// Package disk makes the disk image of a box out of a raw one: it puts a
// small seed into the partition that is meant for it, grows the partition
// table to the size that the machine is to have, and writes the result as
// qcow2, VHD or VMDK in one pass over a stream. It knows nothing of Vagrant or
// of what a seed says, runs no programs and never holds an image in memory. The
// formats are those of QEMU's docs/interop/qcow2.txt, Microsoft's "Virtual Hard
// Disk Image Format Specification" and VMware's "Virtual Disk Format 1.1".
package disk

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Sector is the only sector size that FreeBSD's images come in.
const Sector = 512

// Head is how much of the beginning of an image has to be seen to plan.
const Head = 1 << 20

// Patch is what stands at an offset instead of what the image has there.
type Patch struct {
	Offset int64
	Data   []byte
}

// Layout is a raw image as it is to become.
type Layout struct {
	// Size of the disk; what lies behind the image reads as zeros.
	Size int64
	// Source is the size that the image says that it has.
	Source  int64
	Patches []Patch
	// Seed is where the seed lies.
	Seed int64
	id   [16]byte // of the disk
}

// TruncatedError says that an image ended before its own end.
type TruncatedError struct{ Got, Want int64 }

func (e *TruncatedError) Error() string {
	return fmt.Sprintf("the disk image ends after %d of %d bytes", e.Got, e.Want)
}

// blocks gives f, in order, each block of the finished image that holds
// anything but zeros. The last one may be short. f must not keep the slice.
func (l Layout) blocks(src io.Reader, size int, f func(index int64, block []byte) error) error {
	patches := slices.SortedFunc(slices.Values(l.Patches), func(a, b Patch) int { return cmp.Compare(a.Offset, b.Offset) })
	buf, zeros := make([]byte, size), make([]byte, size)
	read := int64(0)
	for index := int64(0); index*int64(size) < l.Size; index++ {
		start := index * int64(size)
		block := buf[:min(int64(size), l.Size-start)]
		n, err := io.ReadFull(src, block)
		read += int64(n)
		ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !ended {
			return fmt.Errorf("read the disk image: %w", err)
		}
		if rest := block[min(max(l.Source-start, 0), int64(n)):n]; !bytes.Equal(rest, zeros[:len(rest)]) {
			return fmt.Errorf("the disk image is larger than the %d bytes that its partition table names", l.Source)
		}
		clear(block[n:])
		if apply(block, start, patches) || !bytes.Equal(block, zeros[:len(block)]) {
			if err := f(index, block); err != nil {
				return err
			}
		}
		if ended {
			if read < l.Source {
				return &TruncatedError{Got: read, Want: l.Source}
			}
			return l.rest(index+1, buf, patches, f)
		}
	}
	if n, _ := io.CopyN(io.Discard, src, 1); n > 0 {
		return fmt.Errorf("the disk image is larger than %d bytes", l.Size)
	}
	return nil
}

// rest visits, behind the end of the image, only what is patched: most of a
// grown disk is nothing, and reading nothing takes time as well.
func (l Layout) rest(from int64, buf []byte, patches []Patch, f func(int64, []byte) error) error {
	size := int64(len(buf))
	for _, p := range patches {
		for index := max(from, p.Offset/size); index*size < p.Offset+int64(len(p.Data)); index++ {
			block := buf[:min(size, l.Size-index*size)]
			clear(block)
			apply(block, index*size, patches)
			if err := f(index, block); err != nil {
				return err
			}
			from = index + 1
		}
	}
	return nil
}

// apply puts what patches say over a block that lies at start.
func apply(block []byte, start int64, patches []Patch) (touched bool) {
	for _, p := range patches {
		end := p.Offset + int64(len(p.Data))
		if end <= start || p.Offset >= start+int64(len(block)) {
			continue
		}
		if p.Offset >= start {
			copy(block[p.Offset-start:], p.Data)
		} else {
			copy(block, p.Data[start-p.Offset:])
		}
		touched = true
	}
	return touched
}
