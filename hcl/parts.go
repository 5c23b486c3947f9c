package hcl

import (
	"net/netip"
	"path/filepath"
	"strings"
	"time"
)

// Storage is ZFS in the FreeBSD guest.
type Storage struct {
	Pool        string // "" or "auto": the box's own pool, else a spare disk
	Compression string // a zfsprops(7) compression value; "" is lz4
	ARCMax      Size
}

func storageSchema(x *Storage) Block {
	return Block{
		Name: "storage", Doc: "ZFS in the FreeBSD guest.",
		Attributes: []Attribute{
			{
				Name: "pool", into: text(&x.Pool), Default: "auto", Example: `"auto"`, check: poolName,
				Doc: "the ZFS pool; `auto` is the box's own, else one on a spare disk",
			},
			{
				Name: "compression", into: text(&x.Compression), Default: "lz4", Example: `"lz4"`, Values: compressions(),
				Doc: "as in zfsprops(7): `lz4`, `zstd`, `zstd-1` to `zstd-19`, `gzip-1` to `gzip-9`, `zle`, `off` ...",
			},
			{
				Name: "arc_max", into: size(&x.ARCMax), Default: "a share of what the engine leaves", Example: `"512MiB"`,
				Doc: "the most memory that ZFS caches with",
			},
		},
	}
}

// Mount is a host folder seen in both guests.
type Mount struct {
	Source   string // as written; relative to the folder of the file
	Target   string // "" is the same path as on the host
	ReadOnly bool
	Type     string // sshfs or copy; "" is sshfs
	Exclude  []string
}

func mountSchema(x *Mount) Block {
	return Block{
		Name: "mount", Label: "FOLDER", check: folderName,
		Doc: "A folder of the host, seen in both guests at the same path. A relative one is relative to the folder of the configuration.",
		key: func(label string) string { return filepath.ToSlash(filepath.Clean(label)) },
		end: func(s *scope) { x.Source = s.label },
		Attributes: []Attribute{
			{Name: "target", into: text(&x.Target), Default: "the same path as on the host", Example: `"/src"`, check: guestPath, Doc: "where the guests see it"},
			{Name: "read_only", into: boolean(&x.ReadOnly), Default: "false", Example: `true`, Doc: "keep the guests from writing"},
			{
				Name: "type", into: text(&x.Type), Default: "sshfs", Example: `"sshfs"`, Values: []string{"sshfs", "copy"}, renamed: map[string]string{"rsync": "copy"},
				Doc: "how it gets there: live, by sshfs in the guests, or as a copy that follows the host, one way",
			},
			{Name: "exclude", into: texts(&x.Exclude), Default: "[]", Example: `[".git", "node_modules"]`, Doc: "names that are not copied, with * and ?; for type copy"},
		},
	}
}

// Share is a dataset of the FreeBSD guest seen by the engine.
type Share struct {
	Name   string
	Type   string // 9p or nfs
	Target string // mount point in the engine; "" is /NAME
}

func shareSchema(x *Share) Block {
	return Block{
		Name: "share", Label: "NAME", check: dnsLabel,
		Doc: "A dataset of the FreeBSD guest, seen by the engine.",
		end: func(s *scope) { x.Name = s.label },
		Attributes: []Attribute{
			{Name: "type", into: text(&x.Type), Default: "9p", Example: `"nfs"`, Values: []string{"9p", "nfs"}, Doc: "how the engine reaches it: `9p` or `nfs`"},
			{Name: "target", into: text(&x.Target), Default: "/NAME", Example: `"/scratch"`, check: guestPath, Doc: "where the engine mounts it"},
		},
	}
}

// Forward says where published container ports appear on the host, and how
// many; 0 is the default.
type Forward struct {
	Bind netip.Addr
	Max  int
}

func forwardSchema(m *Machine) Block {
	var x Forward
	return Block{
		Name: "forward", Doc: "Where published container ports appear on the host.",
		Attributes: []Attribute{
			{Name: "bind", into: address(&x.Bind), Default: "127.0.0.1", Example: `"127.0.0.1"`, Doc: "the host's address to listen on"},
			{
				Name: "max", into: whole(&x.Max), Default: "256", Example: `1024`, Min: 1, Max: 1<<16 - 1,
				Doc: "how many ports are forwarded; a container whose ports do not all fit has none forwarded",
			},
		},
		begin: func(*scope) { x = Forward{} },
		end: func(*scope) {
			forward := x
			m.Forward = &forward
		},
	}
}

