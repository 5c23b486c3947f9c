package disk

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"unicode/utf16"
)

// seedPartition is the name under which FreeBSD's BASIC-CLOUDINIT images
// carry an empty partition for a seed (release/tools/basic-cloudinit.conf,
// CONFIG_DRIVE).
const seedPartition = "config-drive"

// seedSize is the size of a seed's file system, and of that partition.
const seedSize = 1 << 20

const (
	headerSize = 92
	entrySize  = 128
)

// ErrNoTable says that an image has no GPT in order.
var ErrNoTable = errors.New("the disk image has no intact GPT")

// ErrNoRoom says that there is no partition for a seed and none can be made.
var ErrNoRoom = errors.New("the disk image has no partition " + seedPartition + " and no room in its table for one")

// table is a GUID partition table.
type table struct {
	header  []byte // of sector 1
	entries []byte
	old     uint64 // sector of the backup header
}

// Wanted is what becomes of an image.
type Wanted struct {
	Size  int64  // of the disk, at least
	Label string // of the seed's file system
	Files []File // of the seed
	// Grow has the last partition take the room behind it, for a system that
	// grows its file system but not its partition.
	Grow bool
}

// Plan decides how files get into an image that begins with head.
func Plan(head []byte, w Wanted) (Layout, error) {
	t, err := parse(head)
	if err != nil {
		return Layout{}, err
	}
	source := int64(t.old+1) * Sector
	size := max(w.Size, source) / Sector * Sector
	l := Layout{Size: size, Source: source}
	copy(l.id[:], t.header[56:72])
	last := uint64(size/Sector) - 1
	usable := last - t.entrySectors() - 1
	root := t.last()
	start, end, ok := t.find(seedPartition)
	if !ok {
		if start, end, err = t.add(usable); err != nil {
			return Layout{}, err
		}
	}
	if w.Grow {
		t.grow(root, start, usable)
	}
	room := int64(end-start+1) * Sector
	fs, err := FAT(w.Label, w.Files, min(room, seedSize))
	if err != nil {
		return Layout{}, err
	}
	l.Seed = int64(start) * Sector
	if last != t.old {
		// What was the end is in the middle now.
		l.Patches = append(l.Patches, Patch{
			int64(t.old-t.entrySectors()) * Sector, make([]byte, (t.entrySectors()+1)*Sector),
		})
	}
	l.Patches = append(l.Patches, t.protective(head, last)...)
	l.Patches = append(l.Patches, t.render(last, usable)...)
	l.Patches = append(l.Patches, Patch{l.Seed, fs})
	return l, nil
}

func parse(head []byte) (*table, error) {
	if len(head) < 34*Sector {
		return nil, fmt.Errorf("%w: it is only %d bytes", ErrNoTable, len(head))
	}
	h := bytes.Clone(head[Sector : Sector+headerSize])
	if string(h[:8]) != "EFI PART" || binary.LittleEndian.Uint32(h[12:]) != headerSize || sum(zeroed(h, 16)) != binary.LittleEndian.Uint32(h[16:]) {
		return nil, fmt.Errorf("%w: its header is damaged", ErrNoTable)
	}
	at, n := binary.LittleEndian.Uint64(h[72:]), uint64(binary.LittleEndian.Uint32(h[80:]))
	if binary.LittleEndian.Uint32(h[84:]) != entrySize || at < 2 || n == 0 || n > 1024 || at*Sector+n*entrySize > uint64(len(head)) {
		return nil, fmt.Errorf("%w: its table lies elsewhere", ErrNoTable)
	}
	t := &table{header: h, entries: bytes.Clone(head[at*Sector : at*Sector+n*entrySize]), old: binary.LittleEndian.Uint64(h[32:])}
	if sum(t.entries) != binary.LittleEndian.Uint32(h[88:]) {
		return nil, fmt.Errorf("%w: its table is damaged", ErrNoTable)
	}
	if t.old < at+2*t.entrySectors() || t.old > 1<<40 {
		return nil, fmt.Errorf("%w: its end is out of reach", ErrNoTable)
	}
	return t, nil
}

func (t *table) entrySectors() uint64 { return (uint64(len(t.entries)) + Sector - 1) / Sector }

// find is the partition of a name.
func (t *table) find(name string) (start, end uint64, ok bool) {
	for e := t.entries; len(e) >= entrySize; e = e[entrySize:] {
		start, end = binary.LittleEndian.Uint64(e[32:]), binary.LittleEndian.Uint64(e[40:])
		if !empty(e) && partitionName(e) == name && end >= start {
			return start, end, true
		}
	}
	return 0, 0, false
}

