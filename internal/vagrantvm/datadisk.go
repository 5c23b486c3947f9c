package vagrantvm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/fbdock/fbdock/boxes/disk"
	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/privatefile"
)

// ownFile tells whether the disk of docker's data is a file that fbdock makes and
// keeps.
func (v *VM) ownFile() bool {
	return v.Plan.Engine.Sibling() && v.Plan.OwnDisk() && v.Plan.Provider == "qemu"
}

// ownVolume tells whether it is a volume that libvirt makes and keeps.
func (v *VM) ownVolume() bool {
	return v.Plan.Engine.Sibling() && v.Plan.OwnDisk() && !v.ownFile()
}

// ensureDataDisk makes the disk of docker's data where there is none, before the
// engine starts, and has one that is there grow to what is wanted. One that holds
// data is never written anew.
func (v *VM) ensureDataDisk(ctx context.Context) error {
	now, err := v.sizeOfData(ctx)
	switch size := v.sizeWanted(); {
	case !errors.Is(err, fs.ErrNotExist) && err != nil:
		return v.aboutDisk(err)
	case err != nil && v.ownFile():
		if err := v.Project.Write(v.Files.DataDisk(), disk.BlankQCOW2(size)); err != nil {
			return fmt.Errorf("make the disk of docker's data: %w", err)
		}
	case err != nil: // Vagrant makes it
	case now >= size:
		return v.aboutDisk(fits(now, size))
	case v.ownFile():
		return v.aboutDisk(grow(v.Files.DataDisk(), size))
	default:
		return v.growVolume(ctx, size)
	}
	return nil
}

// CheckData refuses a disk of docker's data that cannot be what is wanted.
func (v *VM) CheckData(ctx context.Context) error {
	now, err := v.sizeOfData(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = fits(now, v.sizeWanted())
	}
	return v.aboutDisk(err)
}

// sizeOfData is the size in bytes of the disk of docker's data, and fs.ErrNotExist
// where there is none of its own.
func (v *VM) sizeOfData(ctx context.Context) (int64, error) {
	switch {
	case v.ownFile():
		return sizeOf(v.Files.DataDisk())
	case v.ownVolume():
		return v.sizeOfVolume(ctx)
	}
	return 0, fs.ErrNotExist
}

// sizeWanted is the size in bytes that the disk of docker's data is to have. The
// Vagrantfile gives libvirt mebibytes.
func (v *VM) sizeWanted() int64 {
	size := v.Plan.Engine.Disk
	if v.ownVolume() {
		size = (size + hcl.MiB - 1) / hcl.MiB * hcl.MiB
	}
	return int64(size)
}

func (v *VM) aboutDisk(err error) error {
	if err == nil {
		return nil
	}
	return &failure.Error{
		Err:  fmt.Errorf("the disk of docker's data, %s: %w", v.KeptData(), err),
		Next: fmt.Sprintf("set disk in the engine block to what it has; or `fbdock destroy --data %s` removes it, with all images, containers and volumes", v.Plan.Name),
	}
}

// sizeOf is the size of a disk. It is only read: a QEMU may run on it, which on
// Windows lets nobody else write.
func sizeOf(path string) (int64, error) {
	f, err := privatefile.Open(path, os.O_RDONLY)
	if err != nil {
		return 0, err
	}
	defer f.Close() // only read
	return disk.SizeQCOW2(f)
}

// fits tells why a disk cannot become one of size bytes. It does not shrink: what
// is behind may hold data.
func fits(now, size int64) error {
	if now > (size+disk.Sector-1)/disk.Sector*disk.Sector {
		return fmt.Errorf("it has %s and does not shrink to %s", hcl.Size(now), hcl.Size(size))
	}
	return nil
}

// grow has a disk be of size bytes.
func grow(path string, size int64) error {
	f, err := privatefile.Open(path, os.O_RDWR)
	if err != nil {
		return err
	}
	err = disk.GrowQCOW2(f, size)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// KeptData says where docker's data stays when the machine is destroyed, "" where
// it goes with its VM.
func (v *VM) KeptData() string {
	switch {
	case v.ownFile():
		if _, err := os.Lstat(v.Files.DataDisk()); errors.Is(err, fs.ErrNotExist) {
			return ""
		}
		return v.Files.DataDisk()
	case v.ownVolume():
		return "the volume " + v.volume() + " of libvirt"
	}
	return ""
}

// RemoveData removes the disk of docker's data. The machine is destroyed before.
func (v *VM) RemoveData(ctx context.Context) error {
	switch {
	case v.ownFile():
		if err := os.Remove(v.Files.DataDisk()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the disk of docker's data: %w", err)
		}
	case v.ownVolume():
		return v.removeVolume(ctx)
	}
	return nil
}
