package platforms

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// The requests of /dev/kvm, from Linux' Documentation/virt/kvm/api.rst and
// include/uapi/linux/kvm.h.
const (
	kvmGetAPIVersion  = 0xAE00
	kvmCreateVM       = 0xAE01
	kvmCheckExtension = 0xAE03

	// kvmAPIVersion is the only one: "Applications should refuse to run if
	// KVM_GET_API_VERSION returns a value other than 12."
	kvmAPIVersion = 12

	// kvmCapARMVMIPASize gives the bits of a VM's addresses on ARM. The VM of
	// type 0 has armIPABits of them, and fails where the processor has fewer.
	kvmCapARMVMIPASize = 165
	armIPABits         = 40
)

// askKVM makes a VM without processors or memory, and closes it. That /dev/kvm
// opens does not tell that it works: the node may have no driver behind it, be
// that of something else, or belong to a KVM whose processor is taken.
func askKVM() (problem, errno string) { return askForVM("/dev/kvm") }

func askForVM(device string) (problem, errno string) {
	f, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		if path, ok := errors.AsType[*fs.PathError](err); ok {
			err = path.Err
		}
		return kvmProblem("open", err)
	}
	defer f.Close()
	fd := int(f.Fd())
	version, err := unix.IoctlRetInt(fd, kvmGetAPIVersion)
	if err != nil {
		return kvmProblem("KVM_GET_API_VERSION", err)
	}
	if version != kvmAPIVersion {
		return fmt.Sprintf("its API has version %d, not %d", version, kvmAPIVersion), ""
	}
	vm, err := kvmIoctl(fd, kvmCreateVM, vmType(fd))
	if err != nil {
		return kvmProblem("KVM_CREATE_VM", err)
	}
	if err := unix.Close(vm); err != nil {
		return kvmProblem("close the VM", err)
	}
	return "", ""
}

// vmType is the argument of KVM_CREATE_VM for a VM that this processor has room
// for (api.rst, 4.2).
func vmType(kvm int) uintptr {
	if runtime.GOARCH != "arm64" {
		return 0
	}
	bits, err := kvmIoctl(kvm, kvmCheckExtension, kvmCapARMVMIPASize)
	if err != nil || bits <= 0 || bits >= armIPABits {
		return 0
	}
	return uintptr(bits)
}

// kvmIoctl repeats what a signal interrupted: KVM_CREATE_VM ends with EINTR
// then, and Go's scheduler sends signals to its own threads.
func kvmIoctl(fd int, request, arg uintptr) (int, error) {
	for {
		r, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, arg)
		switch errno {
		case 0:
			return int(r), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}

func kvmProblem(call string, err error) (problem, errno string) {
	e, ok := errors.AsType[syscall.Errno](err)
	if !ok {
		return call + ": " + err.Error(), ""
	}
	name := unix.ErrnoName(e)
	return fmt.Sprintf("%s: %v (%s)", call, e, name), name
}
