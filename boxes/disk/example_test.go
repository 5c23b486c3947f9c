package disk_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/fbdock/fbdock/boxes/disk"
	"github.com/fbdock/fbdock/boxes/disk/disktest"
)

// A seed is put into a cloud image, whose partition table grows with the disk.
func Example() {
	image := disktest.CloudImage()
	layout, err := disk.Plan(image[:disk.Head], disk.Wanted{
		Size: 64 << 20, Label: "cidata", Files: []disk.File{{Name: "meta-data", Data: []byte("instance-id: one\n")}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := os.MkdirTemp("", "disk")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the system removes it otherwise
	out, err := os.Create(filepath.Join(dir, "box.qcow2"))
	if err != nil {
		fmt.Println(err)
		return
	}
	err = disk.QCOW2(out, bytes.NewReader(image), layout)
	fmt.Println(layout.Size, len(layout.Patches) > 0, err, out.Close())
	// Output:
	// 67108864 true <nil> <nil>
}
