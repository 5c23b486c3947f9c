package disktest

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The readers below know the formats from their specifications alone: they
// share nothing with what writes them, and trust no offset.

const maxDisk = 1 << 27

var errDamaged = errors.New("the image is damaged")

// image is a file whose offsets are checked.
type image []byte

func (i image) at(offset, n uint64) ([]byte, error) {
	if offset > uint64(len(i)) || n > uint64(len(i))-offset {
		return nil, fmt.Errorf("%w: %d bytes at %d of %d", errDamaged, n, offset, len(i))
	}
	return i[offset : offset+n], nil
}

func (i image) be64(offset uint64) uint64 {
	b, err := i.at(offset, 8)
	if err != nil {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

// ReadQCOW2 is the disk that a qcow2 file of version 2 holds (QEMU,
// docs/interop/qcow2.txt).
func ReadQCOW2(file []byte) ([]byte, error) {
	f := image(file)
	if len(file) < 72 || string(file[:4]) != "QFI\xfb" || binary.BigEndian.Uint32(file[4:]) != 2 {
		return nil, errDamaged
	}
	const cluster = 1 << 16
	size, l1 := f.be64(24), f.be64(40)
	if binary.BigEndian.Uint32(file[20:]) != 16 || size > maxDisk {
		return nil, errDamaged
	}
	disk := make([]byte, size)
	for at := uint64(0); at < size; at += cluster {
		l2 := f.be64(l1+at/cluster/8192*8) &^ (1 << 63)
		if l2 == 0 {
			continue
		}
		data := f.be64(l2+at/cluster%8192*8) &^ (1 << 63)
		if data == 0 {
			continue
		}
		b, err := f.at(data, min(cluster, size-at))
		if err != nil {
			return nil, err
		}
		copy(disk[at:], b)
	}
	return disk, nil
}

// ReadVHD is the disk that a dynamic VHD holds (Microsoft, "Virtual Hard Disk
// Image Format Specification", 2006).
func ReadVHD(file []byte) ([]byte, error) {
	f := image(file)
	if len(file) < 3*sector || string(file[len(file)-sector:][:8]) != "conectix" || !bytes.Equal(file[:sector], file[len(file)-sector:]) {
		return nil, errDamaged
	}
	size, header := f.be64(48), f.be64(16)
	h, err := f.at(header, 1024)
	if err != nil || string(h[:8]) != "cxsparse" || size > maxDisk {
		return nil, errDamaged
	}
	block := uint64(binary.BigEndian.Uint32(h[32:]))
	if block < sector || block > 1<<24 {
		return nil, errDamaged
	}
	disk := make([]byte, size)
	for at := uint64(0); at < size; at += block {
		entry, err := f.at(binary.BigEndian.Uint64(h[16:])+at/block*4, 4)
		if err != nil {
			return nil, err
		}
		first := binary.BigEndian.Uint32(entry)
		if first == 0xffffffff {
			continue
		}
		bitmap := (block/sector/8 + sector - 1) / sector * sector
		b, err := f.at(uint64(first)*sector+bitmap, min(block, size-at))
		if err != nil {
			return nil, err
		}
		copy(disk[at:], b)
	}
	return disk, nil
}

// ReadVMDK is the disk that a monolithic sparse or a stream-optimized VMDK
// holds (VMware, "Virtual Disk Format 1.1"), by its grain directory.
func ReadVMDK(file []byte) ([]byte, error) {
	f := image(file)
	h, err := f.at(0, sector)
	if err != nil || string(h[:4]) != "KDMV" {
		return nil, errDamaged
	}
	if binary.LittleEndian.Uint64(h[56:]) == 1<<64-1 {
		// The footer lies before the last sector, which is the end of stream.
		if h, err = f.at(uint64(max(len(file)-2*sector, 0)), sector); err != nil || string(h[:4]) != "KDMV" {
			return nil, errDamaged
		}
	}
	le := binary.LittleEndian
	size, grain, gd := le.Uint64(h[12:])*sector, le.Uint64(h[20:])*sector, le.Uint64(h[56:])*sector
	if le.Uint64(h[12:]) > maxDisk/sector || grain < sector || grain > 1<<24 || le.Uint32(h[44:]) != 512 {
		return nil, errDamaged
	}
	disk := make([]byte, size)
	for at := uint64(0); at < size; at += grain {
		table, err := f.at(gd+at/grain/512*4, 4)
		if err != nil {
			return nil, err
		}
		if le.Uint32(table) == 0 {
			continue
		}
		entry, err := f.at(uint64(le.Uint32(table))*sector+at/grain%512*4, 4)
		if err != nil {
			return nil, err
		}
		if le.Uint32(entry) == 0 {
			continue
		}
		data, err := f.grain(uint64(le.Uint32(entry))*sector, at/sector, grain, le.Uint16(h[77:]) == 1)
		if err != nil {
			return nil, err
		}
		copy(disk[at:], data)
	}
	return disk, nil
}

func (i image) grain(offset, lba, size uint64, deflated bool) ([]byte, error) {
	if !deflated {
		return i.at(offset, size)
	}
	marker, err := i.at(offset, 12)
	if err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint64(marker) != lba {
		return nil, fmt.Errorf("%w: a grain of another place", errDamaged)
	}
	data, err := i.at(offset+12, uint64(binary.LittleEndian.Uint32(marker[8:])))
	if err != nil {
		return nil, err
	}
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	out := make([]byte, size)
	if _, err := io.ReadFull(z, out); err != nil {
		return nil, err
	}
	return out, nil
}

// WalkVMDK reads a stream-optimized VMDK from its begin to its end as one who
// cannot seek, by its markers, and gives the disk that it holds.
func WalkVMDK(file []byte) ([]byte, error) {
	f := image(file)
	le := binary.LittleEndian
	if len(file) < sector || string(file[:4]) != "KDMV" || le.Uint64(file[12:]) > maxDisk/sector || le.Uint64(file[20:]) != 128 {
		return nil, errDamaged
	}
	disk := make([]byte, le.Uint64(file[12:])*sector)
	at, last := le.Uint64(file[64:])*sector, -1
	for {
		m, err := f.at(at, sector)
		if err != nil {
			return nil, err
		}
		value, size := le.Uint64(m), le.Uint32(m[8:])
		switch {
		case size > 0:
			if value > uint64(len(disk))/sector || int(value) <= last {
				return nil, fmt.Errorf("%w: grains out of order", errDamaged)
			}
			last = int(value)
			data, err := f.grain(at, value, 128*sector, true)
			if err != nil {
				return nil, err
			}
			copy(disk[value*sector:], data)
			at += (12 + uint64(size) + sector - 1) / sector * sector
		case le.Uint32(m[12:]) == 0: // end of stream
			if at+sector != uint64(len(file)) {
				return nil, fmt.Errorf("%w: something follows its end", errDamaged)
			}
			return disk, nil
		case value > uint64(len(file)):
			return nil, errDamaged
		default:
			at += (1 + value) * sector
		}
	}
}
