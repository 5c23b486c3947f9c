// Command enginedisk makes of an image of Alpine the disk of a box, with the
// seed of the first boot in it, as fbdock makes it for a provider that has
// boxes: enginedisk ALPINE.qcow2 DISK.qcow2. The lab's engine beside FreeBSD
// starts from it.
package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/fbdock/fbdock/boxes/cloudbox"
)

// size of the disk: what a small machine has room for when a test fills it.
const size = 16 << 30

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: enginedisk ALPINE.qcow2 DISK.qcow2")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "enginedisk:", err)
		os.Exit(1)
	}
}

func write(image, out string) (err error) {
	in, err := os.Open(image)
	if err != nil {
		return err
	}
	defer in.Close()
	sum := sha512.New()
	if _, err := io.Copy(sum, in); err != nil {
		return err
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return err
	}
	work, err := os.MkdirTemp(filepath.Dir(out), "work-enginedisk-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	box := cloudbox.Box{
		Source: cloudbox.Source{Engine: "alpine-lab", Architecture: "amd64"}, SHA512: hex.EncodeToString(sum.Sum(nil)), Format: cloudbox.Libvirt, Size: size,
	}
	made, err := cloudbox.Write(context.Background(), []cloudbox.Box{box}, in, work, nil)
	if err != nil {
		return err
	}
	return extract(made[0], out)
}

// extract takes the disk out of a box.
func extract(box, out string) error {
	f, err := os.Open(box)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for r := tar.NewReader(z); ; {
		head, err := r.Next()
		if err != nil {
			return fmt.Errorf("find box.img in the box: %w", err)
		}
		if filepath.Clean(head.Name) == "box.img" {
			return save(r, out)
		}
	}
}

func save(r io.Reader, out string) error {
	f, err := os.Create(out + ".part")
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, r); err != nil {
		return errors.Join(err, f.Close())
	}
	return errors.Join(f.Close(), os.Rename(out+".part", out))
}
