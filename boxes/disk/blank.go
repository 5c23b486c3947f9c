package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// qcow2Header is as much of the header as version 2 has, in bytes.
const qcow2Header = 72

// roomToGrow is what the first table of a blank disk can reach at least, in
// bytes: 4 TiB, for one cluster. Up to there it grows by its header alone.
const roomToGrow = cluster / 8 * perTable * cluster

// BlankQCOW2 is a blank disk of size bytes, rounded up to whole sectors, in the
// form that QEMU reads.
func BlankQCOW2(size int64) []byte {
	size = sectors(size) * Sector
	reach := max(size, roomToGrow)
	entries := (reach + cluster*perTable - 1) / (cluster * perTable)
	tables := (8*entries + cluster - 1) / cluster
	const refs, counts, l1 = 1, 2, 3 // the clusters
	out := make([]byte, (l1+tables)*cluster)
	be := binary.BigEndian
	copy(out, "QFI\xfb")
	be.PutUint32(out[4:], 2)
	be.PutUint32(out[20:], clusterBits)
	be.PutUint64(out[24:], uint64(size))
	be.PutUint32(out[36:], uint32(entries))
	be.PutUint64(out[40:], l1*cluster)
	be.PutUint64(out[48:], refs*cluster)
	be.PutUint32(out[56:], 1)
	be.PutUint64(out[refs*cluster:], counts*cluster)
	for i := range l1 + tables {
		be.PutUint16(out[counts*cluster+2*i:], 1)
	}
	return out
}

// What a qcow2 file cannot be, to be grown.
var (
	errNotQCOW2 = errors.New("it is not a qcow2 disk")
	errShared   = errors.New("it has snapshots, or a file that it is the difference to")
	errNoRoom   = errors.New("its first table does not reach so far")
)

// SizeQCOW2 is the size of the disk in a qcow2 file, in bytes.
func SizeQCOW2(f io.ReaderAt) (int64, error) {
	h, err := headerOf(f)
	if err != nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint64(h[24:])), nil
}

func headerOf(f io.ReaderAt) ([]byte, error) {
	h := make([]byte, qcow2Header)
	switch n, err := f.ReadAt(h, 0); {
	case n == len(h): // io.ReaderAt may say io.EOF with it
	case errors.Is(err, io.EOF):
		return nil, errNotQCOW2
	default:
		return nil, fmt.Errorf("read qcow2: %w", err)
	}
	version, size := binary.BigEndian.Uint32(h[4:]), binary.BigEndian.Uint64(h[24:])
	if string(h[:4]) != "QFI\xfb" || version != 2 && version != 3 || size > math.MaxInt64 {
		return nil, errNotQCOW2
	}
	return h, nil
}

// GrowQCOW2 has the disk in a file that BlankQCOW2 made be of size bytes, rounded up
// to whole sectors, where it is smaller than size: eight bytes of the header are
// written, so that it is either as before or grown. The disk must not be in use.
func GrowQCOW2(f interface {
	io.ReaderAt
	io.WriterAt
}, size int64,
) error {
	h, err := headerOf(f)
	if err != nil {
		return err
	}
	be := binary.BigEndian
	const perEntry = cluster * perTable // what an entry of the first table reaches, in bytes
	bits, entries := be.Uint32(h[20:]), int64(be.Uint32(h[36:]))
	switch {
	case int64(be.Uint64(h[24:])) >= size:
		return nil
	case be.Uint64(h[8:]) != 0 || be.Uint32(h[60:]) != 0:
		return errShared
	case bits != clusterBits || entries <= (size-1)/perEntry:
		return errNoRoom
	}
	// In range: all entries that there can be reach 2^61 bytes.
	if _, err := f.WriteAt(be.AppendUint64(nil, uint64(sectors(size)*Sector)), 24); err != nil {
		return fmt.Errorf("write qcow2: %w", err)
	}
	return nil
}
