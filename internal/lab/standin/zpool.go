//go:build linux

package main

import (
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"
)

const zpoolUsage = "usage: zpool command args ...\nwhere 'command' is one of the following:\n\n\tcreate, destroy, list, get, set, import, export, status, labelclear, online, trim, scrub, upgrade, version\n"

func zpool(l *lab) int {
	if len(l.args) == 0 {
		l.errorf("missing command\n%s", zpoolUsage)
		return 2
	}
	run, ok := map[string]func(*lab, *store, []string) int{"create": zpoolCreate, "destroy": zpoolDestroy, "list": zpoolList, "get": zpoolGet,
		"set": zpoolSet, "import": zpoolImport, "export": zpoolExport, "status": zpoolStatus, "labelclear": zpoolLabelclear, "online": zpoolOnline,
		"trim": zpoolQuiet, "scrub": zpoolQuiet, "upgrade": zpoolUpgrade, "version": zfsVersion}[l.args[0]]
	if !ok {
		l.errorf("unrecognized command '%s'\n%s", l.args[0], zpoolUsage)
		return 2
	}
	defer l.lock()()
	ensureZFS(l)
	s := loadZFS(l)
	status := run(l, s, l.args[1:])
	saveZFS(l, s)
	return status
}

func zpoolCreate(l *lab, s *store, args []string) int {
	opts, rest, bad := getopt(args, "fndR:m:o:O:t:")
	if bad != "" || len(rest) < 2 {
		return zfsBad(l, "create [-fnd] [-o property=value] ... [-O file-system-property=value] ... [-m mountpoint] [-R root] <pool> <vdev> ...", bad)
	}
	name, vdevs := rest[0], rest[1:]
	p, d := &pool{Props: map[string]string{}, Bare: has(opts, 'd')}, &dataset{Props: map[string]string{}}
	for _, o := range opts {
		prop, text, _ := strings.Cut(o.value, "=")
		switch o.flag {
		case 'o':
			if !slices.Contains([]string{"ashift", "autotrim", "comment", "cachefile", "autoexpand", "failmode", "compatibility"}, prop) {
				l.errorf("property '%s' is not a valid pool or vdev property\n", prop)
				return 2
			}
			p.Props[prop] = text
		case 'O':
			kept, words := judge(prop, text)
			if words != "" {
				l.errorf("cannot create '%s': %s\n", name, words)
				return 1
			}
			d.Props[prop] = kept
		case 'm':
			d.Props["mountpoint"] = o.value
		}
	}
	for _, vdev := range vdevs {
		n, words := vdevOf(l, s, vdev, has(opts, 'f'))
		if words != "" {
			l.errorf("%s\n", strings.ReplaceAll(words, "%POOL%", name))
			return 1
		}
		p.Size += n - n/16
		p.Vdevs = append(p.Vdevs, strings.TrimPrefix(vdev, "/dev/"))
	}
	if s.Pools[name] != nil && !s.Pools[name].Exported {
		l.errorf("cannot create '%s': pool already exists\n", name)
		return 1
	}
	for _, vdev := range vdevs {
		labelDisk(l, vdev, name)
	}
	if p.Bare && feature(d.Props["compression"]) != "" {
		l.errorf("cannot create '%s': operation not supported on this type of pool\n", name)
		return 1
	}
	s.Pools[name], s.Sets[name] = p, d
	if at, _, _ := mountpoint(s, name); at != "none" && at != "legacy" {
		mountSet(l, s, name)
	}
	return 0
}

