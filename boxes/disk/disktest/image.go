// Package disktest makes small disks in the frame of FreeBSD's cloud images,
// for the tests of what reads them. They never boot.
package disktest

import (
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"unicode/utf16"
)

const sector = 512

// Partition of a disk for tests.
type Partition struct {
	Name       string
	Start, End uint64 // sectors, both of it
}

// Raw is a disk of some megabytes in the frame of FreeBSD's images, whose
// table has no more entries than it needs.
func Raw(size int64, parts ...Partition) []byte {
	entries := make([]byte, (len(parts)+3)/4*sector)
	le := binary.LittleEndian
	for i, p := range parts {
		e := entries[i*128:]
		copy(e, "kind of FreeBSD.unique partition"[:32])
		e[16] = byte(i)
		le.PutUint64(e[32:], p.Start)
		le.PutUint64(e[40:], p.End)
		for j, u := range utf16.Encode([]rune(p.Name)) {
			le.PutUint16(e[56+2*j:], u)
		}
	}
	image := make([]byte, size)
	r := rand.New(rand.NewPCG(3, 4))
	for i := 3<<20 + 4096; i < 3<<20+300<<10; i += 8 {
		le.PutUint64(image[i:], r.Uint64())
	}
	last, n := uint64(size/sector-1), uint64(len(entries)/sector)
	copy(image[440:], "\x01\x02\x03\x04")
	copy(image[446:], []byte{0, 0, 2, 0, 0xEE, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0xff, 0xff, 0, 0})
	copy(image[510:], "\x55\xaa")
	for _, side := range [][3]uint64{{1, last, 2}, {last, 1, last - n}} {
		h := image[side[0]*sector:]
		copy(h, "EFI PART\x00\x00\x01\x00\x5c\x00\x00\x00")
		le.PutUint64(h[24:], side[0])
		le.PutUint64(h[32:], side[1])
		le.PutUint64(h[40:], 2+n)
		le.PutUint64(h[48:], last-n-1)
		copy(h[56:], "the disk's unique id"[:16])
		le.PutUint64(h[72:], side[2])
		le.PutUint32(h[80:], uint32(len(entries)/128))
		le.PutUint32(h[84:], 128)
		le.PutUint32(h[88:], crc32.ChecksumIEEE(entries))
		le.PutUint32(h[16:], crc32.ChecksumIEEE(h[:92]))
		copy(image[side[2]*sector:], entries)
	}
	return image
}

// CloudImage is a disk with the partitions of FreeBSD's BASIC-CLOUDINIT
// images.
func CloudImage() []byte {
	return Raw(8<<20,
		Partition{"bootfs", 4, 125}, Partition{"efiesp", 126, 1999}, Partition{"swapfs", 2000, 2047},
		Partition{"config-drive", 2048, 4095}, Partition{"rootfs", 4096, 16000})
}
