package hcl

import "time"

// Type is what an attribute takes.
type Type string

// The types of attributes, as they are named to users.
const (
	TypeString     Type = "string"
	TypeInt        Type = "whole number"
	TypeSize       Type = "size"
	TypeBool       Type = "true or false"
	TypeNetwork    Type = "IPv4 network"
	TypeAddress    Type = "IP address"
	TypeStrings    Type = "list of strings"
	TypeAddresses  Type = "list of IP addresses"
	TypeObject     Type = "object"
	TypeConstraint Type = "version constraint"
	TypeAny        Type = "any value"
	TypeKind       Type = "type"
)

// Attribute describes one setting of a block.
type Attribute struct {
	Name string
	Type Type
	// Default is what holds when the attribute is not set, for people.
	Default string
	// Example is an HCL expression that is valid here.
	Example string
	Doc     string
	// Values are all that is allowed, when it is a choice.
	Values []string
	// renamed are the values of before, each with what it is called now.
	renamed map[string]string
	// Min is the least allowed number, or number of bytes.
	Min uint64
	// Max is the largest whole number allowed; 0 is 1024.
	Max int
	// check finds what is wrong with a text; nil accepts all.
	check check
}

// Block describes one kind of block.
type Block struct {
	Name string
	// Label says what the label is; "" when the block has none.
	Label string
	// Many blocks of the kind may stand side by side.
	Many bool
	// Open blocks take attributes of any name.
	Open       bool
	Doc        string
	Attributes []Attribute
	Blocks     []Block

	check check // of the label
}

// Schema is all that fbdock.hcl can say. It drives the loader's checks of
// names, its suggestions and the reference in docs/configuration.md.
func Schema() Block {
	return Block{
		Many: true,
		Blocks: []Block{
			{
				Name: "fbdock", Doc: "What the file needs of fbdock itself.",
				Attributes: []Attribute{{
					Name: "required_version", Type: TypeConstraint, Example: `">= 0.1"`,
					Doc: "versions of fbdock that understand this file",
				}},
			},
			{
				Name: "variable", Label: "NAME", Many: true, check: variableName,
				Doc: "A value from outside, written `var.NAME`: from `-var NAME=VALUE`, else from a `-var-file`, " +
					"else from the environment as `FBDOCK_VAR_NAME`, else its default.",
				Attributes: []Attribute{
					{Name: "default", Type: TypeAny, Example: `"6GiB"`, Doc: "the value when none is given; without it one must be given"},
					{Name: "description", Type: TypeString, Example: `"memory of the guest"`, Doc: "what it is for; shown when no value is given"},
					{Name: "type", Type: TypeKind, Example: `string`, Doc: "`string`, `number`, `bool`, `list(string)`, `map(string)` ...; values are converted to it"},
				},
			},
			{
				Name: "locals", Many: true, Open: true,
				Doc: "Names for values, written `local.NAME`.",
			},
			machineSchema(),
		},
	}
}

func machineSchema() Block {
	return Block{
		Name: "machine", Label: "NAME", Many: true, check: machineName,
		Doc: "A FreeBSD guest with a Docker engine in it. The least that works is `machine \"dev\" {}`.",
		Attributes: []Attribute{
			{
				Name: "provider", Type: TypeString, Default: "auto", Example: `"virtualbox"`, Values: providers(),
				Doc: "the hypervisor on the host; `native` is a host that runs FreeBSD itself, `docker` the lab",
			},
			{
				Name: "host", Type: TypeString, Example: `"ssh://me@freebsd.example"`, check: hostURL,
				Doc: "a FreeBSD computer of your own that takes the place of a VM; it excludes `provider`, `box`, `cpus` and `memory`",
			},
			{
				Name: "architecture", Type: TypeString, Default: "amd64", Example: `"arm64"`, Values: []string{"amd64", "arm64"},
				Doc: "of the computer that `host` names",
			},
			{
				Name: "box", Type: TypeString, Default: "the pick for provider and architecture", Example: `"bento/freebsd-15"`,
				Doc: "the Vagrant box of the FreeBSD guest", check: boxName,
			},
			{
				Name: "box_version", Type: TypeConstraint, Example: `"~> 202510.26"`,
				Doc: "versions of the box that will do",
			},
			{
				Name: "box_url", Type: TypeString, Example: `"https://boxes.example.com/freebsd.json"`, check: boxURL,
				Doc: "where the box comes from: the URL of its metadata (`https://`, ending in `.json`), or the path of a box file, with `box_checksum`",
			},
			{
				Name: "box_checksum", Type: TypeString, check: boxChecksum,
				Doc: "of the box file that `box_url` names: `sha256:` and 64 hexadecimal digits",
			},
			{Name: "cpus", Type: TypeInt, Default: "4, or what the host has", Example: `4`, Min: 1, Doc: "CPUs of the FreeBSD guest, the engine's included"},
			{
				Name: "memory", Type: TypeSize, Default: "4GiB, or the engine's and 2GiB", Example: `"6GiB"`,
				Doc: "memory of the FreeBSD guest, the engine's included",
			},
			{
				Name: "cli", Type: TypeString, Default: "auto", Example: `"auto"`, Values: []string{"auto", "host", "guest"},
				Doc: "the docker CLI of `fbdock docker` and `compose`: the host's own, the guest's, or with `auto` the host's where it is usable; " +
					"FBDOCK_DOCKER_CLI in the environment overrides it",
			},
		},
		Blocks: []Block{
			storageSchema(), engineSchema(), mountSchema(), shareSchema(),
			{
				Name: "forward", Doc: "Where published container ports appear on the host.",
				Attributes: []Attribute{
					{Name: "bind", Type: TypeAddress, Default: "127.0.0.1", Example: `"127.0.0.1"`, Doc: "the host's address to listen on"},
					{
						Name: "max", Type: TypeInt, Default: "256", Example: `1024`, Min: 1, Max: 1<<16 - 1,
						Doc: "how many ports are forwarded; a container whose ports do not all fit has none forwarded",
					},
				},
			},
			podmanSchema(), timeoutsSchema(), provisionSchema(),
		},
	}
}

