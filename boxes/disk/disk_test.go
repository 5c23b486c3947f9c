package disk_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/fbdock/fbdock/boxes/disk"
)

type partition struct {
	name       string
	start, end uint64
}

// raw is a disk of some megabytes in the frame of FreeBSD's images, whose
// table has no more entries than it needs.
func raw(t *testing.T, size int64, parts ...partition) []byte {
	t.Helper()
	entries := make([]byte, (len(parts)+3)/4*disk.Sector)
	le := binary.LittleEndian
	for i, p := range parts {
		e := entries[i*128:]
		copy(e, "kind of FreeBSD.unique partition"[:32])
		e[16] = byte(i)
		le.PutUint64(e[32:], p.start)
		le.PutUint64(e[40:], p.end)
		for j, u := range utf16.Encode([]rune(p.name)) {
			le.PutUint16(e[56+2*j:], u)
		}
	}
	image := make([]byte, size)
	r := rand.New(rand.NewPCG(3, 4))
	for i := 3 << 20; i < 5<<20; i += 8 {
		le.PutUint64(image[i:], r.Uint64())
	}
	last, n := uint64(size/disk.Sector-1), uint64(len(entries)/disk.Sector)
	copy(image[440:], "\x01\x02\x03\x04")
	copy(image[446:], []byte{0, 0, 2, 0, 0xEE, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0xff, 0xff, 0, 0})
	copy(image[510:], "\x55\xaa")
	for _, side := range [][3]uint64{{1, last, 2}, {last, 1, last - n}} {
		h := image[side[0]*disk.Sector:]
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
		copy(image[side[2]*disk.Sector:], entries)
	}
	return image
}

func official(t *testing.T) []byte {
	t.Helper()
	return raw(t, 8<<20,
		partition{"bootfs", 4, 125}, partition{"efiesp", 126, 1999}, partition{"swapfs", 2000, 2047},
		partition{"config-drive", 2048, 4095}, partition{"rootfs", 4096, 16000})
}

var seed = []disk.File{
	{Name: "meta-data", Data: []byte("instance-id: one\n")},
	{Name: "user-data", Data: bytes.Repeat([]byte("#!/bin/sh\n: some text\n"), 100)},
	{Name: "exactly-13-ch", Data: nil},
}

func layout(t *testing.T, image []byte, size int64) disk.Layout {
	t.Helper()
	l, err := disk.Plan(image[:disk.Head], size, "cidata", seed)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// finished is the raw disk that comes out, by the patches alone.
func finished(image []byte, l disk.Layout) []byte {
	out := make([]byte, l.Size)
	copy(out, image)
	for _, p := range l.Patches {
		copy(out[p.Offset:], p.Data)
	}
	return out
}

func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not here to judge", name)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "MTOOLS_SKIP_CHECK=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func write(t *testing.T, name string, f func(io.WriteSeeker) error) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f(out), out.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSeedTakesThePartitionMeantForIt(t *testing.T) {
	t.Parallel()
	image := official(t)
	l := layout(t, image, 0)
	if l.Seed != 2048*disk.Sector || l.Size != int64(len(image)) {
		t.Errorf("seed at %d on a disk of %d", l.Seed, l.Size)
	}
	out := finished(image, l)
	for i := range out {
		// The size in the protective MBR is put right; the test's is a dummy.
		if out[i] != image[i] && (i < 1<<20 || i >= 2<<20) && (i < 458 || i >= 462) {
			t.Fatalf("byte %d outside the partition has changed", i)
		}
	}
}

func TestTableIsSoundAfterGrowing(t *testing.T) {
	t.Parallel()
	free := raw(t, 16<<20, partition{"efiesp", 64, 1999}, partition{"rootfs", 4096, 16000}, partition{"swapfs", 2000, 2047})
	for name, image := range map[string][]byte{"with its partition": official(t), "without": free} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, size := range []int64{0, 64 << 20} {
				l := layout(t, image, size)
				out := finished(image, l)
				path := write(t, "disk.raw", func(w io.WriteSeeker) error { _, err := w.Write(out); return err })
				if said := tool(t, "sfdisk", "--verify", path); !strings.Contains(said, "No errors detected") {
					t.Errorf("size %d: %s", size, said)
				}
				if said := tool(t, "sfdisk", "--dump", path); !strings.Contains(said, `name="config-drive"`) || !strings.Contains(said, `name="rootfs"`) {
					t.Errorf("size %d: %s", size, said)
				}
				// A table that parses as its own input is in order as well.
				if again := layout(t, out, size); again.Seed != l.Seed {
					t.Errorf("seed at %d, then at %d", l.Seed, again.Seed)
				}
			}
		})
	}
}

