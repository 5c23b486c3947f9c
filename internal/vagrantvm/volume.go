package vagrantvm

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/run"
)

// libvirtURI is the libvirt that vagrant-libvirt asks, and the pool that it keeps
// volumes in, without settings of the user's own.
const (
	libvirtURI  = "qemu:///system"
	libvirtPool = "default"
)

// volume is the disk of docker's data where libvirt keeps it, as vagrantfiles
// names it.
func (v *VM) volume() string { return v.Plan.Instance + "-docker.qcow2" }

// onVolume runs a command of virsh(1) on the volume.
func (v *VM) onVolume(ctx context.Context, command string, args ...string) (run.Result, error) {
	args = append([]string{"--connect", libvirtURI, command, "--pool", libvirtPool, v.volume()}, args...)
	return v.virsh(ctx, args...)
}

// virsh runs virsh(1), which speaks English to programs.
func (v *VM) virsh(ctx context.Context, args ...string) (run.Result, error) {
	env := slices.DeleteFunc(slices.Clone(v.Environ), func(pair string) bool { return strings.HasPrefix(pair, "LC_ALL=") })
	return v.Runner.Run(ctx, run.Cmd{Name: "virsh", Args: args, Env: append(env, "LC_ALL=C")})
}

// sizeOfVolume is the size of the volume in bytes. Where there is none, and where
// virsh does not tell, it is fs.ErrNotExist: Vagrant makes it, or says what is wrong.
func (v *VM) sizeOfVolume(ctx context.Context) (int64, error) {
	out, err := v.onVolume(ctx, "vol-info", "--bytes")
	if ctx.Err() != nil {
		return 0, err
	}
	if err != nil {
		return 0, fs.ErrNotExist
	}
	for lines := bufio.NewScanner(bytes.NewReader(out.Stdout)); lines.Scan(); {
		if f := strings.Fields(lines.Text()); len(f) == 3 && f[0] == "Capacity:" && f[2] == "bytes" {
			if size, err := strconv.ParseInt(f[1], 10, 64); err == nil && size >= 0 {
				return size, nil
			}
		}
	}
	return 0, fs.ErrNotExist
}

// growVolume has the volume be of size bytes. libvirt refuses that while a VM runs
// on it.
func (v *VM) growVolume(ctx context.Context, size int64) error {
	if _, err := v.onVolume(ctx, "vol-resize", strconv.FormatInt(size, 10)); err != nil {
		return &failure.Error{
			Err:  fmt.Errorf("have the disk of docker's data, the volume %s of libvirt, grow to %s: %w", v.volume(), hcl.Size(size), err),
			Next: fmt.Sprintf("`fbdock halt %s` and then `fbdock up %s`, where the engine runs; or set disk in the engine block to what it was", v.Plan.Name, v.Plan.Name),
		}
	}
	return nil
}

// removeVolume deletes the volume, where there is one (virsh(1), vol-delete).
func (v *VM) removeVolume(ctx context.Context) error {
	switch out, err := v.virsh(ctx, "--connect", libvirtURI, "vol-list", "--pool", libvirtPool); {
	case err != nil && bytes.Contains(out.Stderr, []byte("Storage pool not found")):
		return nil // vagrant-libvirt makes it with the first VM
	case err != nil:
		return v.byHand(err)
	}
	if _, err := v.onVolume(ctx, "vol-info"); err != nil {
		return errors.Join(ctx.Err()) // it is not there
	}
	if _, err := v.onVolume(ctx, "vol-delete"); err != nil {
		return v.byHand(err)
	}
	return nil
}

func (v *VM) byHand(err error) error {
	return &failure.Error{
		Err:  fmt.Errorf("remove docker's data of %s: %w", v.Plan.Name, err),
		Next: fmt.Sprintf("`virsh --connect %s vol-delete --pool %s %s` removes it", libvirtURI, libvirtPool, v.volume()),
	}
}
