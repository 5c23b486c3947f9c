package disk_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/boxes/disk"
)

const gib = int64(1) << 30

// A blank disk is what QEMU takes for one, and takes data; grown it has the data
// and the room, where QEMU writes as well.
func TestBlankQCOW2(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{gib, 40 * gib, 40*gib + 1, 5 << 40} {
		path := filepath.Join(t.TempDir(), "docker.qcow2")
		if err := os.WriteFile(path, disk.BlankQCOW2(size), 0o600); err != nil {
			t.Fatal(err)
		}
		want := (size + 511) / 512 * 512
		isOf(t, path, want)
		tool(t, "qemu-io", "-f", "qcow2", "-c", "write -P 7 0 1M", "-c", fmt.Sprintf("write -P 8 %d 512", want-512), path)
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := disk.GrowQCOW2(f, size/2); err != nil {
			t.Errorf("GrowQCOW2 to half of the size: %v, want the disk as it is", err)
		}
		err = disk.GrowQCOW2(f, 2*size)
		if size > 4<<40 {
			if err == nil {
				t.Errorf("GrowQCOW2 from %d to %d = nil, want that its first table does not reach", size, 2*size)
			}
			_ = f.Close()
			continue
		}
		if err != nil || f.Close() != nil {
			t.Fatalf("GrowQCOW2: %v", err)
		}
		grown := (2*size + 511) / 512 * 512
		isOf(t, path, grown)
		tool(t, "qemu-io", "-f", "qcow2", "-c", "read -P 7 0 1M", "-c", fmt.Sprintf("read -P 8 %d 512", want-512),
			"-c", fmt.Sprintf("write -P 9 %d 512", grown-512), "-c", fmt.Sprintf("read -P 9 %d 512", grown-512), path)
		isOf(t, path, grown)
	}
}

func isOf(t *testing.T, path string, want int64) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() // only read
	if got, err := disk.SizeQCOW2(f); err != nil || got != want {
		t.Errorf("SizeQCOW2 = %d, %v, want %d", got, err, want)
	}
	tool(t, "qemu-img", "check", "-f", "qcow2", path)
	if said := tool(t, "qemu-img", "info", "-f", "qcow2", path); !strings.Contains(said, fmt.Sprintf("(%d bytes)", want)) {
		t.Errorf("qemu-img info says %s, want %d bytes", said, want)
	}
}

// What fbdock did not make is not grown.
func TestGrowForeignQCOW2(t *testing.T) {
	t.Parallel()
	blank := disk.BlankQCOW2(gib)
	for name, change := range map[string]func([]byte) []byte{
		"no qcow2":           func(b []byte) []byte { b[0] = 0; return b },
		"version 4":          func(b []byte) []byte { b[7] = 4; return b },
		"a backing file":     func(b []byte) []byte { b[15] = 1; return b },
		"snapshots":          func(b []byte) []byte { b[63] = 1; return b },
		"small clusters":     func(b []byte) []byte { b[23] = 12; return b },
		"a part of a header": func(b []byte) []byte { return b[:71] },
	} {
		path := filepath.Join(t.TempDir(), "x.qcow2")
		changed := change(bytes.Clone(blank))
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := disk.GrowQCOW2(f, 2*gib); err == nil {
			t.Errorf("GrowQCOW2 of a file with %s = nil, want an error", name)
		}
		if now, _ := os.ReadFile(path); string(now) != string(changed) {
			t.Errorf("GrowQCOW2 of a file with %s wrote to it", name)
		}
	}
}
