package cloudbox

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/template"

	"github.com/fbdock/fbdock/boxes/disk"
)

// Format is the kind of a box.
type Format string

// The formats; a provider's plugin decides which one it takes.
const (
	Libvirt    Format = "libvirt" // vagrant-libvirt, and vagrant-qemu as well
	HyperV     Format = "hyperv"
	VirtualBox Format = "virtualbox"
	VMware     Format = "vmware_desktop"
	UTM        Format = "utm"
)

// Formats are all that boxes of a system are made in.
func Formats(system string) []Format {
	if system == Alpine {
		return []Format{Libvirt}
	}
	return []Format{Libvirt, HyperV, VirtualBox, VMware, UTM}
}

const qemu = "qemu" // takes libvirt's boxes

// Providers are those that boxes of a system are made for.
func Providers(system string) []string {
	providers := []string{qemu}
	for _, format := range Formats(system) {
		providers = append(providers, string(format))
	}
	slices.Sort(providers)
	return providers
}

// FormatOf is the format of the boxes that a provider takes.
func FormatOf(provider string) (Format, bool) {
	if provider == qemu {
		return Libvirt, true
	}
	return Format(provider), slices.Contains(Formats(FreeBSD), Format(provider))
}

// What describes the machine to the provider: box.ovf is a descriptor of OVF
// 1.0 (DMTF DSP0243), freebsd.vmx is VMware's own form, config.plist is UTM's,
// version 4 (UTMQemuConfiguration of its source), and hyperv.xml is read by
// Vagrant's import itself, which never gives it to Hyper-V.
//
//go:embed seed/box.ovf seed/freebsd.vmx seed/config.plist seed/hyperv.xml
var descriptors embed.FS

// form is what a format makes of a box beside what all boxes have.
type form struct {
	disk       string // its place in the box
	descriptor string // its place in the box, "" for none
	source     string // of the descriptor
	write      func(out io.WriteSeeker, src io.Reader, l disk.Layout) error
}

func (b Box) form() form {
	const vmdk = "freebsd-disk001.vmdk"
	switch b.Format {
	case HyperV:
		return form{"Virtual Hard Disks/freebsd.vhd", "Virtual Machines/freebsd.xml", "hyperv.xml", disk.VHD}
	case VirtualBox:
		return form{vmdk, "box.ovf", "box.ovf", func(out io.WriteSeeker, src io.Reader, l disk.Layout) error {
			return disk.StreamVMDK(out, src, l, vmdk)
		}}
	case VMware:
		return form{vmdk, "freebsd.vmx", "freebsd.vmx", func(out io.WriteSeeker, src io.Reader, l disk.Layout) error {
			return disk.VMDK(out, src, l, vmdk)
		}}
	case UTM:
		return form{"box.utm/Data/" + b.uuid(1) + ".qcow2", "box.utm/config.plist", "config.plist", disk.QCOW2}
	default:
		return form{"box.img", "", "", disk.QCOW2}
	}
}

// describe fills the descriptor. All values are numbers and the names of
// files, which need no quoting.
func (b Box) describe(f form, fileSize int64) ([]byte, error) {
	t, err := template.ParseFS(descriptors, "seed/"+f.source)
	if err != nil {
		return nil, err
	}
	sum := b.key()
	var out bytes.Buffer
	err = t.Execute(&out, map[string]any{
		"Release": b.Source.Release, "ARM": b.Source.Architecture == "arm64", "Disk": f.disk, "FileSize": fileSize, "Size": b.Size,
		"UUID": b.uuid(0), "DriveUUID": b.uuid(1),
		// Locally administered; the plugin gives each machine others.
		"MAC": fmt.Sprintf("02:%02X:%02X:%02X:%02X", sum[0], sum[1], sum[2], sum[3]),
	})
	return out.Bytes(), err
}

// uuid is the nth identifier (RFC 9562, version 8) of the box.
func (b Box) uuid(n byte) string {
	sum := b.key()
	sum[0] ^= n
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	return strings.ToUpper(fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16]))
}
