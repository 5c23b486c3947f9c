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
	"github.com/fbdock/fbdock/internal/run"
)

// ownFile tells whether the disk of docker's data is a file that fbdock makes and
// keeps. libvirt keeps it as a volume of its own.
func (v *VM) ownFile() bool {
	return v.Plan.Engine.Sibling() && v.Plan.OwnDisk() && v.Plan.Provider == "qemu"
}

// volume is the disk of docker's data where libvirt keeps it, as vagrantfiles
// names it.
func (v *VM) volume() string { return v.Plan.Instance + "-docker.qcow2" }

// ensureDataDisk makes the disk of docker's data where there is none, before the
// engine starts, and has one that is there grow to what is wanted. One that holds
// data is never written anew.
func (v *VM) ensureDataDisk() error {
	if !v.ownFile() {
		return nil
	}
	path, size := v.Files.DataDisk(), int64(v.Plan.Engine.Disk)
	now, err := sizeOf(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := v.Project.Write(path, disk.BlankQCOW2(size)); err != nil {
			return fmt.Errorf("make the disk of docker's data: %w", err)
		}
		return nil
	case err == nil && now < size:
		err = grow(path, size)
	case err == nil:
		err = fits(now, size)
	}
	return v.aboutDisk(err)
}

// CheckData refuses a disk of docker's data that cannot be what is wanted.
func (v *VM) CheckData() error {
	if !v.ownFile() {
		return nil
	}
	now, err := sizeOf(v.Files.DataDisk())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = fits(now, int64(v.Plan.Engine.Disk))
	}
	return v.aboutDisk(err)
}

func (v *VM) aboutDisk(err error) error {
	if err == nil {
		return nil
	}
	return &failure.Error{
		Err:  fmt.Errorf("the disk of docker's data, %s: %w", v.Files.DataDisk(), err),
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
	case v.Plan.Engine.Sibling() && v.Plan.OwnDisk():
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
	case v.Plan.Engine.Sibling() && v.Plan.OwnDisk():
		return v.removeVolume(ctx)
	}
	return nil
}

// removeVolume deletes the volume, where there is one (virsh(1), vol-delete).
func (v *VM) removeVolume(ctx context.Context) error {
	virsh := func(args ...string) error {
		_, err := v.Runner.Run(ctx, run.Cmd{Name: "virsh", Args: append([]string{"--connect", "qemu:///system"}, args...), Env: v.Environ})
		return err
	}
	if err := virsh("vol-list", "--pool", "default"); err != nil {
		return v.byHand(err)
	}
	if virsh("vol-info", "--pool", "default", v.volume()) != nil {
		return nil // it is not there
	}
	if err := virsh("vol-delete", "--pool", "default", v.volume()); err != nil {
		return v.byHand(err)
	}
	return nil
}

func (v *VM) byHand(err error) error {
	return &failure.Error{
		Err:  fmt.Errorf("remove docker's data of %s: %w", v.Plan.Name, err),
		Next: fmt.Sprintf("`virsh --connect qemu:///system vol-delete --pool default %s` removes it", v.volume()),
	}
}