// podmanSchema is the block that asks for containers of FreeBSD itself.
func podmanSchema(m *Machine) Block {
	access := true
	return Block{
		Name: "podman",
		Doc: "Podman in the FreeBSD guest, for containers of FreeBSD itself: `podman {}` installs it, and `fbdock podman` runs it. " +
			"Without the block it is not installed. FreeBSD's port calls it experimental.",
		Attributes: []Attribute{
			{
				Name: "engine_access", into: boolean(&access), Default: "true", Example: "false",
				Doc: "whether containers of FreeBSD and those of an engine in FreeBSD reach each other: see docs/networking.md",
			},
		},
		begin: func(*scope) { access = true },
		end:   func(*scope) { m.Podman, m.EngineAccess = true, access },
	}
}

// Timeouts are how long fbdock waits for the parts of a machine.
type Timeouts struct {
	Boot    time.Duration // FreeBSD, until it can be logged in to
	Engine  time.Duration // dockerd, after the engine was started
	Stop    time.Duration // the engine, to power itself off
	Command time.Duration // a docker command, for an engine that boots
}

func timeoutsSchema(x *Timeouts) Block {
	return Block{
		Name: "timeouts", Doc: "How long fbdock waits for the parts of the machine, as in \"90s\", \"15m\" or \"1h\". Slow computers need more.",
		Attributes: []Attribute{
			{
				Name: "boot", into: duration(&x.Boot, time.Minute), Default: "as the box needs; 10m after a restart", Example: `"30m"`,
				Doc: "for FreeBSD, until it can be logged in to",
			},
			{
				Name: "engine", into: duration(&x.Engine, time.Minute), Default: "15m", Example: `"30m"`,
				Doc: "for dockerd, after the engine was started",
			},
			{
				Name: "stop", into: duration(&x.Stop, 10*time.Second), Default: "60s", Example: `"2m"`,
				Doc: "for the engine to power itself off, before its power is taken; what stops FreeBSD itself may allow less: rc.conf's rcshutdown_timeout is 90 seconds",
			},
			{
				Name: "command", into: duration(&x.Command, time.Second), Default: "2m", Example: `"10m"`,
				Doc: "for a docker command that finds the engine booting",
			},
		},
	}
}

// Mirrors are where images are fetched from first.
type Mirrors struct {
	FreeBSD string // takes the place of https://download.freebsd.org
	Alpine  string // takes the place of https://dl-cdn.alpinelinux.org/alpine
}

func mirrorsSchema(x *Mirrors) Block {
	return Block{
		Name: "mirrors",
		Doc: "Where the host fetches images from first, and FreeBSD the base systems of jails; their publisher is tried after it. Only files are taken from a mirror: the digest that decides is " +
			"that of the lock file, the catalogue or the publisher. `fbdock up` asks before it uses one.",
		Attributes: []Attribute{
			{
				Name: "freebsd", into: text(&x.FreeBSD), Default: "https://download.freebsd.org", Example: `"https://mirror.example.com/FreeBSD"`, check: mirrorURL,
				Doc: "for FreeBSD's cloud images and base systems: the folder that has `releases` and `snapshots`",
			},
			{
				Name: "alpine", into: text(&x.Alpine), Default: "https://dl-cdn.alpinelinux.org/alpine", Example: `"https://mirror.example.com/alpine"`, check: mirrorURL,
				Doc: "for images of the engine: the folder that has `v3.24`",
			},
		},
	}
}

// Provision is a script that the user wants run after fbdock's own steps.
type Provision struct {
	Name   string
	On     string // freebsd or engine
	Inline string
	Script string // a file, relative to the folder of the configuration
}

func provisionSchema(x *Provision) Block {
	return Block{
		Name: "provision", Label: "NAME", check: dnsLabel,
		Doc: "A shell script of your own, run after fbdock's steps. It has either `inline` or `script`.",
		end: x.end,
		Attributes: []Attribute{
			{
				Name: "on", into: text(&x.On), Default: "freebsd", Example: `"freebsd"`, Values: []string{"freebsd", "engine"},
				Doc: "the guest that runs it: `freebsd` or `engine`",
			},
			{Name: "inline", into: text(&x.Inline), Example: `"pkg install -y jq"`, check: notEmpty, Doc: "the script itself"},
			{Name: "script", into: text(&x.Script), Example: `"setup.sh"`, check: folderName, Doc: "a file with the script, relative to the folder of the configuration"},
		},
	}
}

func (x *Provision) end(s *scope) {
	x.Name = s.label
	// A file with Windows line ends would hand the shell a \r per line.
	x.Inline = strings.ReplaceAll(x.Inline, "\r\n", "\n")
	_, inline := s.body.Attributes["inline"]
	_, script := s.body.Attributes["script"]
	switch {
	case inline && script:
		s.d.c.fail(s.at, s.title()+" has both inline and script", "", "keep one of them")
	case !inline && !script:
		s.d.c.fail(s.at, s.title()+" has neither inline nor script", "", `add inline = "..." or script = "FILE"`)
	}
}
