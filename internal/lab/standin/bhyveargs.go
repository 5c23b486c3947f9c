//go:build linux

package main

import (
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
)

// vm is what a bhyve command line describes.
type vm struct {
	Name    string
	CPUs    int
	Memory  int64
	UUID    string
	Rom     string
	Vars    string
	Com1    string
	Disks   []vmDisk
	CD      string
	Tap     string
	MAC     string
	MTU     string
	RNG     bool
	Shares  []vmShare
	Host    bool // hostbridge
	LPC     bool
	Destroy bool // -D
}

type vmDisk struct {
	Path     string
	ReadOnly bool
	Cache    string
}

type vmShare struct {
	Tag, Path string
	ReadOnly  bool
}

const bhyveUsage = `Usage: bhyve [-AaCDeHhPSuWwxY]
             [-c [[cpus=]numcpus][,sockets=n][,cores=n][,threads=n]]
             [-G port] [-k config_file] [-l lpc] [-m mem] [-o var=value]
             [-p vcpu:hostcpu] [-r file] [-s pci] [-U uuid] vmname
       -A: create ACPI tables
       -a: local apic is in xAPIC mode (deprecated)
       -C: include guest memory in core file
       -c: number of CPUs and/or topology specification
       -D: destroy on power-off
       -e: exit on unhandled I/O access
       -G: start a debug server
       -H: vmexit from the guest on HLT
       -h: help
       -k: key=value flat config file
       -K: PS2 keyboard layout
       -l: LPC device configuration
       -m: memory size
       -o: set config 'var' to 'value'
       -P: vmexit from the guest on pause
       -p: pin 'vcpu' to 'hostcpu'
       -S: guest memory cannot be swapped
       -s: <slot,driver,configinfo> PCI slot config
       -U: UUID
       -u: RTC keeps UTC time
       -W: force virtio to use single-vector MSI
       -w: ignore unimplemented MSRs
       -x: local APIC is in x2APIC mode
       -Y: disable MPtable generation
`

var uuidForm = expression(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// parseBhyve reads the command line; words is what bhyve says when it refuses it.
func parseBhyve(args []string) (m *vm, words string) {
	opts, rest, bad := getopt(args, "aehuwxACDHIPSWYk:f:o:p:G:c:s:m:l:K:U:r:")
	if bad != "" {
		return nil, "bhyve: " + bad + "\n" + bhyveUsage
	}
	m = &vm{CPUs: 1, Memory: 256 << 20}
	slots := map[string]string{}
	for _, o := range opts {
		switch o.flag {
		case 'c':
			if words = m.topology(o.value); words != "" {
				return nil, words
			}
		case 'm':
			if m.Memory = memory(o.value); m.Memory <= 0 {
				return nil, "invalid memsize '" + o.value + "'"
			}
		case 'U':
			if m.UUID = o.value; !uuidForm().MatchString(o.value) {
				return nil, "invalid uuid '" + o.value + "'"
			}
		case 's':
			if words = m.slot(o.value, slots); words != "" {
				return nil, words
			}
		case 'l':
			if words = m.lpc(o.value); words != "" {
				return nil, words
			}
		case 'D':
			m.Destroy = true
		case 'k', 'o', 'G', 'p', 'r', 'K', 'f':
			return nil, "lab: bhyve -" + string(o.flag) + " is not played"
		}
	}
	if len(rest) != 1 {
		return nil, bhyveUsage
	}
	m.Name = rest[0]
	return m, ""
}

func memory(text string) int64 {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n << 20 // a bare number is megabytes
	}
	n, ok := size(text)
	if !ok {
		return -1
	}
	return n
}

func (m *vm) topology(text string) string {
	for part := range strings.SplitSeq(text, ",") {
		key, number, ok := strings.Cut(part, "=")
		if !ok {
			key, number = "cpus", part
		}
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || !contains([]string{"cpus", "sockets", "cores", "threads"}, key) {
			return "invalid cpu topology '" + text + "'"
		}
		if key == "cpus" {
			m.CPUs = n
		}
	}
	return ""
}

