package disk_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/boxes/disk"
	"github.com/fbdock/fbdock/boxes/disk/disktest"
)

func official() []byte {
	return disktest.CloudImage()
}

var seed = []disk.File{
	{Name: "meta-data", Data: []byte("instance-id: one\n")},
	{Name: "user-data", Data: bytes.Repeat([]byte("#!/bin/sh\n: some text\n"), 100)},
	{Name: "exactly-13-ch", Data: nil},
}

func layout(t *testing.T, image []byte, size int64) disk.Layout {
	t.Helper()
	l, err := disk.Plan(image[:disk.Head], disk.Wanted{Size: size, Label: "cidata", Files: seed})
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
		t.Fatalf("%s %q: %v, want no error\n%s", name, args, err, out)
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
	image := official()
	l := layout(t, image, 0)
	if l.Seed != 2048*disk.Sector || l.Size != int64(len(image)) {
		t.Errorf("layout: seed at %d, size %d, want %d, %d", l.Seed, l.Size, 2048*disk.Sector, len(image))
	}
	out := finished(image, l)
	for i := range out {
		// The size in the protective MBR is put right; the test's is a dummy.
		if out[i] != image[i] && (i < 1<<20 || i >= 2<<20) && (i < 458 || i >= 462) {
			t.Fatalf("byte %d, outside of the seed's partition = %#x, want %#x as in the image", i, out[i], image[i])
		}
	}
}

func TestTableIsSoundAfterGrowing(t *testing.T) {
	t.Parallel()
	free := disktest.Raw(16<<20, disktest.Partition{Name: "efiesp", Start: 64, End: 1999}, disktest.Partition{Name: "rootfs", Start: 4096, End: 16000}, disktest.Partition{Name: "swapfs", Start: 2000, End: 2047})
	for name, image := range map[string][]byte{"with its partition": official(), "without": free} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, size := range []int64{0, 64 << 20} {
				l := layout(t, image, size)
				out := finished(image, l)
				path := write(t, "disk.raw", func(w io.WriteSeeker) error { _, err := w.Write(out); return err })
				if said := tool(t, "sfdisk", "--verify", path); !strings.Contains(said, "No errors detected") {
					t.Errorf("sfdisk --verify of a disk of %d bytes = %s, want \"No errors detected\"", size, said)
				}
				if said := tool(t, "sfdisk", "--dump", path); !strings.Contains(said, `name="config-drive"`) || !strings.Contains(said, `name="rootfs"`) {
					t.Errorf("sfdisk --dump of a disk of %d bytes = %s, want the partitions config-drive and rootfs", size, said)
				}
				// A table that parses as its own input is in order as well.
				if again := layout(t, out, size); again.Seed != l.Seed {
					t.Errorf("seed at %d, and at %d in a second run, want the same place", l.Seed, again.Seed)
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
			t.Fatalf("FAT(cidata, seed, %d) = %d bytes, %v, want %[1]d and no error", size, len(fs), err)
		}
		path := write(t, "seed.fat", func(w io.WriteSeeker) error { _, err := w.Write(fs); return err })
		listing := tool(t, "mdir", "-i", path, "-b", "::/")
		for _, f := range seed {
			if !strings.Contains(listing, "/"+f.Name+"\n") {
				t.Errorf("mdir lacks %s, want it listed:\n%s", f.Name, listing)
			}
			if got := tool(t, "mtype", "-i", path, "::/"+f.Name); got != string(f.Data) {
				t.Errorf("mtype %s = %q, want %q", f.Name, got, f.Data)
			}
		}
		tool(t, "fsck.vfat", "-n", path)
		if said := tool(t, "blkid", "-p", path); !strings.Contains(said, `LABEL="cidata"`) || !strings.Contains(said, `VERSION="FAT12"`) {
			t.Errorf("blkid -p = %s, want label cidata and version FAT12", said)
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
			t.Errorf("FAT() with %s: no error, want one", name)
		}
	}
}

func TestFormatsHoldTheDisk(t *testing.T) {
	t.Parallel()
	image := official()
	for _, size := range []int64{0, 64 << 20, 520<<20 + 4096} {
		l := layout(t, image, size)
		want := write(t, "want.raw", func(w io.WriteSeeker) error { _, err := w.Write(finished(image, l)); return err })
		q := write(t, "box.img", func(w io.WriteSeeker) error { return disk.QCOW2(w, bytes.NewReader(image), l) })
		v := write(t, "box.vhd", func(w io.WriteSeeker) error { return disk.VHD(w, bytes.NewReader(image), l) })
		tool(t, "qemu-img", "check", "-f", "qcow2", q)
		tool(t, "qemu-img", "compare", "-f", "raw", "-F", "qcow2", want, q)
		tool(t, "qemu-img", "compare", "-f", "raw", "-F", "vpc", want, v)
		m := write(t, "box.vmdk", func(w io.WriteSeeker) error { return disk.VMDK(w, bytes.NewReader(image), l, "box.vmdk") })
		o := write(t, "ovf.vmdk", func(w io.WriteSeeker) error { return disk.StreamVMDK(w, bytes.NewReader(image), l, "ovf.vmdk") })
		for _, path := range []string{m, o} {
			tool(t, "qemu-img", "check", "-f", "vmdk", path)
			tool(t, "qemu-img", "compare", "-f", "raw", "-F", "vmdk", want, path)
		}
		for _, path := range []string{q, v, m, o} {
			if info, err := os.Stat(path); err != nil || info.Size() > 24<<20 {
				t.Errorf("%s: size = %d, %v, want a sparse file of at most 24 MiB", path, info.Size(), err)
			}
			if said := tool(t, "qemu-img", "info", path); !strings.Contains(said, fmt.Sprintf("(%d bytes)", l.Size)) {
				t.Errorf("want %d bytes: %s", l.Size, said)
			}
		}
	}
}

