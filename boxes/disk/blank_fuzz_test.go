package disk_test

import (
	"bytes"
	"io"
	"math"
	"testing"

	"github.com/fbdock/fbdock/boxes/disk"
)

// memory is a file in memory.
type memory []byte

func (m memory) ReadAt(p []byte, at int64) (int, error) {
	if at >= int64(len(m)) {
		return 0, io.EOF
	}
	n := copy(p, m[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (m memory) WriteAt(p []byte, at int64) (int, error) { return copy(m[at:], p), nil }

// Whatever a file has, growing it writes nothing but a larger size, or nothing.
func FuzzGrowQCOW2(f *testing.F) {
	blank := disk.BlankQCOW2(1 << 30)[:104]
	f.Add(blank, int64(2)<<30)
	f.Add(blank[:40], int64(2)<<30)
	f.Add([]byte("QFI\xfb"), int64(1))
	huge := bytes.Clone(blank)
	huge[24] = 0xff
	f.Add(huge, int64(2)<<30)
	odd := bytes.Clone(blank) // of a size that is no whole number of sectors
	odd[31] = 0xff
	f.Add(odd, int64(1)<<30+200)
	f.Add(blank, int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, data []byte, size int64) {
		file := memory(bytes.Clone(data))
		before, unreadable := disk.SizeQCOW2(file)
		err := disk.GrowQCOW2(file, size)
		after, _ := disk.SizeQCOW2(file)
		if (err != nil || unreadable != nil || before >= size) && !bytes.Equal(file, data) {
			t.Errorf("GrowQCOW2(%q, %d) = %v, and has written", data, size, err)
		}
		if err == nil && (unreadable != nil || after < size || after < before) {
			t.Errorf("GrowQCOW2(%q, %d) = nil, and the size is %d, before %d, %v", data, size, after, before, unreadable)
		}
		if len(data) >= 32 && (!bytes.Equal(file[:24], data[:24]) || !bytes.Equal(file[32:], data[32:])) {
			t.Errorf("GrowQCOW2(%q, %d) has written beside the size", data, size)
		}
	})
}