func timeoutsSchema() Block {
	return Block{
		Name: "timeouts", Doc: "How long fbdock waits for the parts of the machine, as in \"90s\", \"15m\" or \"1h\". Slow computers need more.",
		Attributes: []Attribute{
			{
				Name: "boot", Type: TypeString, Default: "as the box needs; 10m after a restart", Example: `"30m"`, check: duration(time.Minute),
				Doc: "for FreeBSD, until it can be logged in to",
			},
			{
				Name: "engine", Type: TypeString, Default: "15m", Example: `"30m"`, check: duration(time.Minute),
				Doc: "for dockerd, after the engine was started",
			},
			{
				Name: "stop", Type: TypeString, Default: "60s", Example: `"2m"`, check: duration(10 * time.Second),
				Doc: "for the engine to power itself off, before its power is taken; what stops FreeBSD itself may allow less: rc.conf's rcshutdown_timeout is 90 seconds",
			},
			{
				Name: "command", Type: TypeString, Default: "2m", Example: `"10m"`, check: duration(time.Second),
				Doc: "for a docker command that finds the engine booting",
			},
		},
	}
}

func storageSchema() Block {
	return Block{
		Name: "storage", Doc: "ZFS in the FreeBSD guest.",
		Attributes: []Attribute{
			{
				Name: "pool", Type: TypeString, Default: "auto", Example: `"auto"`, check: poolName,
				Doc: "the ZFS pool; `auto` is the box's own, else one on a spare disk",
			},
			{
				Name: "compression", Type: TypeString, Default: "lz4", Example: `"lz4"`, Values: compressions(),
				Doc: "as in zfsprops(7): `lz4`, `zstd`, `zstd-1` to `zstd-19`, `gzip-1` to `gzip-9`, `zle`, `off` ...",
			},
			{
				Name: "arc_max", Type: TypeSize, Default: "a share of what the engine leaves", Example: `"512MiB"`,
				Doc: "the most memory that ZFS caches with",
			},
		},
	}
}

func mountSchema() Block {
	return Block{
		Name: "mount", Label: "FOLDER", Many: true, check: folderName,
		Doc: "A folder of the host, seen in both guests at the same path. A relative one is relative to the folder of the configuration.",
		Attributes: []Attribute{
			{Name: "target", Type: TypeString, Default: "the same path as on the host", Example: `"/src"`, check: guestPath, Doc: "where the guests see it"},
			{Name: "read_only", Type: TypeBool, Default: "false", Example: `true`, Doc: "keep the guests from writing"},
			{
				Name: "type", Type: TypeString, Default: "sshfs", Example: `"sshfs"`, Values: []string{"sshfs", "copy"}, renamed: map[string]string{"rsync": "copy"},
				Doc: "how it gets there: live, by sshfs in the guests, or as a copy that follows the host, one way",
			},
			{Name: "exclude", Type: TypeStrings, Default: "[]", Example: `[".git", "node_modules"]`, Doc: "names that are not copied, with * and ?; for type copy"},
		},
	}
}

func shareSchema() Block {
	return Block{
		Name: "share", Label: "NAME", Many: true, check: dnsLabel,
		Doc: "A dataset of the FreeBSD guest, seen by the engine.",
		Attributes: []Attribute{
			{Name: "type", Type: TypeString, Default: "9p", Example: `"nfs"`, Values: []string{"9p", "nfs"}, Doc: "how the engine reaches it: `9p` or `nfs`"},
			{Name: "target", Type: TypeString, Default: "/NAME", Example: `"/scratch"`, check: guestPath, Doc: "where the engine mounts it"},
		},
	}
}

