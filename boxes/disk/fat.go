package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
)

// File is a file of a seed.
type File struct {
	Name string
	Data []byte
}

const (
	rootEntries = 64
	rootSectors = rootEntries * 32 / Sector
	copies      = 2    // of the FAT
	lastCluster = 4084 // that twelve bits may count
)

// FAT is a FAT12 file system of size bytes with these files in its root.
// cloud-init and FreeBSD's nuageinit find a seed by the label of a file
// system of this or of ISO 9660's kind; this one fits into a partition.
func FAT(label string, files []File, size int64) ([]byte, error) {
	sectors := int(size / Sector)
	perFAT := (sectors*3/2 + 3 + Sector - 1) / Sector
	first := 1 + copies*perFAT + rootSectors // sector of cluster 2
	if sectors-first < 1 || sectors-first > lastCluster {
		return nil, fmt.Errorf("no FAT12 of %d bytes", size)
	}
	if len(label) > 11 {
		return nil, fmt.Errorf("label %q is too long", label)
	}
	fs := make([]byte, sectors*Sector)
	bootSector(fs, label, sectors, perFAT)
	fat := make([]byte, perFAT*Sector)
	setFAT(fat, 0, 0xff8)
	setFAT(fat, 1, 0xfff)
	root := fs[(1+copies*perFAT)*Sector : first*Sector]
	dir := directoryEntry([]byte(pad(label, 11)), 0x08, 0, 0)
	next := 2
	for i, f := range files {
		cluster := 0
		if len(f.Data) > 0 {
			cluster = next
		}
		n := (len(f.Data) + Sector - 1) / Sector
		at := (first + next - 2) * Sector
		if at+n*Sector > len(fs) {
			return nil, errors.New("the seed is larger than its file system")
		}
		copy(fs[at:], f.Data)
		for c := next; c < next+n; c++ {
			setFAT(fat, c, c+1)
		}
		if n > 0 {
			setFAT(fat, next+n-1, 0xfff)
		}
		next += n
		dir = append(dir, named(f, i, cluster)...)
	}
	if len(dir) > len(root) {
		return nil, errors.New("the seed has too many files")
	}
	copy(root, dir)
	for i := range copies {
		copy(fs[(1+i*perFAT)*Sector:], fat)
	}
	return fs, nil
}

func bootSector(fs []byte, label string, sectors, perFAT int) {
	b := fs[:Sector]
	// Machine code that halts. As bytes it also keeps the kernel of FreeBSD
	// from taking this for an MBR: no partition has such flags.
	for i := 62; i < 510; i++ {
		b[i] = 0xf4
	}
	copy(b, "\xeb\x3c\x90fbdock  ")
	le := binary.LittleEndian
	le.PutUint16(b[11:], Sector)
	b[13] = 1 // sectors of a cluster
	le.PutUint16(b[14:], 1)
	b[16] = copies
	le.PutUint16(b[17:], rootEntries)
	le.PutUint16(b[19:], uint16(sectors))
	b[21] = 0xf8
	le.PutUint16(b[22:], uint16(perFAT))
	le.PutUint16(b[24:], 32)
	le.PutUint16(b[26:], 2)
	b[36], b[38] = 0x80, 0x29
	copy(b[39:], "fbdk")
	copy(b[43:], pad(label, 11))
	copy(b[54:], "FAT12   ")
	b[510], b[511] = 0x55, 0xaa
}

func setFAT(fat []byte, cluster, value int) {
	at := cluster * 3 / 2
	v := binary.LittleEndian.Uint16(fat[at:])
	if cluster%2 == 0 {
		v = v&0xf000 | uint16(value)
	} else {
		v = v&0x000f | uint16(value)<<4
	}
	binary.LittleEndian.PutUint16(fat[at:], v)
}

// named is the directory entries of a file: the long name in pieces of
// thirteen letters, the last first, then a short name that nobody uses.
func named(f File, index, cluster int) []byte {
	short := []byte(fmt.Sprintf("FILE~%-6d", index+1))
	check := byte(0)
	for _, c := range short {
		check = check>>1 | check<<7
		check += c
	}
	units := append(utf16.Encode([]rune(f.Name)), 0)
	for len(units)%13 != 0 {
		units = append(units, 0xffff)
	}
	if units[len(units)-13] == 0 { // the end fell on a border of its own
		units = units[:len(units)-13]
	}
	var out []byte
	pieces := len(units) / 13
	for p := pieces; p > 0; p-- {
		e := make([]byte, 32)
		e[0], e[11], e[13] = byte(p), 0x0f, check
		if p == pieces {
			e[0] |= 0x40
		}
		for i, u := range units[(p-1)*13 : p*13] {
			binary.LittleEndian.PutUint16(e[longAt(i):], u)
		}
		out = append(out, e...)
	}
	return append(out, directoryEntry(short, 0x20, cluster, len(f.Data))...)
}

// longAt is where the letters of a long name lie in their entry.
func longAt(i int) int {
	switch {
	case i < 5:
		return 1 + 2*i
	case i < 11:
		return 14 + 2*(i-5)
	default:
		return 28 + 2*(i-11)
	}
}

func directoryEntry(name []byte, attributes byte, cluster, size int) []byte {
	e := make([]byte, 32)
	copy(e, name)
	e[11] = attributes
	// 1 January 2026, so that the same seed is the same bytes.
	const date = (2026-1980)<<9 | 1<<5 | 1
	binary.LittleEndian.PutUint16(e[16:], date)
	binary.LittleEndian.PutUint16(e[18:], date)
	binary.LittleEndian.PutUint16(e[24:], date)
	binary.LittleEndian.PutUint16(e[26:], uint16(cluster))
	binary.LittleEndian.PutUint32(e[28:], uint32(size))
	return e
}

func pad(s string, n int) string { return s + strings.Repeat(" ", n-len(s)) }
