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

// Formats are all that boxes are made in. Parallels is not among them: its
// format of disks and machines (pvm, hdd) has no published specification, no
// program reads it back but Parallels' own, and qemu-img only reads it.
func Formats() []Format { return []Format{Libvirt, HyperV, VirtualBox, VMware, UTM} }

const qemu = "qemu" // takes libvirt's boxes

// Providers are those that boxes are made for.
func Providers() []string {
	providers := []string{qemu}
	for _, format := range Formats() {
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
	return Format(provider), slices.Contains(Formats(), Format(provider))
}

// BIOSOnly tells whether machines of a format that have an amd64 processor boot
// by BIOS and nothing else: QEMU's firmware for UEFI is a file of the host, and
// Vagrant makes machines of Hyper-V's first generation of a VHD.
func (f Format) BIOSOnly() bool { return f == Libvirt || f == HyperV }

// efi tells whether a machine is to boot by UEFI: on arm64 there is no BIOS.
func (s Source) efi() bool { return s.UEFI || s.Architecture == "arm64" }

// What describes the machine to the provider: box.ovf is a descriptor of OVF
// 1.0 (DMTF DSP0243), box.vmx is VMware's own form, config.plist is UTM's,
// version 4 (UTMQemuConfiguration of its source), and hyperv.xml is read by
// Vagrant's import itself, which never gives it to Hyper-V.
//
//go:embed seed/box.ovf seed/box.vmx seed/config.plist seed/hyperv.xml
var descriptors embed.FS

// form is what a format makes of a box beside what all boxes have.
type form struct {
	disk       string // its place in the box
	descriptor string // its place in the box, "" for none
	source     string // of the descriptor
	write      func(out io.WriteSeeker, src io.Reader, l disk.Layout) error
}

func (b Box) form() form {
	system := b.Source.System()
	vmdk := system + "-disk001.vmdk"
	switch b.Format {
	case HyperV:
		return form{"Virtual Hard Disks/" + system + ".vhd", "Virtual Machines/" + system + ".xml", "hyperv.xml", disk.VHD}
	case VirtualBox:
		return form{vmdk, "box.ovf", "box.ovf", func(out io.WriteSeeker, src io.Reader, l disk.Layout) error {
			return disk.StreamVMDK(out, src, l, vmdk)
		}}
	case VMware:
		return form{vmdk, system + ".vmx", "box.vmx", func(out io.WriteSeeker, src io.Reader, l disk.Layout) error {
			return disk.VMDK(out, src, l, vmdk)
		}}
	case UTM:
		return form{"box.utm/Data/" + b.uuid(1) + ".qcow2", "box.utm/config.plist", "config.plist", disk.QCOW2}
	default:
		return form{"box.img", "", "", disk.QCOW2}
	}
}

// guest is what the providers call a system of an architecture.
type guest struct {
	cim        int    // OSType of CIM_OperatingSystem: FreeBSD 64-Bit, LINUX 64-Bit
	virtualBox string // as `VBoxManage list ostypes` has it
	vmware     string
}

func (s Source) guest() guest {
	switch s.System() + " " + s.Architecture {
	case Alpine + " arm64":
		return guest{101, "Linux_arm64", "arm-other-64"}
	case Alpine + " amd64":
		return guest{101, "Linux26_64", "other4xlinux-64"}
	case FreeBSD + " arm64":
		return guest{78, "FreeBSD_arm64", "arm-other-64"}
	}
	return guest{78, "FreeBSD_64", "freebsd-64"}
}

// title is the system for a person: the name of a file of the user's own is not
// in it.
func (s Source) title() string {
	switch version := s.version(); {
	case s.System() == FreeBSD:
		return "FreeBSD " + version
	case version == "0":
		return "Alpine"
	default:
		return "Alpine " + version
	}
}

// describe fills the descriptor. All values are numbers and names of fbdock's
// own, which need no quoting.
func (b Box) describe(f form, fileSize int64) ([]byte, error) {
	t, err := template.ParseFS(descriptors, "seed/"+f.source)
	if err != nil {
		return nil, err
	}
	sum, guest := b.key(), b.Source.guest()
	var out bytes.Buffer
	err = t.Execute(&out, map[string]any{
		"Title": b.Source.title(), "Name": b.Source.System(), "CIM": guest.cim, "VirtualBox": guest.virtualBox, "VMware": guest.vmware, "ARM": b.Source.Architecture == "arm64", "EFI": b.Source.efi(), "Disk": f.disk, "FileSize": fileSize, "Size": b.Size,
		// cloud-init has Alpine configure one card. The one that is left takes the
		// forwarded port of sshd, and nobody but this host reaches it.
		"OneCard": b.Source.System() == Alpine,
		"UUID":    b.uuid(0), "DriveUUID": b.uuid(1),
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
