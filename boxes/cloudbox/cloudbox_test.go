package cloudbox_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ulikunitz/xz"

	"github.com/fbdock/fbdock/boxes/cloudbox"
	"github.com/fbdock/fbdock/boxes/disk"
	"github.com/fbdock/fbdock/boxes/disk/disktest"
)

func compressed(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := xz.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); errors.Join(err, w.Close()) != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// file is an open file with some content.
func file(t *testing.T, data []byte) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "image.raw.xz"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if _, err := f.Write(data); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	return f
}

func box(format cloudbox.Format) cloudbox.Box {
	return cloudbox.Box{
		Source: cloudbox.Source{Release: "15.1", Architecture: "amd64", Filesystem: "zfs"},
		SHA512: strings.Repeat("ab", 64), Format: format, Size: 1 << 30,
	}
}

// unpacked is what is in a box.
func unpacked(t *testing.T, path string) map[string][]byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

// all are boxes of one source for all providers.
func all(size int64) (boxes []cloudbox.Box) {
	for _, format := range cloudbox.Formats() {
		b := box(format)
		b.Size = size
		boxes = append(boxes, b)
	}
	return boxes
}

func TestBoxHoldsWhatItsProviderNeeds(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "boxes")
	boxes := all(1 << 30)
	paths, err := cloudbox.Write(t.Context(), boxes, file(t, compressed(t, disktest.CloudImage())), folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]string{
		{"Vagrantfile", "box.img", "info.json", "metadata.json"},
		{"Vagrantfile", "Virtual Hard Disks/freebsd.vhd", "Virtual Machines/freebsd.xml", "info.json", "metadata.json"},
		{"Vagrantfile", "box.ovf", "freebsd-disk001.vmdk", "info.json", "metadata.json"},
		{"Vagrantfile", "freebsd-disk001.vmdk", "freebsd.vmx", "info.json", "metadata.json"},
		{"Vagrantfile", "box.utm/Data/UUID.qcow2", "box.utm/config.plist", "info.json", "metadata.json"},
	} {
		format := string(boxes[i].Format)
		files := unpacked(t, paths[i])
		var names []string
		for name := range files {
			names = append(names, regexp.MustCompile(`[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}`).ReplaceAllString(name, "UUID"))
		}
		if slices.Sort(names); !slices.Equal(names, want) {
			t.Errorf("files of the box for %s = %q, want %q", format, names, want)
		}
		var metadata struct {
			Provider, Format, Architecture string
			Size                           int `json:"virtual_size"`
		}
		if err := json.Unmarshal(files["metadata.json"], &metadata); err != nil || metadata.Provider != format || metadata.Architecture != "amd64" {
			t.Errorf("metadata.json = %s, %v, want provider %s and architecture amd64", files["metadata.json"], err, format)
		}
		if format == "libvirt" && (metadata.Format != "qcow2" || metadata.Size != 1) {
			t.Errorf("metadata.json = %s, want format qcow2 and a size of 1 GB", files["metadata.json"])
		}
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != len(boxes) {
		t.Errorf("files in the folder = %v, %v, want %d", left, err, len(boxes))
	}
}

// TestBoxesHoldOneDisk: the disks of all boxes, converted back, are the same
// bytes: the image with the seed and the larger partition table.
func TestBoxesHoldOneDisk(t *testing.T) {
	t.Parallel()
	image := disktest.CloudImage()
	paths, err := cloudbox.Write(t.Context(), all(48<<20), file(t, compressed(t, image)), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]func([]byte) ([]byte, error){".img": disktest.ReadQCOW2, ".qcow2": disktest.ReadQCOW2, ".vhd": disktest.ReadVHD, ".vmdk": disktest.ReadVMDK}
	var want []byte
	for _, path := range paths {
		disks := 0
		for name, data := range unpacked(t, path) {
			if read[filepath.Ext(name)] == nil {
				continue
			}
			disks++
			got, err := read[filepath.Ext(name)](data)
			if err != nil {
				t.Errorf("read of the disk %s: %v, want no error", name, err)
				continue
			}
			if want == nil {
				want = got
			}
			if !bytes.Equal(got, want) {
				t.Errorf("disk %s of %s: want the same bytes as in the first box", name, filepath.Base(path))
			}
		}
		if disks != 1 {
			t.Errorf("disks in %s = %d, want 1", path, disks)
		}
	}
	if len(want) != 48<<20 || !bytes.Contains(want, []byte("NOPASSWD:ALL")) {
		t.Errorf("the disk has %d bytes, want %d with the seed in it", len(want), 48<<20)
	}
	for i := 2 << 20; i < len(image)-33*disk.Sector; i++ {
		if want[i] != image[i] {
			t.Fatalf("byte %d of the disk = %#x, want %#x as in the image", i, want[i], image[i])
		}
	}
}