func (m *vm) lpc(text string) string {
	device, rest, _ := strings.Cut(text, ",")
	switch device {
	case "bootrom":
		rom, vars, _ := strings.Cut(rest, ",")
		m.Rom, m.Vars = rom, strings.TrimPrefix(vars, "vars=")
		if rom == "" {
			return "invalid lpc device configuration '" + text + "'"
		}
	case "com1":
		m.Com1 = rest
	case "com2", "com3", "com4", "pc-testdev", "tpm", "fwcfg":
	default:
		return "invalid lpc device configuration '" + text + "'"
	}
	return ""
}

// slot reads "-s SLOT[:FUNCTION],DRIVER[,OPTIONS]".
func (m *vm) slot(text string, taken map[string]string) string {
	parts := strings.SplitN(text, ",", 3)
	where := strings.Split(parts[0], ":")
	for i, number := range where {
		limit := 31
		if i == len(where)-1 && len(where) > 1 {
			limit = 7
		}
		if n, err := strconv.Atoi(number); err != nil || n < 0 || n > limit || len(where) > 3 {
			return "invalid PCI slot info field '" + text + "'"
		}
	}
	if len(parts) < 2 {
		return "invalid PCI slot info field '" + text + "'"
	}
	if taken[parts[0]] != "" {
		return fmt.Sprintf("pci slot %s:0 already occupied!", parts[0])
	}
	taken[parts[0]] = parts[1]
	config := ""
	if len(parts) == 3 {
		config = parts[2]
	}
	return m.device(parts[1], config, text)
}

func (m *vm) device(driver, config, text string) string {
	fields := strings.Split(config, ",")
	switch driver {
	case "hostbridge", "amd_hostbridge":
		m.Host = true
	case "lpc":
		m.LPC = true
	case "virtio-rnd":
		m.RNG = true
	case "virtio-blk", "nvme", "ahci-hd":
		return m.disk(fields, text)
	case "ahci-cd":
		m.CD = fields[0]
		for _, option := range fields[1:] {
			if !contains([]string{"ro", "nocache", "direct", "sync"}, option) && !strings.HasPrefix(option, "ser=") {
				return "Invalid device emulation for " + text
			}
		}
	case "virtio-net", "e1000":
		return m.net(fields, text)
	case "virtio-9p":
		tag, path, ok := strings.Cut(fields[0], "=")
		if !ok || tag == "" || !strings.HasPrefix(path, "/") {
			return "virtio-9p: share name/path required in " + text
		}
		m.Shares = append(m.Shares, vmShare{tag, path, len(fields) > 1 && fields[1] == "ro"})
	case "virtio-console", "virtio-scsi", "virtio-input", "fbuf", "xhci", "hda", "uart", "passthru":
		return "lab: device " + driver + " is not played"
	default:
		return "pci slot: unknown device '" + driver + "' in " + text
	}
	return ""
}

func (m *vm) disk(fields []string, text string) string {
	disk := vmDisk{Path: fields[0], Cache: "writeback"}
	for _, option := range fields[1:] {
		key, value, _ := strings.Cut(option, "=")
		switch key {
		case "ro":
			disk.ReadOnly = true
		case "nocache":
			disk.Cache = "none"
		case "direct", "sync":
			disk.Cache = "directsync"
		case "nodelete", "ser", "bootindex", "maxq", "qsz", "ioslots", "sectsz":
		case "sectorsize":
			if !regexp.MustCompile(`^(512|4096)(/(512|4096|8192|16384))?$`).MatchString(value) {
				return "Invalid sector size \"" + value + "\""
			}
		default:
			return "Invalid device option \"" + option + "\" in " + text
		}
	}
	m.Disks = append(m.Disks, disk)
	return ""
}

func (m *vm) net(fields []string, text string) string {
	if !regexp.MustCompile(`^(tap|vmnet)\d+$`).MatchString(fields[0]) {
		return "Unsupported backend '" + fields[0] + "' in " + text
	}
	m.Tap = fields[0]
	for _, option := range fields[1:] {
		key, value, _ := strings.Cut(option, "=")
		switch key {
		case "mac":
			if hw, err := net.ParseMAC(value); err != nil || hw[0]&1 != 0 {
				return "Invalid MAC address \"" + value + "\""
			}
			m.MAC = value
		case "mtu":
			m.MTU = value
		default:
			return "Invalid device option \"" + option + "\" in " + text
		}
	}
	return ""
}