func provisionSchema() Block {
	return Block{
		Name: "provision", Label: "NAME", Many: true, check: dnsLabel,
		Doc: "A shell script of your own, run after fbdock's steps. It has either `inline` or `script`.",
		Attributes: []Attribute{
			{
				Name: "on", Type: TypeString, Default: "freebsd", Example: `"freebsd"`, Values: []string{"freebsd", "engine"},
				Doc: "the guest that runs it: `freebsd` or `engine`",
			},
			{Name: "inline", Type: TypeString, Example: `"pkg install -y jq"`, check: notEmpty, Doc: "the script itself"},
			{Name: "script", Type: TypeString, Example: `"setup.sh"`, check: folderName, Doc: "a file with the script, relative to the folder of the configuration"},
		},
	}
}

func engineSchema() Block {
	return Block{
		Name: "engine", Doc: "The Alpine VM that runs dockerd.",
		Attributes: []Attribute{
			{
				Name: "hypervisor", Type: TypeString, Default: "auto", Example: `"auto"`, Values: []string{"auto", "bhyve", "qemu"},
				Doc: "`auto` is `bhyve`, or `qemu` (slow) where bhyve cannot run",
			},
			{
				Name: "placement", Type: TypeString, Default: "auto", Example: `"auto"`, Values: []string{"auto", "nested", "sibling"},
				Doc: "where the engine runs: `nested` in the FreeBSD guest, or as a VM beside it, `sibling`, which `fbdock plan` and `render` show and `fbdock up` refuses yet; `auto` is `nested`",
			},
			{Name: "image", Type: TypeString, Default: "alpine-3.24", Example: `"alpine-3.24"`, check: imageName, Doc: "a name of `fbdock boxes`, or the path of a qcow2 or raw file"},
			{Name: "cpus", Type: TypeInt, Default: "2; 1 on virtualbox", Example: `2`, Min: 2, Doc: "CPUs of the engine"},
			{Name: "memory", Type: TypeSize, Default: "2GiB", Example: `"2GiB"`, Min: uint64(2 * GiB), Doc: "memory of the engine"},
			{Name: "disk", Type: TypeSize, Default: "40GiB", Example: `"40GiB"`, Doc: "disk for images, containers and volumes; it takes room only as it fills"},
			{Name: "network", Type: TypeNetwork, Default: "10.77.0.0/24", Example: `"10.77.0.0/24"`, Doc: "the network between FreeBSD (.1) and engine (.2)"},
			{Name: "daemon", Type: TypeObject, Example: `{ "log-driver" = "local" }`, Doc: "settings merged into dockerd's daemon.json"},
			{Name: "insecure_tcp", Type: TypeBool, Default: "false", Example: `false`, Doc: "also listen on port 2375 without TLS, within the FreeBSD guest only"},
			{Name: "guest_ports", Type: TypeStrings, Example: `["5432", "53/udp"]`, check: guestPort, Doc: "ports of FreeBSD that containers may connect to, by the engine network's first address; none by default"},
			{Name: "registry_mirrors", Type: TypeStrings, Example: `["https://mirror.example.com"]`, check: webURL, Doc: "mirrors of Docker Hub"},
			{Name: "insecure_registries", Type: TypeStrings, Example: `["registry.local:5000"]`, check: registry, Doc: "registries to reach without TLS"},
			{Name: "dns", Type: TypeAddresses, Example: `["192.0.2.53"]`, Doc: "name servers of the engine and its containers"},
			{Name: "ca_certificates", Type: TypeStrings, Example: `["ca.pem"]`, check: folderName, Doc: "files of CA certificates, in PEM or DER, that the engine trusts beside its own"},
		},
		Blocks: []Block{{
			Name: "proxy", Doc: "What the guests use to reach the network; without it, what the host uses.",
			Attributes: []Attribute{
				{Name: "http", Type: TypeString, Example: `"http://proxy.example.com:3128"`, check: proxyURL, Doc: "for http"},
				{Name: "https", Type: TypeString, Example: `"http://proxy.example.com:3128"`, check: proxyURL, Doc: "for https"},
				{Name: "no", Type: TypeString, Example: `"localhost,.example.com"`, check: oneLine, Doc: "hosts to reach directly, separated by commas"},
			},
		}},
	}
}

// attribute finds an attribute of the block by name.
func (b Block) attribute(name string) (Attribute, bool) {
	for _, a := range b.Attributes {
		if a.Name == name {
			return a, true
		}
	}
	return Attribute{}, false
}

// block finds a block within the block by name.
func (b Block) block(name string) (Block, bool) {
	for _, x := range b.Blocks {
		if x.Name == name {
			return x, true
		}
	}
	return Block{}, false
}