func TestBoxIsMadeOnce(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	one, two := []cloudbox.Box{box(cloudbox.Libvirt)}, []cloudbox.Box{box(cloudbox.Libvirt), box(cloudbox.VMware)}
	first, err := cloudbox.Write(t.Context(), one, file(t, compressed(t, disktest.CloudImage())), folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := cloudbox.Write(t.Context(), one, nil, folder, nil)
	if err != nil || !slices.Equal(again, first) {
		t.Errorf("second Write() = %s, %v, want %s", again, err, first)
	}
	// What a process that was killed has left goes; that of others stays.
	for _, dir := range []string{".making-freebsd-15.1-zfs-amd64-1", ".making-freebsd-14.5-zfs-amd64-1"} {
		if err := os.MkdirAll(filepath.Join(folder, dir, "deep"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	more, err := cloudbox.Write(t.Context(), two, file(t, compressed(t, disktest.CloudImage())), folder, nil)
	if err != nil || len(more) != 2 || more[0] != first[0] {
		t.Errorf("Write() of another box = %s, %v, want 2 files, the first of them %s", more, err, first[0])
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 3 || left[0].Name() != ".making-freebsd-14.5-zfs-amd64-1" {
		t.Errorf("files in the folder = %v, %v, want 2 boxes and .making-freebsd-14.5-zfs-amd64-1", left, err)
	}
}

func TestBrokenImagesMakeNoBox(t *testing.T) {
	t.Parallel()
	whole := compressed(t, disktest.CloudImage())
	arm := disktest.CloudImage()
	copy(arm[126*disk.Sector+2048:], "BOOTAA64EFI")
	stopped, stop := context.WithCancelCause(t.Context())
	stop(errors.New("enough"))
	for name, tt := range map[string]struct {
		ctx   context.Context
		image []byte
		want  string
	}{
		"empty":     {t.Context(), nil, "unpack"},
		"no xz":     {t.Context(), []byte("<html>"), "unpack"},
		"cut off":   {t.Context(), whole[:len(whole)/2], "ends after"},
		"no table":  {t.Context(), compressed(t, make([]byte, 4<<20)), disk.ErrNoTable.Error()},
		"too short": {t.Context(), compressed(t, disktest.CloudImage()[:6<<20]), "ends after"},
		"stopped":   {stopped, whole, "enough"},
		"of arm64":  {t.Context(), compressed(t, arm), "not of amd64"},
	} {
		folder := t.TempDir()
		_, err := cloudbox.Write(tt.ctx, all(1<<30), file(t, tt.image), folder, nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Write() with the image %s: error = %v, want one that says %q", name, err, tt.want)
		}
		if err != nil && strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("Write() with %s: error = %v, want one line", name, err)
		}
		if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
			t.Errorf("Write() with %s left %v, %v in the folder, want nothing", name, left, err)
		}
	}
}

func TestSourceNames(t *testing.T) {
	t.Parallel()
	s := cloudbox.Source{Release: "15.1", Architecture: "amd64", Filesystem: "zfs"}
	const folder = "https://download.freebsd.org/releases/VM-IMAGES/15.1-RELEASE/"
	if got, want := s.URL(), folder+"amd64/Latest/FreeBSD-15.1-RELEASE-amd64-BASIC-CLOUDINIT-zfs.raw.xz"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	s.Architecture, s.Filesystem = "arm64", "ufs"
	if got, want := s.URL(), folder+"aarch64/Latest/FreeBSD-15.1-RELEASE-arm64-aarch64-BASIC-CLOUDINIT-ufs.raw.xz"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := s.Checksums(), folder+"aarch64/Latest/CHECKSUM.SHA512"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, bad := range []cloudbox.Source{
		{}, {Release: "15", Architecture: "amd64", Filesystem: "zfs"}, {Release: "15.1", Architecture: "riscv64", Filesystem: "zfs"},
		{Release: "15.1", Architecture: "amd64", Filesystem: "ext4"}, {Release: "../15.1", Architecture: "amd64", Filesystem: "zfs"},
		{Release: "15.1/..", Architecture: "amd64", Filesystem: "zfs"}, {Release: "15.1-RELEASE", Architecture: "amd64", Filesystem: "zfs"},
		{Release: "CURRENT", Architecture: "amd64", Filesystem: "zfs"}, {Release: "../15-STABLE", Architecture: "amd64", Filesystem: "zfs"},
	} {
		if bad.Check() == nil {
			t.Errorf("Check() of %+v: no error, want one", bad)
		}
	}
}

func TestVersionFollowsTheContent(t *testing.T) {
	t.Parallel()
	b := box(cloudbox.Libvirt)
	other := b
	other.SHA512 = strings.Repeat("cd", 64)
	if b.Version() == other.Version() || b.File() == other.File() || b.Name() != other.Name() {
		t.Errorf("Version(), File() = %s, %s, with another digest %s, %s, want both to differ", b.Version(), b.File(), other.Version(), other.File())
	}
	number, ok := strings.CutPrefix(b.Version(), "15.1.1.")
	if b.Name() != "fbdock/freebsd-15.1" || !ok || strings.Trim(number, "0123456789") != "" {
		t.Errorf("Name(), Version() = %s, %s, want fbdock/freebsd-15.1, 15.1.1.NUMBER", b.Name(), b.Version())
	}
	// Vagrant takes a box with the same version for this one: nobody may find
	// another image whose box has it.
	if n, ok := new(big.Int).SetString(number, 10); !ok || n.BitLen() < 112 {
		t.Errorf("version number %s holds %d bits of the content, want 112 or more", number, n.BitLen())
	}
	if digits := strings.TrimSuffix(b.File(), ".box"); len(digits) < 64 || strings.Trim(digits[len(digits)-64:], "0123456789abcdef") != "" {
		t.Errorf("File() = %s, want a name that ends with 64 hexadecimal digits", b.File())
	}
}

func TestCatalogueOnAnySystem(t *testing.T) {
	t.Parallel()
	data, err := box(cloudbox.Libvirt).Catalogue("/home/a b/x.box", "00ff")
	if err != nil || !strings.Contains(string(data), `"file:///home/a%20b/x.box"`) || !strings.Contains(string(data), `"00ff"`) {
		t.Errorf("Catalogue(/home/a b/x.box, 00ff) = %s, %v, want an escaped file address and the digest", data, err)
	}
	if data, err = box(cloudbox.Libvirt).Catalogue("C:/Users/x.box", ""); err != nil || !strings.Contains(string(data), `"file:///C:/Users/x.box"`) {
		t.Errorf("Catalogue(C:/Users/x.box) = %s, %v, want the address file:///C:/Users/x.box", data, err)
	}
}

// nuageinit reads user-data as YAML before it looks whether it is a script,
// and gives up on both where that fails.
func TestSeedIsOneYAMLScalar(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("seed/user-data.sh")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(data, []byte("#!/bin/sh\n")) {
		t.Errorf("seed = %.40q, want it to begin with #!/bin/sh", data)
	}
	begun := false
	for n, line := range strings.Split(string(data), "\n") {
		if !begun && (strings.HasPrefix(line, "#") || line == "") {
			continue
		}
		begun = true
		for _, bad := range []string{"\t", " #", ": "} {
			if strings.Contains(line, bad) {
				t.Errorf("line %d of the seed has %q, want none: %s", n+1, bad, line)
			}
		}
		for _, bad := range []string{"#", "---", "..."} {
			if strings.HasPrefix(line, bad) {
				t.Errorf("line %d of the seed begins with %q, want another beginning", n+1, bad)
			}
		}
		if strings.HasSuffix(line, ":") {
			t.Errorf("line %d of the seed ends with a colon, want another end", n+1)
		}
	}
}