func TestImagesThatLie(t *testing.T) {
	t.Parallel()
	image := official()
	l := layout(t, image, 64<<20)
	for _, format := range formats() {
		out, err := os.Create(filepath.Join(t.TempDir(), "out"))
		if err != nil {
			t.Fatal(err)
		}
		err = format.write(out, bytes.NewReader(image[:5<<20]), l)
		if short, ok := errors.AsType[*disk.TruncatedError](err); !ok || short.Want != int64(len(image)) {
			t.Errorf("write of a truncated image: error = %v, want a TruncatedError", err)
		}
		if err := format.write(out, io.MultiReader(bytes.NewReader(image), endless{}), l); err == nil || !strings.Contains(err.Error(), "larger") {
			t.Errorf("write of an endless image: error = %v, want one that says it is larger", err)
		}
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// format is one form of a disk, with readers that know only its specification.
type format struct {
	name  string
	write func(io.WriteSeeker, io.Reader, disk.Layout) error
	read  []func([]byte) ([]byte, error)
}

func formats() []format {
	type readers = []func([]byte) ([]byte, error)
	return []format{
		{"qcow2", disk.QCOW2, readers{disktest.ReadQCOW2}},
		{"vhd", disk.VHD, readers{disktest.ReadVHD}},
		{"vmdk", func(w io.WriteSeeker, src io.Reader, l disk.Layout) error { return disk.VMDK(w, src, l, "disk.vmdk") }, readers{disktest.ReadVMDK}},
		{"stream vmdk", func(w io.WriteSeeker, src io.Reader, l disk.Layout) error {
			return disk.StreamVMDK(w, src, l, "disk.vmdk")
		}, readers{disktest.ReadVMDK, disktest.WalkVMDK}},
	}
}

// FuzzFormats: whatever a disk holds, each format gives it back byte for byte.
func FuzzFormats(f *testing.F) {
	f.Add(uint32(0), uint32(5<<20), []byte("some text"), uint32(2<<20))
	f.Add(uint32(65535), uint32(1), []byte{1}, uint32(33<<20+512))
	f.Add(uint32(32<<20-3), uint32(2<<20), bytes.Repeat([]byte("abc"), 50_000), uint32(35<<20))
	f.Fuzz(func(t *testing.T, at, patch uint32, data []byte, size uint32) {
		l := disk.Layout{Size: int64(size%(36<<20)/disk.Sector+1) * disk.Sector}
		image := make([]byte, min(int64(at)+int64(len(data)), l.Size))
		copy(image[min(int(at), len(image)):], data)
		l.Source = int64(len(image))
		if end := int64(patch) + int64(len(data)); end <= l.Size {
			l.Patches = []disk.Patch{{Offset: int64(patch), Data: bytes.ToUpper(data)}}
		}
		want := finished(image, l)
		for _, form := range formats() {
			path := write(t, "disk", func(w io.WriteSeeker) error { return form.write(w, bytes.NewReader(image), l) })
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for i, read := range form.read {
				if got, err := read(file); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s, reader %d: %v, want the same disk of %d bytes", form.name, i, err, l.Size)
				}
			}
		}
	})
}

// FuzzReaders: no file makes a reader of the tests panic.
func FuzzReaders(f *testing.F) {
	image := official()
	l, err := disk.Plan(image[:disk.Head], disk.Wanted{Size: 0, Label: "cidata", Files: seed})
	if err != nil {
		f.Fatal(err)
	}
	for _, form := range formats() {
		path := filepath.Join(f.TempDir(), "disk")
		out, err := os.Create(path)
		if err != nil {
			f.Fatal(err)
		}
		if err := errors.Join(form.write(out, bytes.NewReader(image), l), out.Close()); err != nil {
			f.Fatal(err)
		}
		file, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file[:min(len(file), 64<<10)])
	}
	f.Fuzz(func(_ *testing.T, file []byte) {
		for _, form := range formats() {
			for _, read := range form.read {
				_, _ = read(file)
			}
		}
	})
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestPlanRefuses(t *testing.T) {
	t.Parallel()
	full := disktest.Raw(8<<20, disktest.Partition{Name: "a", Start: 64, End: 1999}, disktest.Partition{Name: "b", Start: 2000, End: 2047}, disktest.Partition{Name: "c", Start: 2048, End: 4095}, disktest.Partition{Name: "d", Start: 4096, End: 16000})
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
		head := tt.damage(bytes.Clone(official()[:disk.Head]))
		if _, err := disk.Plan(head, disk.Wanted{Size: 64 << 20, Label: "cidata", Files: seed}); !errors.Is(err, tt.want) {
			t.Errorf("Plan() of an image with %s: error = %v, want %v", name, err, tt.want)
		}
	}
}

func FuzzPlan(f *testing.F) {
	f.Add(official()[:64<<10], int64(64<<20))
	f.Fuzz(func(t *testing.T, head []byte, size int64) {
		l, err := disk.Plan(head, disk.Wanted{Size: size % (1 << 40), Label: "cidata", Files: seed})
		if err != nil {
			return
		}
		for _, p := range l.Patches {
			if p.Offset < 0 || p.Offset+int64(len(p.Data)) > l.Size {
				t.Errorf("patch of %d bytes at %d, want it within the disk of %d bytes", len(p.Data), p.Offset, l.Size)
			}
		}
	})
}