// vdevOf judges a disk or file for a new pool and gives its size.
func vdevOf(l *lab, s *store, vdev string, force bool) (int64, string) {
	short := strings.TrimPrefix(vdev, "/dev/")
	for name, p := range s.Pools {
		if slices.Contains(p.Vdevs, short) && !p.Exported {
			return 0, "invalid vdev specification\nuse '-f' to override the following errors:\n/dev/" + short + " is part of active pool '" + name + "'"
		}
		if slices.Contains(p.Vdevs, short) && !force {
			return 0, "invalid vdev specification\nuse '-f' to override the following errors:\n/dev/" + short + " is part of exported pool '" + name + "'"
		}
	}
	if short == "vtbd0" || strings.HasPrefix(short, "vtbd0p") || short == "cd0" {
		return 0, "cannot create '%POOL%': no such pool or dataset"
	}
	file, isDisk := disk(l, short)
	if !isDisk {
		if !strings.HasPrefix(vdev, "/") || strings.HasPrefix(vdev, "/dev/") {
			return 0, "cannot open '" + vdev + "': no such GEOM provider\nmust be a full path or shorthand device name"
		}
		file = l.path(vdev)
	}
	info, err := os.Stat(file)
	if err != nil {
		return 0, "cannot open '" + vdev + "': No such file or directory"
	}
	if info.Size() < 64<<20 {
		return 0, "cannot create '%POOL%': one or more devices is less than the minimum size (64M)"
	}
	return info.Size(), ""
}

// labelDisk writes what makes a disk not blank any more.
func labelDisk(l *lab, vdev, pool string) {
	file, isDisk := disk(l, strings.TrimPrefix(vdev, "/dev/"))
	if !isDisk {
		file = l.path(vdev)
	}
	if handle, err := os.OpenFile(file, os.O_WRONLY, 0); err == nil {
		_, err := handle.WriteAt([]byte(zfsLabel+pool+"\n"), 16<<10)
		l.must(err)
		handle.Close()
	}
}

func poolNamed(l *lab, s *store, name string) *pool {
	p := s.Pools[name]
	if p == nil || p.Exported {
		l.errorf("cannot open '%s': no such pool\n", name)
		return nil
	}
	return p
}

func zpoolDestroy(l *lab, s *store, args []string) int {
	_, rest, bad := getopt(args, "f")
	if bad != "" || len(rest) != 1 {
		return zfsBad(l, "destroy [-f] <pool>", bad)
	}
	p := poolNamed(l, s, rest[0])
	if p == nil {
		return 1
	}
	names := s.below(rest[0])
	slices.Reverse(names)
	for _, name := range names {
		unmountSet(l, s, name)
		l.must(os.RemoveAll(l.path(volumeFile(name))))
		l.must(os.RemoveAll(l.path(filesDir(name))))
		delete(s.Sets, name)
	}
	l.must(os.RemoveAll(l.path("/dev/zvol/" + rest[0])))
	delete(s.Pools, rest[0])
	return 0
}

func (s *store) poolNames(exported bool) []string {
	var names []string
	for name, p := range s.Pools {
		if p.Exported == exported {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

func poolProperty(l *lab, s *store, name, prop string, exact bool) (string, bool) {
	p := s.Pools[name]
	used := used(l, s, name)
	number := func(n int64) string {
		if exact {
			return strconv.FormatInt(n, 10)
		}
		return human(n)
	}
	if flag, ok := strings.CutPrefix(prop, "feature@"); ok {
		return map[bool]string{true: "disabled", false: "active"}[p.Bare], slices.Contains(features(), flag)
	}
	switch prop {
	case "name":
		return name, true
	case "size":
		return number(p.Size), true
	case "allocated", "alloc":
		return number(used), true
	case "free":
		return number(p.Size - used), true
	case "health":
		return "ONLINE", true
	case "capacity", "cap":
		percent := strconv.FormatInt(used*100/max(p.Size, 1), 10)
		if exact {
			return percent, true
		}
		return percent + "%", true
	case "fragmentation", "frag":
		return "0%", true
	case "dedupratio", "dedup":
		return "1.00x", true
	case "altroot", "checkpoint", "ckpoint", "expandsize", "expandsz", "bootfs", "comment", "cachefile":
		return "-", true
	case "ashift", "autotrim", "autoexpand", "failmode", "readonly", "version", "guid":
		defaults := map[string]string{"ashift": "0", "autotrim": "off", "autoexpand": "off", "failmode": "wait", "readonly": "off", "version": "-", "guid": "1"}
		if text, ok := p.Props[prop]; ok {
			return text, true
		}
		return defaults[prop], true
	}
	return "", false
}
