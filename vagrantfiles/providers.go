package vagrantfiles

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/plan"
)

// provider knows the words of one Vagrant provider. Only keys that the
// provider documents are written: for the provider in use Vagrant refuses
// the unknown ones, and vagrant-qemu swallows them.
type provider struct {
	// settings fills the provider's block; its variable is v.
	settings func(f *file, m vm)
	// machine adds lines outside of it, nil for none.
	machine func(f *file, m vm)
	// network adds the card of the network between FreeBSD and an engine beside
	// it to a VM, and card does so within the provider's block; nil for none.
	network func(f *file, c card)
	card    func(f *file, c card)
	// data attaches the disk of docker's data within the provider's block; nil
	// for a provider whose VMs take all their disks with them.
	data func(f *file, m plan.Machine)
	// boxless providers have no Vagrant box.
	boxless bool
}

func providerOf(m plan.Machine) (provider, error) {
	switch m.Provider {
	case "virtualbox":
		return provider{settings: virtualbox, machine: virtualboxMAC, network: virtualboxNetwork}, nil
	case "vmware_desktop":
		return provider{settings: vmware, card: vmwareCard}, nil
	case "libvirt":
		return provider{settings: libvirt, network: libvirtNetwork, data: libvirtData}, nil
	case "hyperv":
		return provider{settings: hyperv, machine: hypervSwitch}, nil
	case "parallels":
		return provider{settings: parallels, card: parallelsCard}, nil
	case "qemu":
		return provider{settings: qemu, card: qemuCard, data: qemuData}, nil
	case "utm":
		return provider{settings: utm, machine: utmPort}, nil
	case "docker":
		return provider{settings: docker, machine: dockerEngine, network: dockerNetwork, card: dockerCard, boxless: true}, nil
	}
	return provider{}, fmt.Errorf("no Vagrantfile is known for provider %q", m.Provider)
}

// vm is what Vagrant calls a machine: the FreeBSD of a machine, or the engine
// beside it.
type vm struct {
	plan.Machine
	engine bool
	image  string // file of the engine's disk, "" where it is not known
}

// nested tells whether an engine is to run in the VM.
func (m vm) nested() bool { return !m.Engine.Sibling() }

// mebibytes rounds up: a guest must not get less than was planned.
func mebibytes(s hcl.Size) uint64 { return uint64((s + hcl.MiB - 1) / hcl.MiB) }

func intel(m vm) bool { return m.Box.Architecture != "arm64" }

// size writes the two settings that most providers spell alike.
func size(f *file, m vm) {
	f.line("v.cpus = %d", m.CPUs)
	f.line("v.memory = %d", mebibytes(m.Memory))
}

func virtualbox(f *file, m vm) {
	f.line("v.name = %s", quote(m.Instance))
	size(f, m)
	f.line("v.linked_clone = true")
	f.line("v.check_guest_additions = false")
	f.line("v.functional_vboxsf = false")
	switch {
	case m.engine && intel(m):
		f.line(`v.default_nic_type = "virtio"`)
		return
	case !intel(m) && m.nested():
		f.comment("VirtualBox has no nested virtualization on ARM.")
		return
	case !intel(m):
		return
	}
	f.comment("No virtio here: FreeBSD freezes with it on VirtualBox 7.1.16 and 7.2.6.")
	f.line(`v.default_nic_type = "82540EM"`)
	if !m.nested() {
		return
	}
	f.line(`v.customize ["modifyvm", :id, "--nested-hw-virt", "on"]`)
	f.line(`v.customize ["modifyvm", :id, "--nestedpaging", "on"]`)
	f.line(`v.customize ["modifyvm", :id, "--ioapic", "on"]`)
}

// virtualboxMAC spares boxes without one the error "No base MAC address
// was specified". It is the machine's own, so that bridged ones differ.
func virtualboxMAC(f *file, m vm) {
	sum := sha256.Sum256([]byte(m.Instance))
	f.line("machine.vm.base_mac = %s", quote(fmt.Sprintf("080027%02X%02X%02X", sum[0], sum[1], sum[2])))
}

func vmware(f *file, m vm) {
	size(f, m)
	f.line("v.gui = false")
	f.line("v.linked_clone = true")
	f.line("v.functional_hgfs = false")
	f.line("v.allowlist_verified = true")
	f.line(`v.vmx["displayname"] = %s`, quote(m.Instance))
	switch {
	case !m.nested():
		return
	case !intel(m):
		f.comment("Fusion has no nested virtualization on Apple silicon.")
		return
	}
	f.comment("The network card stays the box's own: its rc.conf may name it.")
	f.line(`v.vmx["vhv.enable"] = "TRUE"`)
	f.line(`v.vmx["vpmc.enable"] = "FALSE"`)
	f.line(`v.vmx["virtualhw.version"] = "19"`)
}

