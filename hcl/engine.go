package hcl

import (
	"net/netip"

	"github.com/fbdock/fbdock/internal/redact"
)

// Engine is the Alpine VM that runs dockerd.
type Engine struct {
	Hypervisor         string // auto, bhyve or qemu
	Placement          string // auto, nested or sibling
	Image              string // a catalogue name, or the path of a qcow2 or raw file
	CPUs               int
	Memory             Size
	Disk               Size // the data disk
	Network            netip.Prefix
	Daemon             map[string]any // merged into daemon.json; as encoding/json decodes it, numbers as json.Number
	InsecureTCP        bool
	GuestPorts         []string // as in 5432 or 53/udp
	RegistryMirrors    []string
	InsecureRegistries []string
	DNS                []netip.Addr
	CACertificates     []string // files on the host
	Proxy              redact.Proxy
}

func engineSchema(x *Engine) Block {
	return Block{
		Name: "engine", Doc: "The Alpine VM that runs dockerd.",
		end: x.end,
		Attributes: []Attribute{
			{
				Name: "hypervisor", into: text(&x.Hypervisor), Default: "auto", Example: `"auto"`, Values: []string{"auto", "bhyve", "qemu"},
				Doc: "`auto` is `bhyve`, or `qemu` (slow) where bhyve cannot run; with a sibling `qemu` has the provider, libvirt or qemu, emulate both VMs",
			},
			{
				Name: "placement", into: text(&x.Placement), Default: "auto", Example: `"auto"`, Values: []string{"auto", "nested", "sibling"},
				Doc: "where the engine runs: `nested` in the FreeBSD guest, or as a VM of the provider beside it, `sibling`, which `fbdock up` makes with libvirt, qemu, virtualbox and vmware_desktop; `auto` is `nested` where bhyve is known to run, else `sibling` where the provider makes one that runs on the processor itself, and never an emulated engine; a machine that was made keeps its place, and `fbdock plan` says what is lost with another one",
			},
			{Name: "image", into: text(&x.Image), Default: "alpine-3.24", Example: `"alpine-3.24"`, check: imageName, Doc: "a name of `fbdock boxes`, or the path of a qcow2 or raw file; another one replaces the engine's system and keeps docker's data, or is refused where a sibling has it in its root disk"},
			{Name: "cpus", into: whole(&x.CPUs), Default: "2; 1 on virtualbox", Example: `2`, Min: 2, Doc: "CPUs of the engine"},
			{Name: "memory", into: size(&x.Memory), Default: "2GiB", Example: `"2GiB"`, Min: uint64(2 * GiB), Doc: "memory of the engine"},
			{Name: "disk", into: size(&x.Disk), Default: "40GiB", Example: `"40GiB"`, Doc: "disk for images, containers and volumes; it takes room only as it fills, and never shrinks"},
			{Name: "network", into: network(&x.Network), Default: "10.77.0.0/24", Example: `"10.77.0.0/24"`, Doc: "the network between FreeBSD (.1) and engine (.2); with a sibling of vmware_desktop the default is one of `10.77.1.0/24` to `10.77.254.0/24`, and one of hyperv or utm has none"},
			{Name: "daemon", into: object(&x.Daemon), Example: `{ "log-driver" = "local" }`, Doc: "settings merged into dockerd's daemon.json"},
			{Name: "insecure_tcp", into: boolean(&x.InsecureTCP), Default: "false", Example: `false`, Doc: "also listen on port 2375 without TLS, within the FreeBSD guest only"},
			{Name: "guest_ports", into: texts(&x.GuestPorts), Example: `["5432", "53/udp"]`, check: guestPort, Doc: "ports of FreeBSD that containers may connect to, by the engine network's first address; none by default"},
			{Name: "registry_mirrors", into: texts(&x.RegistryMirrors), Example: `["https://mirror.example.com"]`, check: webURL, Doc: "mirrors of Docker Hub"},
			{Name: "insecure_registries", into: texts(&x.InsecureRegistries), Example: `["registry.local:5000"]`, check: registry, Doc: "registries to reach without TLS"},
			{Name: "dns", into: addresses(&x.DNS), Example: `["192.0.2.53"]`, Doc: "name servers of the engine and its containers"},
			{Name: "ca_certificates", into: texts(&x.CACertificates), Example: `["ca.pem"]`, check: folderName, Doc: "files of CA certificates, in PEM or DER, that the engine trusts beside its own"},
		},
		Blocks: []Block{{
			Name: "proxy", Doc: "What the guests use to reach the network; without it, what the host uses.",
			Attributes: []Attribute{
				{Name: "http", into: text(&x.Proxy.HTTP), Example: `"http://proxy.example.com:3128"`, check: proxyURL, Doc: "for http"},
				{Name: "https", into: text(&x.Proxy.HTTPS), Example: `"http://proxy.example.com:3128"`, check: proxyURL, Doc: "for https"},
				{Name: "no", into: text(&x.Proxy.No), Example: `"localhost,.example.com"`, check: oneLine, Doc: "hosts to reach directly, separated by commas"},
			},
		}},
	}
}

func (x *Engine) end(s *scope) {
	if x.InsecureTCP {
		s.d.c.warn(s.valueAt("insecure_tcp"), "insecure_tcp opens port 2375 without TLS",
			"Whoever reaches the port is root on the engine. It is kept within the FreeBSD guest.",
			"leave it out: fbdock docker and the docker context use TLS or SSH")
	}
}
