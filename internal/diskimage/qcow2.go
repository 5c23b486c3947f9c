package diskimage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The format is that of QEMU's docs/interop/qcow2.txt, versions 2 and 3.
// Integers are big-endian.
const (
	qcow2Magic = "QFI\xfb"

	headerV2 = 72
	headerV3 = 104

	minClusterBits = 9
	maxClusterBits = 21

	// incompatible features
	featureDirty       = 1 << 0 // reference counts may be wrong, which a reader does not use
	featureCorrupt     = 1 << 1
	featureExternal    = 1 << 2
	featureCompression = 1 << 3
	featureExtendedL2  = 1 << 4

	compressionDeflate = 0
	compressionZstd    = 1

	entryOffset     = 0x00fffffffffffe00
	entryCompressed = 1 << 62
	entryZero       = 1 << 0
)

type qcow2 struct {
	file        io.ReaderAt
	fileSize    int64
	size        int64
	version     uint32
	clusterBits uint
	compression byte
	l1          []uint64
	unpack      unpacker
}

// openQCOW2 reads header and first table. What reaches beyond the file, or
// takes a key to read, is refused.
func openQCOW2(file io.ReaderAt, fileSize int64) (*qcow2, error) {
	h := make([]byte, headerV3+8)
	n, err := file.ReadAt(h, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the disk image: %w", err)
	}
	q := &qcow2{file: file, fileSize: fileSize}
	if n < headerV2 {
		return nil, damaged("its header is cut short")
	}
	be := binary.BigEndian
	q.version, q.clusterBits = be.Uint32(h[4:]), uint(be.Uint32(h[20:]))
	size, l1Entries, l1At := be.Uint64(h[24:]), be.Uint32(h[36:]), be.Uint64(h[40:])
	switch {
	case q.version != 2 && q.version != 3:
		return nil, &RefusedError{Reason: fmt.Sprintf("the qcow2 image has version %d, and 2 and 3 are known", q.version), Next: flatten}
	case be.Uint64(h[8:]) != 0:
		return nil, &RefusedError{Reason: "the qcow2 image has a backing file, which is not read", Next: flatten}
	case be.Uint32(h[32:]) != 0:
		return nil, &RefusedError{Reason: "the qcow2 image is encrypted", Next: "decrypt it: qemu-img convert with --object secret, see qemu-img(1)"}
	case q.clusterBits < minClusterBits || q.clusterBits > maxClusterBits:
		return nil, damaged(fmt.Sprintf("clusters of 2^%d bytes are not possible", q.clusterBits))
	case size == 0 || size > MaxDisk:
		return nil, &RefusedError{Reason: fmt.Sprintf("the disk in the qcow2 image has %d bytes, and 1 to %d are possible", size, int64(MaxDisk)), Next: flatten}
	}
	q.size = int64(size)
	if err := q.features(h[:n]); err != nil {
		return nil, err
	}
	return q, q.readL1(l1At, int64(l1Entries))
}

// features refuses what a version 3 image needs of a reader that this one has
// not.
func (q *qcow2) features(h []byte) error {
	if q.version < 3 {
		return nil
	}
	if len(h) < headerV3 {
		return damaged("its header is cut short")
	}
	be := binary.BigEndian
	switch f := be.Uint64(h[72:]); {
	case f&featureExternal != 0:
		return &RefusedError{Reason: "the qcow2 image has its data in another file, which is not read", Next: flatten}
	case f&featureCorrupt != 0:
		return &RefusedError{Reason: "the qcow2 image is marked as corrupt", Next: "see what `qemu-img check` says, or get the file anew"}
	case f&featureExtendedL2 != 0:
		return &RefusedError{Reason: "the qcow2 image has extended L2 entries, which are not read", Next: flatten}
	case f&^(featureDirty|featureCompression) != 0:
		return &RefusedError{Reason: fmt.Sprintf("the qcow2 image needs features that are not known: %#x", f), Next: flatten}
	}
	if length := be.Uint32(h[100:]); length > headerV3 && len(h) > headerV3 {
		q.compression = h[headerV3]
	}
	if q.compression > compressionZstd {
		return &RefusedError{Reason: fmt.Sprintf("the qcow2 image is compressed by method %d, which is not known", q.compression), Next: flatten}
	}
	return nil
}

func (q *qcow2) cluster() int64 { return 1 << q.clusterBits }

// perTable is how many clusters a second table names.
func (q *qcow2) perTable() int64 { return q.cluster() / 8 }

// readL1 reads the part of the first table that the size of the disk needs.
func (q *qcow2) readL1(at uint64, entries int64) error {
	covered := q.cluster() * q.perTable()
	need := (q.size + covered - 1) / covered
	if entries < need || !q.holds(at, need*8) {
		return damaged("its L1 table does not cover the disk or does not lie in the file")
	}
	table := make([]byte, need*8)
	if _, err := q.file.ReadAt(table, int64(at)); err != nil {
		return fmt.Errorf("read the L1 table: %w", err)
	}
	q.l1 = make([]uint64, need)
	for i := range q.l1 {
		q.l1[i] = binary.BigEndian.Uint64(table[8*i:])
	}
	return nil
}

// holds is true when n bytes at an offset lie in the file.
func (q *qcow2) holds(at uint64, n int64) bool {
	return at <= uint64(q.fileSize) && uint64(n) <= uint64(q.fileSize)-at
}

func damaged(why string) error {
	return &RefusedError{Reason: "the qcow2 image is damaged: " + why, Next: "get the file anew; `qemu-img check` tells more"}
}