func libvirt(f *file, m vm) {
	if m.Emulated() {
		f.comment("As hypervisor = \"qemu\" asks: emulated, which every host can do.")
		f.line(`v.driver = "qemu"`)
	} else {
		f.line(`v.driver = "kvm"`)
	}
	size(f, m)
	if m.nested() {
		f.line("v.nested = true")
	}
	if m.Emulated() {
		f.line(`v.cpu_mode = "maximum"`)
	} else {
		f.line(`v.cpu_mode = "host-passthrough"`)
	}
	f.comment("Disk and network card are virtio unless the box says otherwise: its")
	f.comment("fstab and rc.conf may name them.")
	f.line(`v.graphics_type = "none"`)
	f.line("v.default_prefix = %s", quote(m.Instance+"-"))
	f.line("v.qemu_use_session = false")
}

func hyperv(f *file, m vm) {
	f.line("v.vmname = %s", quote(m.Instance))
	if m.nested() {
		f.comment("No maxmemory: dynamic memory and nesting exclude each other.")
	}
	size(f, m)
	f.line("v.linked_clone = true")
	if m.nested() {
		f.line("v.enable_virtualization_extensions = true")
	}
	f.line("v.enable_checkpoints = false")
	f.line("v.enable_automatic_checkpoints = false")
	f.line(`v.auto_stop_action = "ShutDown"`)
	f.line(`v.auto_start_action = "Nothing"`)
	f.line("v.ip_address_timeout = 300")
}

func hypervSwitch(f *file, _ vm) {
	f.comment("Names the switch; without it Vagrant asks.")
	f.line(`machine.vm.network "public_network", bridge: "Default Switch"`)
}

func parallels(f *file, m vm) {
	f.line("v.name = %s", quote(m.Instance))
	size(f, m)
	f.line("v.linked_clone = true")
	f.line("v.check_guest_tools = false")
	f.line("v.update_guest_tools = false")
	f.line("v.functional_psf = false")
	switch {
	case !m.nested():
	case intel(m):
		f.comment("Wants Parallels Desktop Pro or Business.")
		f.line(`v.customize "post-import", ["set", :id, "--nested-virt", "on"]`)
	default:
		f.comment("Parallels has no nested virtualization on Apple silicon.")
	}
}

func qemu(f *file, m vm) {
	// Without a word QEMU emulates, and then has no CPU "host". Of a list it
	// takes the first that works (qemu(1), -accel).
	accel, cpu := "kvm:hvf", "host"
	if m.Emulated() {
		f.comment("As hypervisor = \"qemu\" asks: emulated, which every host can do.")
		accel, cpu = "tcg", "max"
	}
	switch {
	case intel(m):
		f.line(`v.arch = "x86_64"`)
		f.line(`v.machine = "q35,accel=%s"`, accel)
	case m.Engine.Hypervisor == "bhyve":
		f.comment("Nesting wants QEMU 11.1, macOS 26 and an M3 or later.")
		f.line(`v.arch = "aarch64"`)
		f.line(`v.machine = "virt,accel=%s,gic-version=3,virtualization=on"`, accel)
	default:
		f.line(`v.arch = "aarch64"`)
		f.line(`v.machine = "virt,accel=%s"`, accel)
	}
	f.line("v.cpu = %s", quote(cpu))
	f.line("v.smp = %s", quote(fmt.Sprint(m.CPUs)))
	f.line("v.memory = %s", quote(fmt.Sprintf("%dM", mebibytes(m.Memory))))
	f.line(`v.net_device = "virtio-net-pci"`)
	f.line(`v.drive_interface = "virtio"`)
	f.comment("vagrant-qemu opens this port on all addresses of the host.")
	port := qemuPort(m.Instance)
	f.line("v.ssh_port = %d", port)
	f.line("v.ssh_auto_correct = true")
	f.open("if Vagrant::Util::Platform.windows?")
	f.line("v.no_daemonize = true")
	f.line("v.control_port = %d", port+1)
	f.line("v.debug_port = %d", port+2)
	f.end()
}

// qemuPort spreads the machines of a host over 3000 places of ports, each
// with room for the two that Windows wants, below the ephemeral ones of
// Windows and macOS (from 49152).
func qemuPort(instance string) int {
	sum := sha256.Sum256([]byte(instance))
	return 40000 + 3*int(binary.BigEndian.Uint16(sum[:2])%3000)
}

// utmPort names the card of an engine, which has one alone: vagrant_utm forwards
// ports to the second card where it is not told (model/forwarded_port.rb).
func utmPort(f *file, m vm) {
	if !m.engine {
		return
	}
	f.comment("The box has one card.")
	f.line("machine.vm.network %s, id: %s, guest: 22, host: 2222, host_ip: %s, auto_correct: true, adapter: 0",
		quote("forwarded_port"), quote("ssh"), quote("127.0.0.1"))
}

func utm(f *file, m vm) {
	if m.nested() {
		f.comment("UTM cannot nest FreeBSD: the engine runs under QEMU in the guest.")
	}
	f.line("v.name = %s", quote(m.Instance))
	size(f, m)
	f.line("v.check_guest_additions = false")
	f.line("v.functional_9pfs = false")
}
