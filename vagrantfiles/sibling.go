package vagrantfiles

import (
	"fmt"
	"strings"

	"github.com/fbdock/fbdock/internal/plan"
)

// card is a VM's network card in the network between FreeBSD and an engine
// beside it. fbdock sets the address itself: Vagrant's support of FreeBSD
// would rewrite rc.conf.
type card struct {
	link   string // name of the network
	id     [32]byte
	engine bool
	mac    string
	// from and to are UDP ports of the host, where the network is a pair of them.
	from, to int
}

// cardOf is the card of m's FreeBSD, or of its engine.
func cardOf(m plan.Machine, engine bool) card {
	c := card{link: m.Instance, id: m.NetworkID(), engine: engine, mac: m.CardMAC(engine), from: qemuPort(m.Instance), to: qemuPort(m.Instance) + 1}
	if engine {
		c.from, c.to = c.to, c.from
	}
	return c
}

// linked tells whether FreeBSD and the engine beside it have a network.
func linked(m plan.Machine) bool { return m.Engine.Sibling() && !m.Engine.ByAgent() }

// bareMAC is the address as VirtualBox and Parallels write it.
func (c card) bareMAC() string { return strings.ToUpper(strings.ReplaceAll(c.mac, ":", "")) }

// engineOf is the engine beside m's FreeBSD as a machine of Vagrant's.
func engineOf(m plan.Machine) vm {
	m.Name, m.Instance = m.EngineName(), m.Instance+"-engine"
	m.CPUs, m.Memory = m.Engine.CPUs, m.Engine.Memory
	if m.Provider == "docker" {
		m.Box.BootTimeout = engineBoot // the image is that of FreeBSD's container
		return vm{Machine: m, engine: true}
	}
	m.Box = plan.Box{Name: "fbdock/" + m.Engine.Image.Name, Version: m.Engine.BoxVersion, Architecture: m.Engine.Image.Architecture, BootTimeout: engineBoot, Own: true}
	return vm{Machine: m, engine: true}
}

// engineBoot bounds the first boot of Alpine, in seconds; it takes some 30.
const engineBoot = 600

// sibling writes the engine beside m's FreeBSD. image is the file of its disk,
// which a provider without boxes starts it from.
func sibling(f *file, m plan.Machine, p provider, image string) {
	e := engineOf(m)
	e.image = image
	f.blank()
	f.comment("The engine of the machine above, a VM beside it.")
	f.open("config.vm.define %s do |machine|", quote(e.Name))
	f.line("machine.vm.guest = :alpine")
	box(f, e, p)
	if linked(m) && p.network != nil {
		p.network(f, cardOf(m, true))
	}
	f.blank()
	f.open("machine.vm.provider %s do |v|", quote(m.Provider))
	p.settings(f, e)
	if linked(m) && p.card != nil {
		p.card(f, cardOf(m, true))
	}
	if m.OwnDisk() && p.data != nil {
		f.comment("Docker's data. It outlives the VM: Vagrant does not remove it.")
		p.data(f, m)
	}
	f.end()
	f.end()
}

// virtualboxNetwork is an internal network: no host and no other VM is in it.
func virtualboxNetwork(f *file, c card) {
	f.line("machine.vm.network %s, auto_config: false, mac: %s,", quote("private_network"), quote(c.bareMAC()))
	f.line("  virtualbox__intnet: %s", quote(c.link))
}

// libvirtNetwork is a network that the host has no address in, and no DHCP.
func libvirtNetwork(f *file, c card) {
	f.line("machine.vm.network %s, auto_config: false, mac: %s,", quote("private_network"), quote(c.mac))
	f.line("  libvirt__network_name: %s, libvirt__forward_mode: %s, libvirt__dhcp_enabled: false", quote(c.link), quote("veryisolated"))
}

// vmwareCard is in a LAN segment, which no host and no other VM is in. Fusion is
// not known to have those: there it is in the host-only network, which all VMs
// of the host share. The plugin takes all cards but its own out of the VM at each
// start, and then sets what v.vmx says; it has cards of this type (e1000e).
func vmwareCard(f *file, c card) {
	set := func(key, value string) { f.line("v.vmx[%s] = %s", quote("ethernet1."+key), quote(value)) }
	set("present", "TRUE")
	set("virtualdev", "e1000e")
	set("addresstype", "static")
	set("address", c.mac)
	f.open("if Vagrant::Util::Platform.darwin?")
	set("connectiontype", "hostonly")
	f.depth--
	f.open("else")
	set("connectiontype", "pvn")
	set("pvnid", c.segment())
	f.end()
}

// segment is the identifier of a LAN segment as VMware writes them: 16 bytes, of
// which the first is 52.
func (c card) segment() string {
	id := fmt.Sprintf("52 % x", c.id[:15])
	return id[:23] + "-" + id[24:]
}

// parallelsCard is in the host-only network. The plugin removes it at each start
// with all cards that it does not know (delete_disabled_adapters), and so it is
// added (prlctl(8)) after that.
func parallelsCard(f *file, c card) {
	f.line(`v.customize "pre-boot", ["set", :id, "--device-add", "net", "--type", "host-only", "--mac", %s]`,
		quote(c.bareMAC()))
}

// qemuCard is a pair of UDP sockets on the host's loopback, so that neither VM
// has to be started first (qemu(1), -netdev socket).
func qemuCard(f *file, c card) {
	f.line("v.extra_qemu_args = [")
	f.line("  %s, %s,", quote("-netdev"), quote(fmt.Sprintf("socket,id=fbdock,udp=127.0.0.1:%d,localaddr=127.0.0.1:%d", c.to, c.from)))
	f.line("  %s, %s,", quote("-device"), quote("virtio-net-pci,netdev=fbdock,mac="+c.mac))
	f.line("]")
}

// libvirtData has libvirt make the disk of docker's data where there is none.
func libvirtData(f *file, m plan.Machine) {
	f.line("v.storage :file, size: %s, type: %s, bus: %s, path: %s,", quote(fmt.Sprintf("%dM", mebibytes(m.Engine.Disk))),
		quote("qcow2"), quote("virtio"), quote(m.Instance+"-docker.qcow2"))
	f.line("  allow_existing: true, discard: %s, serial: %s", quote("unmap"), quote("fbdockdata"))
}

// qemuData attaches the disk of docker's data, which fbdock makes. vagrant-qemu
// gives each of these arguments to QEMU as it is; QEMU takes a comma in a value
// doubled (qemu(1), -drive). The disk is behind the root disk, as Vagrant's
// arguments come first.
func qemuData(f *file, m plan.Machine) {
	// The size is not said to QEMU: that it stands here tells that a VM wants a restart.
	f.comment(fmt.Sprintf("fbdock makes it, of %s, and has it grow before the VM starts.", m.Engine.Disk))
	f.line("docker_data = File.expand_path(%s, __dir__)", quote(".disks/"+m.Name+".qcow2"))
	f.line(`v.extra_qemu_args += ["-drive", "if=virtio,format=qcow2,discard=unmap,file=" + docker_data.gsub(",", ",,")]`)
}
