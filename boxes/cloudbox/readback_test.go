package cloudbox_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/boxes/cloudbox"
	"github.com/fbdock/fbdock/boxes/disk"
	"github.com/fbdock/fbdock/boxes/disk/disktest"
)

// TestBoxesReadBack: the boxes of all providers, made of one image in one go.
// qemu-img converts the disk of each back to the same bytes, those of the image
// where the image has content, and an independent reader takes each descriptor.
func TestBoxesReadBack(t *testing.T) {
	t.Parallel()
	for _, system := range systems {
		// Where the images differ: behind the partitions' table and before the seed.
		image, from, until := disktest.CloudImage(), 2<<20, len(disktest.CloudImage())-33*disk.Sector
		if system == cloudbox.Alpine {
			image, from, until = alpineImage(), 1<<20, 16300*disk.Sector
		}
		list, published := sourced(t, system, "amd64", 64<<20, cloudbox.Formats()...)
		paths, err := cloudbox.Write(t.Context(), list, file(t, published), t.TempDir(), nil)
		if err != nil || len(paths) != 5 {
			t.Fatalf("Write() of %s = %d boxes, %v, want 5", system, len(paths), err)
		}
		var first []byte
		for i, path := range paths {
			name, raw := readBack(t, unpacked(t, path))
			if first == nil {
				first = raw
			}
			switch {
			case len(raw) != 64<<20 || !bytes.Equal(raw, first):
				t.Errorf("%s of %s for %s, converted back, has %d bytes, want the 64 MiB of the first box", name, system, list[i].Format, len(raw))
			case !bytes.Equal(raw[from:until], image[from:until]):
				t.Errorf("%s of %s for %s: want the bytes of the image from %d to %d", name, system, list[i].Format, from, until)
			}
		}
		if !bytes.Contains(first, []byte("instance-id: fbdock-")) {
			t.Errorf("disk of %s: want the seed in it", system)
		}
	}
}

// readBack has the tools of others read what is in a box: each descriptor, and
// the disk, which is given as qemu-img converts it to raw.
func readBack(t *testing.T, files map[string][]byte) (name string, raw []byte) {
	t.Helper()
	dir := t.TempDir()
	for path, data := range files {
		file := filepath.Join(dir, filepath.Base(path))
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		switch filepath.Ext(path) {
		case ".ovf", ".xml":
			ask(t, "xmllint", "--nonet", "--noout", file)
		case ".plist":
			ask(t, "python3", "-c", "import plistlib, sys; plistlib.load(open(sys.argv[1], 'rb'))", file)
		case ".json":
			ask(t, "python3", "-c", "import json, sys; json.load(open(sys.argv[1]))", file)
		}
		if path == "Vagrantfile" {
			ask(t, "ruby", "-c", file)
		}
	}
	for path := range files {
		format := map[string]string{".img": "qcow2", ".qcow2": "qcow2", ".vhd": "vpc", ".vmdk": "vmdk"}[filepath.Ext(path)]
		if format == "" {
			continue
		}
		if name != "" {
			t.Errorf("disks in a box = %s and %s, want one", name, path)
		}
		name = path
		from, to := filepath.Join(dir, filepath.Base(path)), filepath.Join(dir, "raw")
		ask(t, "qemu-img", "convert", "-f", format, "-O", "raw", from, to)
		data, err := os.ReadFile(to)
		if err != nil {
			t.Fatal(err)
		}
		raw = data
	}
	if descriptors := strings.Count(strings.Join(names(files), " "), ".json"); descriptors != 2 {
		t.Errorf("files of a box = %q, want metadata.json and info.json", names(files))
	}
	return name, raw
}

func names(files map[string][]byte) (list []string) {
	for name := range files {
		list = append(list, name)
	}
	return list
}