func TestFATIsReadByOthers(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{256 << 10, 1 << 20} {
		fs, err := disk.FAT("cidata", seed, size)
		if err != nil || int64(len(fs)) != size {
			t.Fatal(len(fs), err)
		}
		path := write(t, "seed.fat", func(w io.WriteSeeker) error { _, err := w.Write(fs); return err })
		listing := tool(t, "mdir", "-i", path, "-b", "::/")
		for _, f := range seed {
			if !strings.Contains(listing, "/"+f.Name+"\n") {
				t.Errorf("%s is not listed:\n%s", f.Name, listing)
			}
			if got := tool(t, "mtype", "-i", path, "::/"+f.Name); got != string(f.Data) {
				t.Errorf("%s holds %q", f.Name, got)
			}
		}
		tool(t, "fsck.vfat", "-n", path)
		if said := tool(t, "blkid", "-p", path); !strings.Contains(said, `LABEL="cidata"`) || !strings.Contains(said, `VERSION="FAT12"`) {
			t.Errorf("blkid: %s", said)
		}
	}
}

func TestFATRefuses(t *testing.T) {
	t.Parallel()
	big := []disk.File{{Name: "user-data", Data: make([]byte, 1<<20)}}
	many := make([]disk.File, 64)
	for name, f := range map[string]func() error{
		"too much":       func() error { _, err := disk.FAT("cidata", big, 1<<20); return err },
		"too many":       func() error { _, err := disk.FAT("cidata", many, 1<<20); return err },
		"too small":      func() error { _, err := disk.FAT("cidata", nil, 1024); return err },
		"too large":      func() error { _, err := disk.FAT("cidata", nil, 64<<20); return err },
		"too long label": func() error { _, err := disk.FAT("much-too-long", nil, 1<<20); return err },
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestFormatsHoldTheDisk(t *testing.T) {
	t.Parallel()
	image := official(t)
	for _, size := range []int64{0, 64 << 20, 520<<20 + 4096} {
		l := layout(t, image, size)
		want := write(t, "want.raw", func(w io.WriteSeeker) error { _, err := w.Write(finished(image, l)); return err })
		q := write(t, "box.img", func(w io.WriteSeeker) error { return disk.QCOW2(w, bytes.NewReader(image), l) })
		v := write(t, "box.vhd", func(w io.WriteSeeker) error { return disk.VHD(w, bytes.NewReader(image), l) })
		tool(t, "qemu-img", "check", "-f", "qcow2", q)
		tool(t, "qemu-img", "compare", "-f", "raw", "-F", "qcow2", want, q)
		tool(t, "qemu-img", "compare", "-f", "raw", "-F", "vpc", want, v)
		for _, path := range []string{q, v} {
			if info, err := os.Stat(path); err != nil || info.Size() > 24<<20 {
				t.Errorf("%s is not sparse: %d bytes, %v", path, info.Size(), err)
			}
			if said := tool(t, "qemu-img", "info", path); !strings.Contains(said, fmt.Sprintf("(%d bytes)", l.Size)) {
				t.Errorf("want %d bytes: %s", l.Size, said)
			}
		}
	}
}

func TestImagesThatLie(t *testing.T) {
	t.Parallel()
	image := official(t)
	l := layout(t, image, 64<<20)
	for _, format := range []func(io.WriteSeeker, io.Reader, disk.Layout) error{disk.QCOW2, disk.VHD} {
		out, err := os.Create(filepath.Join(t.TempDir(), "out"))
		if err != nil {
			t.Fatal(err)
		}
		err = format(out, bytes.NewReader(image[:5<<20]), l)
		if short, ok := errors.AsType[*disk.TruncatedError](err); !ok || short.Want != int64(len(image)) {
			t.Errorf("a truncated image: %v", err)
		}
		if err := format(out, io.MultiReader(bytes.NewReader(image), endless{}), l); err == nil || !strings.Contains(err.Error(), "larger") {
			t.Errorf("an endless image: %v", err)
		}
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestPlanRefuses(t *testing.T) {
	t.Parallel()
	full := raw(t, 8<<20, partition{"a", 64, 1999}, partition{"b", 2000, 2047}, partition{"c", 2048, 4095}, partition{"d", 4096, 16000})
	for name, tt := range map[string]struct {
		damage func([]byte) []byte
		want   error
	}{
		"nothing":          {func([]byte) []byte { return nil }, disk.ErrNoTable},
		"zeros":            {func(b []byte) []byte { clear(b); return b }, disk.ErrNoTable},
		"a header changed": {func(b []byte) []byte { b[disk.Sector+60]++; return b }, disk.ErrNoTable},
		"a table changed":  {func(b []byte) []byte { b[2*disk.Sector+60]++; return b }, disk.ErrNoTable},
		"no entry free":    {func([]byte) []byte { return full[:disk.Head] }, disk.ErrNoRoom},
	} {
		head := tt.damage(bytes.Clone(official(t)[:disk.Head]))
		if _, err := disk.Plan(head, 64<<20, "cidata", seed); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

func FuzzPlan(f *testing.F) {
	f.Add(official(&testing.T{})[:64<<10], int64(64<<20))
	f.Fuzz(func(t *testing.T, head []byte, size int64) {
		l, err := disk.Plan(head, size%(1<<40), "cidata", seed)
		if err != nil {
			return
		}
		for _, p := range l.Patches {
			if p.Offset < 0 || p.Offset+int64(len(p.Data)) > l.Size {
				t.Errorf("a patch of %d bytes at %d leaves the disk of %d", len(p.Data), p.Offset, l.Size)
			}
		}
	})
}
