package disk

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

const (
	vhdBlock  = 2 << 20
	vhdBitmap = 512 // one bit for each sector of a block
	unused    = 0xffffffff
)

// VHD writes src as l says as a dynamic VHD, which Hyper-V attaches to a
// machine of the first generation without conversion.
func VHD(out io.WriteSeeker, src io.Reader, l Layout) error {
	blocks := (l.Size + vhdBlock - 1) / vhdBlock
	bat := make([]uint32, (blocks*4+Sector-1)/Sector*Sector/4)
	for i := range bat {
		bat[i] = unused
	}
	const batAt = Sector + 1024
	next := batAt + int64(len(bat))*4
	if _, err := out.Seek(next, io.SeekStart); err != nil {
		return fmt.Errorf("write VHD: %w", err)
	}
	buf := make([]byte, vhdBitmap+vhdBlock)
	for i := range vhdBitmap {
		buf[i] = 0xff
	}
	err := l.blocks(src, vhdBlock, func(index int64, block []byte) error {
		clear(buf[vhdBitmap+copy(buf[vhdBitmap:], block):])
		bat[index] = uint32(next / Sector)
		next += int64(len(buf))
		_, err := out.Write(buf)
		return err
	})
	if err != nil {
		return fmt.Errorf("write VHD: %w", err)
	}
	footer := vhdFooter(l)
	if _, err := out.Write(footer); err != nil {
		return fmt.Errorf("write VHD: %w", err)
	}
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("write VHD: %w", err)
	}
	front := slices.Concat(footer, vhdHeader(batAt, blocks))
	for _, at := range bat {
		front = binary.BigEndian.AppendUint32(front, at)
	}
	if _, err := out.Write(front); err != nil {
		return fmt.Errorf("write VHD: %w", err)
	}
	return nil
}

func vhdFooter(l Layout) []byte {
	f := make([]byte, Sector)
	be := binary.BigEndian
	copy(f, "conectix")
	be.PutUint32(f[8:], 2)        // reserved, always set
	be.PutUint32(f[12:], 0x10000) // version
	be.PutUint64(f[16:], Sector)  // where the header is
	// With this creator readers take the size from the size, not from the
	// geometry, which cannot say it exactly.
	copy(f[28:], "win \x00\x0a\x00\x00Wi2k")
	be.PutUint64(f[40:], uint64(l.Size))
	be.PutUint64(f[48:], uint64(l.Size))
	c, h, s := geometry(l.Size / Sector)
	be.PutUint16(f[56:], c)
	f[58], f[59] = h, s
	be.PutUint32(f[60:], 3) // dynamic
	copy(f[68:], l.id[:])
	be.PutUint32(f[64:], onesComplement(f))
	return f
}

func vhdHeader(batAt, blocks int64) []byte {
	h := make([]byte, 1024)
	be := binary.BigEndian
	copy(h, "cxsparse")
	be.PutUint64(h[8:], 1<<64-1)
	be.PutUint64(h[16:], uint64(batAt))
	be.PutUint32(h[24:], 0x10000)
	be.PutUint32(h[28:], uint32(blocks))
	be.PutUint32(h[32:], vhdBlock)
	be.PutUint32(h[36:], onesComplement(h))
	return h
}

func onesComplement(data []byte) uint32 {
	total := uint32(0)
	for _, b := range data {
		total += uint32(b)
	}
	return ^total
}

// geometry is the cylinders, heads and sectors that the format's
// specification has for so many sectors.
func geometry(total int64) (cylinders uint16, heads, sectors uint8) {
	total = min(total, 65535*16*255)
	var c, h, s int64
	if total >= 65535*16*63 {
		s, h = 255, 16
		c = total / s
	} else {
		s = 17
		c = total / s
		h = max((c+1023)/1024, 4)
		if c >= h*1024 || h > 16 {
			s, h = 31, 16
			c = total / s
		}
		if c >= h*1024 {
			s, h = 63, 16
			c = total / s
		}
	}
	return uint16(c / h), uint8(h), uint8(s)
}
