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

func TestBoxHoldsWhatItsProviderNeeds(t *testing.T) {
	t.Parallel()
	image := compressed(t, disktest.CloudImage())
	for format, want := range map[cloudbox.Format][]string{
		cloudbox.Libvirt: {"Vagrantfile", "box.img", "info.json", "metadata.json"},
		cloudbox.HyperV:  {"Vagrantfile", "Virtual Hard Disks/freebsd.vhd", "Virtual Machines/freebsd.xml", "info.json", "metadata.json"},
	} {
		folder := filepath.Join(t.TempDir(), "boxes")
		path, err := cloudbox.Write(t.Context(), box(format), file(t, image), folder, nil)
		if err != nil {
			t.Fatal(err)
		}
		files := unpacked(t, path)
		var names []string
		for name := range files {
			names = append(names, name)
		}
		if slices.Sort(names); !slices.Equal(names, want) {
			t.Errorf("%s: %q, want %q", format, names, want)
		}
		var metadata struct {
			Provider, Format string
			Size             int `json:"virtual_size"`
		}
		if err := json.Unmarshal(files["metadata.json"], &metadata); err != nil || metadata.Provider != string(format) {
			t.Errorf("metadata %s: %v", files["metadata.json"], err)
		}
		if format == cloudbox.Libvirt && (metadata.Format != "qcow2" || metadata.Size != 1) {
			t.Errorf("metadata %s", files["metadata.json"])
		}
		for name, data := range files {
			if bytes.Contains(data, []byte("NOPASSWD:ALL")) != strings.HasSuffix(name, filepath.Ext("x.img")) && strings.HasPrefix(name, "box.") {
				t.Errorf("the seed is missing in %s", name)
			}
		}
		left, err := os.ReadDir(folder)
		if err != nil || len(left) != 1 {
			t.Errorf("left in the folder: %v, %v", left, err)
		}
	}
}

func TestBoxIsMadeOnce(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	first, err := cloudbox.Write(t.Context(), box(cloudbox.Libvirt), file(t, compressed(t, disktest.CloudImage())), folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := cloudbox.Write(t.Context(), box(cloudbox.Libvirt), nil, folder, nil)
	if err != nil || again != first {
		t.Errorf("%s, %v", again, err)
	}
}

func TestBrokenImagesMakeNoBox(t *testing.T) {
	t.Parallel()
	whole := compressed(t, disktest.CloudImage())
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
	} {
		folder := t.TempDir()
		_, err := cloudbox.Write(tt.ctx, box(cloudbox.Libvirt), file(t, tt.image), folder, nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
		if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
			t.Errorf("%s: left in the folder: %v, %v", name, left, err)
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
		{}, {"15", "amd64", "zfs", ""}, {"15.1", "riscv64", "zfs", ""}, {"15.1", "amd64", "ext4", ""}, {"../15.1", "amd64", "zfs", ""}, {"15.1/..", "amd64", "zfs", ""},
	} {
		if bad.Check() == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
}

func TestVersionFollowsTheContent(t *testing.T) {
	t.Parallel()
	b := box(cloudbox.Libvirt)
	other := b
	other.SHA512 = strings.Repeat("cd", 64)
	if b.Version() == other.Version() || b.File() == other.File() || b.Name() != other.Name() {
		t.Errorf("%s %s, %s %s", b.Version(), b.File(), other.Version(), other.File())
	}
	number, ok := strings.CutPrefix(b.Version(), "15.1.1.")
	if b.Name() != "fbdock/freebsd-15.1" || !ok || strings.Trim(number, "0123456789") != "" {
		t.Errorf("%s %s", b.Name(), b.Version())
	}
	// Vagrant takes a box with the same version for this one: nobody may find
	// another image whose box has it.
	if n, ok := new(big.Int).SetString(number, 10); !ok || n.BitLen() < 112 {
		t.Errorf("%s has %d bits of what it is made of", number, n.BitLen())
	}
	if digits := strings.TrimSuffix(b.File(), ".box"); len(digits) < 64 || strings.Trim(digits[len(digits)-64:], "0123456789abcdef") != "" {
		t.Errorf("the file %s does not tell all that it is made of", b.File())
	}
}

func TestCatalogueOnAnySystem(t *testing.T) {
	t.Parallel()
	data, err := box(cloudbox.Libvirt).Catalogue("/home/a b/x.box", "00ff")
	if err != nil || !strings.Contains(string(data), `"file:///home/a%20b/x.box"`) || !strings.Contains(string(data), `"00ff"`) {
		t.Errorf("%s, %v", data, err)
	}
	if data, err = box(cloudbox.Libvirt).Catalogue("C:/Users/x.box", ""); err != nil || !strings.Contains(string(data), `"file:///C:/Users/x.box"`) {
		t.Errorf("%s, %v", data, err)
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
		t.Error("it is no script to nuageinit")
	}
	begun := false
	for n, line := range strings.Split(string(data), "\n") {
		if !begun && (strings.HasPrefix(line, "#") || line == "") {
			continue
		}
		begun = true
		for _, bad := range []string{"\t", " #", ": "} {
			if strings.Contains(line, bad) {
				t.Errorf("line %d has %q: %s", n+1, bad, line)
			}
		}
		for _, bad := range []string{"#", "---", "..."} {
			if strings.HasPrefix(line, bad) {
				t.Errorf("line %d begins with %q", n+1, bad)
			}
		}
		if strings.HasSuffix(line, ":") {
			t.Errorf("line %d ends with a colon", n+1)
		}
	}
}
