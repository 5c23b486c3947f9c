package platforms

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/klauspost/cpuid/v2"
)

// Sources is where facts are read from. Each can be replaced.
type Sources struct {
	OS, Arch string
	ReadFile func(name string) ([]byte, error)
	// Exists answers for files, folders, sockets and devices.
	Exists func(name string) bool
	// Writable answers whether this user may open name for writing.
	Writable func(name string) bool
	// KVM asks /dev/kvm for a VM and gives it back at once. problem is the call
	// that failed and its error, "" where there is a VM; errno is the name of
	// that error, as ENODEV, "" for an answer that is none.
	KVM func() (problem, errno string)
	// List gives the names in a folder.
	List func(dir string) []string
	// LookPath finds a program on PATH.
	LookPath func(name string) (string, error)
	// Run asks a program. nil asks none: versions stay unknown, and reading
	// takes a millisecond instead of a second.
	Run      func(ctx context.Context, name string, args ...string) (string, error)
	Getenv   func(name string) string
	Home     string
	CPU      func() CPU
	Native   func() Native
	Networks func() ([]netip.Prefix, error)
}

// Native is what each system tells through calls of its own.
type Native struct {
	OSVersion string
	Memory    uint64
	FreeDisk  uint64
	// Brand is the processor's name where CPUID cannot say it.
	Brand   string
	Rosetta bool
	Admin   bool
	Server  bool
}

// System is this host. look finds programs, which internal/run does, and
// getenv is its environment.
func System(look func(string) (string, error), getenv func(string) string) Sources {
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	return Sources{
		OS: runtime.GOOS, Arch: runtime.GOARCH,
		ReadFile: os.ReadFile,
		Exists:   func(name string) bool { _, err := os.Stat(name); return err == nil },
		Writable: writable,
		KVM:      askKVM,
		List:     list,
		LookPath: look,
		Getenv:   getenv,
		Home:     home,
		CPU:      processor,
		Native:   func() Native { return native(home) },
		Networks: connected,
	}
}

// writable opens name: for a device the mode alone does not tell. What is no
// file, as a socket, fails too, but only after the permission was found good.
func writable(name string) bool {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return !errors.Is(err, fs.ErrPermission) && !errors.Is(err, fs.ErrNotExist)
	}
	return f.Close() == nil
}

func list(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

func processor() CPU {
	c := cpuid.CPU
	cpu := CPU{
		Vendor: c.VendorID.String(), Brand: strings.TrimSpace(c.BrandName), Count: runtime.NumCPU(),
		VMX: c.Supports(cpuid.VMX), SVM: c.Supports(cpuid.SVM),
	}
	if cpu.Vendor == "VendorUnknown" {
		cpu.Vendor = c.VendorString
	}
	if c.Supports(cpuid.HYPERVISOR) {
		cpu.Hypervisor = hypervisorName(c.HypervisorVendorID)
	}
	return cpu
}

func hypervisorName(v cpuid.Vendor) string {
	switch v {
	case cpuid.MSVM:
		return "Microsoft"
	case cpuid.VMware:
		return "VMware"
	case cpuid.KVM, cpuid.QEMU:
		return "KVM"
	case cpuid.XenHVM:
		return "Xen"
	case cpuid.Bhyve:
		return "bhyve"
	}
	return "unknown"
}

// connected gives the networks of this host's own cards.
func connected() ([]netip.Prefix, error) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var networks []netip.Prefix
	for _, a := range addresses {
		p, err := netip.ParsePrefix(a.String())
		if err == nil && p.Addr().Is4() && !p.Addr().IsLoopback() && !p.Addr().IsLinkLocalUnicast() {
			networks = append(networks, p.Masked())
		}
	}
	return networks, nil
}

// absent tells an absent file from an unreadable one.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
}

// join makes paths of the host that is read about, which need not be this one.
func (s Sources) join(elem ...string) string {
	if s.OS == "windows" {
		return strings.Join(elem, `\`)
	}
	return filepath.ToSlash(filepath.Join(elem...))
}
