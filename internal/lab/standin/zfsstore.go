//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"syscall"
)

// store is what the disks of the machine hold: pools and their datasets.
type store struct {
	Pools map[string]*pool
	Sets  map[string]*dataset
}

type pool struct {
	Vdevs    []string
	Size     int64
	Props    map[string]string
	Exported bool
	// Bare is a pool without feature flags that are enabled, as makefs(8) and zpool create -d make it.
	Bare bool
}

type dataset struct {
	Volume bool
	Size   int64 // of a volume
	Props  map[string]string
	// Received are properties that a stream brought.
	Received map[string]string `json:",omitempty"`
	Snaps    []string
	Origin   string // the snapshot that it is a clone of
}

// own is a property that the dataset itself has.
func (d *dataset) own(prop string) (value, source string, ok bool) {
	if value, ok = d.Props[prop]; ok {
		return value, "local", true
	}
	value, ok = d.Received[prop]
	return value, "received", ok
}

func loadZFS(l *lab) *store {
	s := &store{Pools: map[string]*pool{}, Sets: map[string]*dataset{}}
	l.load(lasting+"zfs", s)
	if len(s.Pools) == 0 && l.conf("root", "ufs") == "zfs" {
		s.Pools["zroot"] = &pool{Vdevs: []string{"vtbd0p4"}, Size: 60 << 30, Props: map[string]string{"ashift": "12"}, Bare: l.conf("pool_features", "all") == "none"}
		s.Sets["zroot"] = &dataset{Props: map[string]string{"mountpoint": "/zroot", "atime": "off"}}
		if !s.Pools["zroot"].Bare {
			s.Sets["zroot"].Props["compression"] = "lz4"
		}
		s.Sets["zroot/ROOT"] = &dataset{Props: map[string]string{"mountpoint": "none"}}
		s.Sets["zroot/ROOT/default"] = &dataset{Props: map[string]string{"mountpoint": "/", "canmount": "noauto"}}
		saveZFS(l, s)
	}
	return s
}

func saveZFS(l *lab, s *store) { l.save(lasting+"zfs", s) }

// imported says whether the pool of a dataset is there.
func (s *store) imported(name string) bool {
	p := s.Pools[strings.SplitN(name, "/", 2)[0]]
	return p != nil && !p.Exported
}

func (s *store) get(name string) *dataset {
	if !s.imported(name) {
		return nil
	}
	return s.Sets[name]
}

// below lists a dataset and what is under it, sorted.
func (s *store) below(name string) []string {
	var names []string
	for one := range s.Sets {
		if s.imported(one) && (name == "" || one == name || strings.HasPrefix(one, name+"/")) {
			names = append(names, one)
		}
	}
	sort.Strings(names)
	return names
}

func flat(name string) string { return strings.ReplaceAll(name, "/", "@") }

func volumeFile(name string) string { return lasting + "zvol/" + flat(name) }
func filesDir(name string) string   { return lasting + "zfs/" + flat(name) }

// defaults of the properties that the lab knows; what is not here is refused, unless it is a user property.
var zfsDefaults = map[string]string{
	"compression": "on", "atime": "on", "recordsize": "131072", "volmode": "default", "primarycache": "all", "secondarycache": "all",
	"sync": "standard", "logbias": "latency", "canmount": "on", "quota": "0", "refquota": "0", "reservation": "0", "refreservation": "0",
	"exec": "on", "setuid": "on", "readonly": "off", "snapdir": "hidden", "sharenfs": "off", "copies": "1", "dedup": "off", "checksum": "on",
	"xattr": "on", "acltype": "nfsv4", "aclmode": "discard", "aclinherit": "restricted", "devices": "on", "snapdev": "hidden", "jailed": "off",
	"redundant_metadata": "all", "relatime": "on", "special_small_blocks": "0", "utf8only": "off", "normalization": "none",
}

// notInherited are the properties that a dataset does not get from its parent (zfsprops(7)).
var notInherited = []string{"canmount", "quota", "refquota", "reservation", "refreservation"}