func empty(entry []byte) bool { return bytes.Equal(entry[:16], make([]byte, 16)) }

func partitionName(entry []byte) string {
	units := make([]uint16, 0, 36)
	for i := 56; i < entrySize; i += 2 {
		u := binary.LittleEndian.Uint16(entry[i:])
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}

// add makes a partition at the end of the disk: the root file system, which
// grows at first boot, is the last one before it.
func (t *table) add(usable uint64) (start, end uint64, err error) {
	slot, used := -1, uint64(0)
	for i := 0; i+entrySize <= len(t.entries); i += entrySize {
		if empty(t.entries[i : i+entrySize]) {
			if slot < 0 {
				slot = i
			}
			continue
		}
		used = max(used, binary.LittleEndian.Uint64(t.entries[i+40:]))
	}
	const sectors = seedSize / Sector
	if slot < 0 || usable < sectors {
		return 0, 0, ErrNoRoom
	}
	start = (usable + 1 - sectors) / sectors * sectors
	if start <= used {
		return 0, 0, ErrNoRoom
	}
	end = start + sectors - 1
	e := t.entries[slot : slot+entrySize]
	// Microsoft's type for data, EBD0A0A2-B9E5-4433-87C0-68B6B72699C7.
	copy(e, []byte{0xA2, 0xA0, 0xD0, 0xEB, 0xE5, 0xB9, 0x33, 0x44, 0x87, 0xC0, 0x68, 0xB6, 0xB7, 0x26, 0x99, 0xC7})
	id := sha256.Sum256(append([]byte(seedPartition), t.header[56:72]...))
	copy(e[16:32], id[:16])
	binary.LittleEndian.PutUint64(e[32:], start)
	binary.LittleEndian.PutUint64(e[40:], end)
	for i, u := range utf16.Encode([]rune(seedPartition)) {
		binary.LittleEndian.PutUint16(e[56+2*i:], u)
	}
	return start, end, nil
}

// last is the place in the table of the partition that ends last, -1 without
// one.
func (t *table) last() int {
	at, end := -1, uint64(0)
	for i := 0; i+entrySize <= len(t.entries); i += entrySize {
		if e := t.entries[i : i+entrySize]; !empty(e) && binary.LittleEndian.Uint64(e[40:]) > end {
			at, end = i, binary.LittleEndian.Uint64(e[40:])
		}
	}
	return at
}

// grow has a partition end before the next one, which begins at next, or with
// the usable part of the disk.
func (t *table) grow(entry int, next, usable uint64) {
	if entry < 0 {
		return
	}
	e := t.entries[entry : entry+entrySize]
	end := usable
	if next > binary.LittleEndian.Uint64(e[40:]) {
		end = next - 1
	}
	binary.LittleEndian.PutUint64(e[40:], max(end, binary.LittleEndian.Uint64(e[40:])))
}

// render writes both copies of the table for a disk whose last sector is
// last.
func (t *table) render(last, usable uint64) []Patch {
	at := binary.LittleEndian.Uint64(t.header[72:])
	h := t.header
	binary.LittleEndian.PutUint64(h[48:], usable)
	binary.LittleEndian.PutUint32(h[88:], sum(t.entries))
	side := func(self, other, entries uint64) []byte {
		out := bytes.Clone(h)
		binary.LittleEndian.PutUint64(out[24:], self)
		binary.LittleEndian.PutUint64(out[32:], other)
		binary.LittleEndian.PutUint64(out[72:], entries)
		binary.LittleEndian.PutUint32(out[16:], sum(zeroed(out, 16)))
		return out
	}
	backup := last - t.entrySectors()
	return []Patch{
		{Sector, side(1, last, at)},
		{int64(at) * Sector, t.entries},
		{int64(backup) * Sector, t.entries},
		{int64(last) * Sector, side(last, 1, backup)},
	}
}

// protective makes the entry of the protective MBR span the grown disk.
func (t *table) protective(head []byte, last uint64) []Patch {
	for i := 446; i < 510; i += 16 {
		if head[i+4] == 0xEE {
			size := make([]byte, 4)
			binary.LittleEndian.PutUint32(size, uint32(min(last, 0xffffffff)))
			return []Patch{{int64(i) + 12, size}}
		}
	}
	return nil
}

func zeroed(header []byte, field int) []byte {
	h := bytes.Clone(header)
	clear(h[field : field+4])
	return h
}

func sum(data []byte) uint32 { return crc32.ChecksumIEEE(data) }
