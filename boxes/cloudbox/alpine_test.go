package cloudbox_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/boxes/cloudbox"
	"github.com/fbdock/fbdock/boxes/disk"
	"github.com/fbdock/fbdock/boxes/disk/disktest"
)

// alpineImage is a disk with the partitions of Alpine's images that boot by
// UEFI: the last one ends with the disk, and there is none for a seed.
func alpineImage() []byte {
	image := disktest.Raw(8<<20, disktest.Partition{Name: "EFI", Start: 1024, End: 2047}, disktest.Partition{Name: "/", Start: 2048, End: 16300})
	copy(image[1030*disk.Sector:], "BOOTX64 EFI")
	return image
}

func alpineBox(size int64) cloudbox.Box {
	return cloudbox.Box{
		Source: cloudbox.Source{Engine: "alpine-3.24", Architecture: "amd64"}, SHA512: strings.Repeat("ab", 64), Format: cloudbox.Libvirt, Size: size,
	}
}

func judge(t *testing.T, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not here to judge", name)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v, want no error", name, args, err)
	}
	return string(out)
}

// alpineDisk is the disk of a box that is made of image as qemu-img has it, as
// qemu-img gives it back.
func alpineDisk(t *testing.T, image []byte, size int64, args ...string) (raw string, files map[string][]byte) {
	t.Helper()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(at("image.raw"), image, 0o600); err != nil {
		t.Fatal(err)
	}
	judge(t, "qemu-img", append(append([]string{"convert", "-f", "raw"}, args...), at("image.raw"), at("image"))...)
	f, err := os.Open(at("image"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	paths, err := cloudbox.Write(t.Context(), []cloudbox.Box{alpineBox(size)}, f, at("boxes"), nil)
	if err != nil {
		t.Fatal(err)
	}
	files = unpacked(t, paths[0])
	if err := os.WriteFile(at("box.img"), files["box.img"], 0o600); err != nil {
		t.Fatal(err)
	}
	judge(t, "qemu-img", "check", "-f", "qcow2", at("box.img"))
	judge(t, "qemu-img", "convert", "-f", "qcow2", "-O", "raw", at("box.img"), at("box.raw"))
	return at("box.raw"), files
}

// TestAlpineBox: qemu-img, sfdisk and mtools find the image in the box, its last
// partition as large as the disk allows, and the seed behind it.
func TestAlpineBox(t *testing.T) {
	t.Parallel()
	image := alpineImage()
	raw, files := alpineDisk(t, image, 1<<30, "-c", "-O", "qcow2")
	if !strings.Contains(string(files["Vagrantfile"]), ":alpine") || !strings.Contains(string(files["info.json"]), "Alpine") {
		t.Errorf("the box's Vagrantfile is %s, its info.json %s, want them to name Alpine", files["Vagrantfile"], files["info.json"])
	}
	got, err := os.ReadFile(raw)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1<<30 || !bytes.Equal(got[1<<20:16300*disk.Sector], image[1<<20:16300*disk.Sector]) {
		t.Errorf("the disk has %d bytes, want %d and the content of the image", len(got), 1<<30)
	}
	var table struct {
		Table struct {
			Partitions []struct {
				Start, Size int64
				Name        string
			} `json:"partitions"`
		} `json:"partitiontable"`
	}
	if err := json.Unmarshal([]byte(judge(t, "sfdisk", "--json", raw)), &table); err != nil || len(table.Table.Partitions) != 3 {
		t.Fatalf("sfdisk --json = %+v, %v, want 3 partitions", table, err)
	}
	root, seed := table.Table.Partitions[1], table.Table.Partitions[2]
	if root.Name != "/" || root.Start != 2048 || root.Start+root.Size != seed.Start || seed.Size != 2048 || seed.Start+seed.Size > 1<<30/disk.Sector-33 {
		t.Errorf("partitions = %+v, want a root from sector 2048 and a seed of 2048 sectors behind it", table.Table.Partitions)
	}
	fs := filepath.Join(filepath.Dir(raw), "seed")
	if err := os.WriteFile(fs, got[seed.Start*disk.Sector:][:seed.Size*disk.Sector], 0o600); err != nil {
		t.Fatal(err)
	}
	if label := judge(t, "mlabel", "-s", "-i", fs, "::"); !strings.Contains(label, "cidata") {
		t.Errorf("mlabel -s = %q, want cidata", label)
	}
	script, err := os.ReadFile("seed/alpine/user-data.sh")
	if err != nil {
		t.Fatal(err)
	}
	if text := judge(t, "mtype", "-i", fs, "::user-data"); text != string(script) {
		t.Errorf("user-data = %q, want %q", text, script)
	}
	if text := judge(t, "mtype", "-i", fs, "::meta-data"); !strings.HasPrefix(text, "instance-id: fbdock-") {
		t.Errorf("meta-data = %q, want it to begin with instance-id: fbdock-", text)
	}
}

// TestAlpineBoxOfAnyForm: a raw file and a qcow2 file make the same disk.
func TestAlpineBoxOfAnyForm(t *testing.T) {
	t.Parallel()
	var want string
	for _, args := range [][]string{{"-O", "raw"}, {"-O", "qcow2"}, {"-O", "qcow2", "-o", "compat=0.10,cluster_size=512"}} {
		raw, _ := alpineDisk(t, alpineImage(), 64<<20, args...)
		got := judge(t, "sha256sum", raw)[:64]
		if want != "" && got != want {
			t.Errorf("SHA-256 of the disk made with qemu-img %q = %s, want %s", args, got, want)
		}
		want = got
	}
}

func TestAlpineImagesThatMakeNoBox(t *testing.T) {
	t.Parallel()
	arm := alpineImage()
	copy(arm[1030*disk.Sector:], "BOOTAA64EFI")
	cut := []byte("QFI\xfb")
	for name, tt := range map[string]struct {
		image []byte
		want  string
	}{
		"empty":         {nil, "unpack"},
		"no table":      {make([]byte, 4<<20), disk.ErrNoTable.Error()},
		"too short":     {alpineImage()[:6<<20], "ends after"},
		"a qcow2 cut":   {cut, "unpack"},
		"of arm64":      {arm, "not of amd64"},
		"xz of FreeBSD": {compressed(t, disktest.CloudImage()), disk.ErrNoTable.Error()},
	} {
		folder := t.TempDir()
		_, err := cloudbox.Write(t.Context(), []cloudbox.Box{alpineBox(64 << 20)}, file(t, tt.image), folder, nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Write() with the image %s: error = %v, want one that says %q", name, err, tt.want)
		}
		if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
			t.Errorf("Write() with %s left %v, %v in the folder, want nothing", name, left, err)
		}
	}
}

func TestAlpineNames(t *testing.T) {
	t.Parallel()
	for engine, want := range map[string][2]string{
		"alpine-3.24": {"fbdock/alpine-3.24", "3.24.1."}, "engine.qcow2": {"fbdock/engine.qcow2", "0.1."}, "alpine-..": {"fbdock/alpine-..", "0.1."},
	} {
		b := alpineBox(1 << 30)
		b.Source.Engine = engine
		if number, ok := strings.CutPrefix(b.Version(), want[1]); b.Name() != want[0] || !ok || strings.Trim(number, "0123456789") != "" {
			t.Errorf("Name(), Version() with engine %s = %s, %s, want %s, %sNUMBER", engine, b.Name(), b.Version(), want[0], want[1])
		}
	}
	freebsd := box(cloudbox.Libvirt)
	if a := alpineBox(freebsd.Size); a.File() == freebsd.File() || a.Source.Check() != nil || a.Source.System() != cloudbox.Alpine {
		t.Errorf("File(), Check() of an Alpine box = %s, %v, want a name of its own and no error", a.File(), a.Source.Check())
	}
}