// property gives value and source as zfs get shows them; ok is false for a name that zfs does not know.
func zfsProperty(l *lab, s *store, name, prop string) (value, source string, ok bool) {
	if set, snap, ok := strings.Cut(name, "@"); ok {
		return snapshotProperty(l, s, set, snap, prop)
	}
	d := s.Sets[name]
	switch prop {
	case "name":
		return name, "-", true
	case "type":
		return map[bool]string{true: "volume", false: "filesystem"}[d.Volume], "-", true
	case "used", "referenced", "logicalused", "logicalreferenced", "written", "usedbydataset":
		return strconv.FormatInt(used(l, s, name), 10), "-", true
	case "available":
		return strconv.FormatInt(available(l, s, name), 10), "-", true
	case "creation", "guid", "createtxg":
		return "1", "-", true
	case "compressratio", "refcompressratio":
		return "1.00x", "-", true
	case "origin":
		if d.Origin != "" {
			return d.Origin, "-", true
		}
		return "-", "-", true
	case "mounted":
		return map[bool]string{true: "yes", false: "no"}[slices.Contains(mounts(l), name)], "-", !d.Volume
	case "volsize":
		return strconv.FormatInt(d.Size, 10), "local", d.Volume
	case "volblocksize":
		if block := d.Props["volblocksize"]; block != "" {
			return block, "-", true
		}
		return "16384", "default", d.Volume
	case "mountpoint":
		return mountpoint(s, name)
	}
	if contains(notInherited, prop) {
		if text, from, set := d.own(prop); set {
			return text, from, true
		}
		return zfsDefaults[prop], "default", true
	}
	for at := name; ; at = at[:strings.LastIndexByte(at, '/')] {
		if text, from, set := s.Sets[at].own(prop); set {
			if at == name {
				return text, from, true
			}
			return text, "inherited from " + at, true
		}
		if !strings.Contains(at, "/") {
			break
		}
	}
	if strings.Contains(prop, ":") {
		return "-", "-", true
	}
	text, known := zfsDefaults[prop]
	return text, "default", known
}

func mountpoint(s *store, name string) (value, source string, ok bool) {
	if s.Sets[name].Volume {
		return "-", "-", true
	}
	suffix := ""
	for at := name; ; {
		if text, from, set := s.Sets[at].own("mountpoint"); set {
			if at == name {
				return text, from, true
			}
			if text == "none" || text == "legacy" {
				return text, "inherited from " + at, true
			}
			return strings.TrimSuffix(text, "/") + suffix, "inherited from " + at, true
		}
		cut := strings.LastIndexByte(at, '/')
		if cut < 0 {
			return "/" + name, "default", true
		}
		suffix, at = at[cut:]+suffix, at[:cut]
	}
}

// used counts what the files behind a dataset and those below it take on the disk of the lab.
func used(l *lab, s *store, name string) int64 {
	total := int64(0)
	for _, one := range s.below(name) {
		total += 57344
		if s.Sets[one].Volume {
			total += blocks(l.path(volumeFile(one)))
			continue
		}
		_ = filepath.WalkDir(l.path(filesDir(one)), func(path string, entry os.DirEntry, err error) error {
			if err == nil && entry.Type().IsRegular() {
				total += blocks(path)
			}
			return nil
		})
	}
	return total
}

func blocks(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	if raw, ok := info.Sys().(*syscall.Stat_t); ok {
		return raw.Blocks * 512
	}
	return info.Size()
}

func available(l *lab, s *store, name string) int64 {
	root, _, _ := strings.Cut(name, "/")
	free := s.Pools[root].Size - s.Pools[root].Size/32 - used(l, s, root)
	for one, d := range s.Sets {
		if d.Volume && strings.HasPrefix(one, root+"/") {
			if reserve, _ := strconv.ParseInt(d.Props["refreservation"], 10, 64); reserve > 0 {
				free -= max(reserve-blocks(l.path(volumeFile(one))), 0)
			}
		}
	}
	return max(free, 0)
}

// size reads 1G, 16k, 40960 and the like.
func size(text string) (int64, bool) {
	digits := strings.TrimRight(strings.ToUpper(text), "BKMGTPI")
	factor := int64(1)
	switch strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(text[len(digits):]), "B"), "I") {
	case "":
	case "K":
		factor = 1 << 10
	case "M":
		factor = 1 << 20
	case "G":
		factor = 1 << 30
	case "T":
		factor = 1 << 40
	default:
		return 0, false
	}
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return n * factor, n >= 0
	}
	n, err := strconv.ParseFloat(digits, 64)
	return int64(n * float64(factor)), err == nil && n >= 0
}

// human prints a size as zfs does without -p.
func human(n int64) string {
	units, value, at := "BKMGTP", float64(n), 0
	for value >= 1024 && at < len(units)-1 {
		value /= 1024
		at++
	}
	if at == 0 {
		return fmt.Sprintf("%dB", n)
	}
	text := fmt.Sprintf("%.2f", value)
	if value >= 100 {
		text = fmt.Sprintf("%.0f", value)
	} else if value >= 10 {
		text = fmt.Sprintf("%.1f", value)
	}
	if value == float64(int64(value)) {
		text = strconv.FormatInt(int64(value), 10)
	}
	return text + units[at:at+1]
}

func mounts(l *lab) []string {
	var names []string
	l.load(volatile+"mounted", &names)
	return names
}
