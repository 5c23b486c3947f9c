//go:build linux

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

func zfsCommands() map[string]command { return map[string]command{"zfs": zfs, "zpool": zpool} }

const (
	compressions = "on | off | lzjb | gzip | gzip-[1-9] | zle | lz4 | zstd | zstd-[1-19] | zstd-fast | zstd-fast-[1-10,20,30,40,50,60,70,80,90,100,500,1000]"
	zfsUsage     = "usage: zfs command args ...\nwhere 'command' is one of the following:\n\n\tcreate, destroy, list, get, set, inherit, mount, unmount, snapshot, rollback, clone, promote, send, receive, rename, version\n"
)

var (
	compressionOK = expression(`^(on|off|lzjb|gzip(-[1-9])?|zle|lz4|zstd(-([1-9]|1[0-9]))?|zstd-fast(-\d+)?)$`)
	datasetName   = expression(`^[A-Za-z0-9][A-Za-z0-9_.:-]*(/[A-Za-z0-9_.:-]+)*$`)
	choices       = map[string][]string{"atime": {"on", "off"}, "volmode": {"default", "full", "geom", "dev", "none"}, "primarycache": {"all", "none", "metadata"},
		"secondarycache": {"all", "none", "metadata"}, "sync": {"standard", "always", "disabled"}, "logbias": {"latency", "throughput"}, "canmount": {"on", "off", "noauto"},
		"exec": {"on", "off"}, "setuid": {"on", "off"}, "readonly": {"on", "off"}, "snapdir": {"hidden", "visible"}}
)

func zfs(l *lab) int {
	if len(l.args) == 0 {
		l.errorf("missing command\n%s", zfsUsage)
		return 2
	}
	run, ok := map[string]func(*lab, *store, []string) int{"create": zfsCreate, "destroy": zfsDestroy, "list": zfsList, "get": zfsGet, "set": zfsSet,
		"inherit": zfsInherit, "mount": zfsMount, "unmount": zfsUnmount, "umount": zfsUnmount, "snapshot": zfsSnapshot, "send": zfsSend,
		"rollback": zfsRollback, "clone": zfsClone, "promote": zfsPromote, "receive": zfsReceive, "recv": zfsReceive, "rename": zfsRename, "version": zfsVersion}[l.args[0]]
	if !ok {
		l.errorf("unrecognized command '%s'\n%s", l.args[0], zfsUsage)
		return 2
	}
	defer l.lock()()
	ensureZFS(l)
	s := loadZFS(l)
	if words := zfsFull(l); words != "" {
		l.errorf("%s: out of space\n", words)
		return 1
	}
	status := run(l, s, l.args[1:])
	saveZFS(l, s)
	return status
}

// zfsFull: a full pool refuses what takes space, as zfs_standard_error of libzfs says it (EZFS_NOSPC).
func zfsFull(l *lab) string {
	if l.conf("pool_space", "free") != "none" {
		return ""
	}
	name := l.args[len(l.args)-1]
	switch l.args[0] {
	case "create", "clone":
		return "cannot create '" + name + "'"
	case "snapshot":
		return "cannot create snapshot '" + name + "'"
	case "receive", "recv":
		return "cannot receive new filesystem stream"
	}
	return ""
}

// ensureZFS: the zfs and zpool commands load the module by themselves.
func ensureZFS(l *lab) {
	if !moduleLives(l, "zfs") {
		loadModule(l, "zfs")
	}
}

func zfsBad(l *lab, usage, bad string) int {
	l.errorf("%s\nusage:\n\t%s\n", strings.Replace(bad, "illegal option -- ", "invalid option '", 1)+"'", usage)
	return 2
}

func zfsVersion(l *lab, _ *store, _ []string) int {
	l.printf("zfs-2.2.6-lab\nzfs-kmod-2.2.6-lab\n")
	return 0
}

// judge normalises a property's value; words say why it cannot be.
func judge(prop, value string) (kept, words string) {
	if strings.Contains(prop, ":") {
		return value, ""
	}
	switch prop {
	case "compression":
		if !compressionOK().MatchString(value) {
			return "", "'compression' must be one of '" + compressions + "'"
		}
		return value, ""
	case "mountpoint":
		if value != "none" && value != "legacy" && !strings.HasPrefix(value, "/") {
			return "", "bad property value: 'mountpoint' must be an absolute path, 'none', or 'legacy'"
		}
		return value, ""
	case "sharenfs":
		if value != "off" {
			return "", "lab: sharenfs is not played, /etc/exports is"
		}
		return value, ""
	case "recordsize", "volblocksize":
		n, ok := size(value)
		if !ok || n < 512 || n > 16<<20 || n&(n-1) != 0 {
			return "", "'" + prop + "' must be power of 2 from 512B to 16M"
		}
		return strconv.FormatInt(n, 10), ""
	case "quota", "refquota", "reservation", "refreservation", "volsize":
		if value == "none" {
			return "0", ""
		}
		n, ok := size(value)
		if !ok {
			return "", "bad numeric value '" + value + "'"
		}
		return strconv.FormatInt(n, 10), ""
	}
	if allowed, ok := choices[prop]; ok {
		if !slices.Contains(allowed, value) {
			return "", "'" + prop + "' must be one of '" + strings.Join(allowed, " | ") + "'"
		}
		return value, ""
	}
	if _, ok := zfsDefaults[prop]; !ok {
		return "", "invalid property '" + prop + "'"
	}
	return value, ""
}

func zfsCreate(l *lab, s *store, args []string) int {
	opts, rest, bad := getopt(args, ":V:b:o:psnuvP")
	if bad != "" {
		return zfsBad(l, "create [-Pnpuv] [-o property=value] ... <filesystem>\n\tcreate [-Pnpsv] [-b blocksize] [-o property=value] ... -V <size> <volume>", bad)
	}
	if len(rest) != 1 {
		l.errorf("missing or too many arguments\nusage:\n\tcreate ...\n")
		return 2
	}
	name := rest[0]
	d := &dataset{Volume: has(opts, 'V'), Props: map[string]string{}}
	cannot := func(words string) int { l.errorf("cannot create '%s': %s\n", name, words); return 1 }
	for _, o := range opts {
		prop, value, ok := strings.Cut(o.value, "=")
		if o.flag == 'b' {
			prop, value, ok = "volblocksize", o.value, true
		} else if o.flag != 'o' {
			continue
		}
		kept, words := judge(prop, value)
		if !ok {
			words = "missing '=' for property=value argument"
		}
		if words != "" {
			return cannot(words)
		}
		d.Props[prop] = kept
	}
	if words := s.place(name, has(opts, 'p')); words != "" {
		return cannot(words)
	}
	if s.tooOld(name, d.Props["compression"]) {
		return cannot("pool must be upgraded to set this property or value")
	}
	if !d.Volume {
		s.Sets[name] = d
		l.must(os.MkdirAll(l.path(filesDir(name)), 0o755))
		if at, _, _ := mountpoint(s, name); at != "none" && at != "legacy" && !has(opts, 'u') {
			mountSet(l, s, name)
		}
		return 0
	}
	return createVolume(l, s, name, d, value(opts, 'V'), has(opts, 's'), cannot)
}

// place says why a dataset cannot be at a name.
func (s *store) place(name string, parents bool) string {
	root, _, below := strings.Cut(name, "/")
	switch {
	case !datasetName().MatchString(name):
		return "invalid character in name"
	case !below:
		return "missing dataset name"
	case s.Pools[root] == nil || s.Pools[root].Exported:
		return "no such pool '" + root + "'"
	case s.Sets[name] != nil:
		return "dataset already exists"
	}
	parent := filepath.Dir(name)
	if s.Sets[parent] == nil {
		if !parents {
			return "parent does not exist"
		}
		if words := s.place(parent, true); words != "" {
			return words
		}
		s.Sets[parent] = &dataset{Props: map[string]string{}}
	}
	if s.Sets[parent].Volume {
		return "parent is not a filesystem"
	}
	return ""
}

func createVolume(l *lab, s *store, name string, d *dataset, text string, sparse bool, cannot func(string) int) int {
	n, ok := size(text)
	if !ok || n == 0 {
		l.errorf("bad volume size '%s': not a valid number\n", text)
		return 1
	}
	block := int64(16384)
	if own, ok := size(d.Props["volblocksize"] + "B"); ok && own > 0 {
		block = own
	}
	d.Size = (n + block - 1) / block * block
	if !sparse {
		if d.Size > available(l, s, strings.SplitN(name, "/", 2)[0]) {
			return cannot("out of space")
		}
		d.Props["refreservation"] = strconv.FormatInt(d.Size, 10)
	}
	s.Sets[name] = d
	file := l.path(volumeFile(name))
	l.must(os.MkdirAll(filepath.Dir(file), 0o755))
	if handle, err := os.Create(file); err != nil || handle.Truncate(d.Size) != nil || handle.Close() != nil {
		delete(s.Sets, name)
		return cannot("out of space")
	}
	_, own := d.Props["volmode"]
	node(l, s, name, own)
	return 0
}

func zfsDestroy(l *lab, s *store, args []string) int {
	opts, rest, bad := getopt(args, "dfnprRv")
	if bad != "" || len(rest) != 1 {
		return zfsBad(l, "destroy [-fnpRrv] <filesystem|volume>", bad)
	}
	name := rest[0]
	if set, snap, ok := strings.Cut(name, "@"); ok {
		d := s.get(set)
		if d == nil || !slices.Contains(d.Snaps, snap) {
			l.errorf("could not find any snapshots to destroy; check snapshot names.\n")
			return 1
		}
		if clones := s.clones(name); len(clones) > 0 {
			l.errorf("cannot destroy '%s': snapshot has dependent clones\nuse '-R' to destroy the following datasets:\n%s\n", name, strings.Join(clones, "\n"))
			return 1
		}
		d.Snaps = slices.DeleteFunc(d.Snaps, func(have string) bool { return have == snap })
		l.must(os.RemoveAll(l.path(snapDir(name))))
		return 0
	}
	d := s.get(name)
	if d == nil {
		l.errorf("cannot open '%s': dataset does not exist\n", name)
		return 1
	}
	var children []string
	for _, one := range s.below(name) {
		if one != name {
			children = append(children, one)
		}
		for _, snap := range s.Sets[one].Snaps {
			children = append(children, one+"@"+snap)
		}
	}
	kind := map[bool]string{true: "volume", false: "filesystem"}[d.Volume]
	if len(children) > 0 && !has(opts, 'r') && !has(opts, 'R') {
		l.errorf("cannot destroy '%s': %s has children\nuse '-r' to destroy the following datasets:\n%s\n", name, kind, strings.Join(children, "\n"))
		return 1
	}
	if outside := s.clonesOutside(name); len(outside) > 0 {
		l.errorf("cannot destroy '%s': %s has dependent clones\nuse '-R' to destroy the following datasets:\n%s\n", name, kind, strings.Join(outside, "\n"))
		return 1
	}
	if jail := jailOn(l, s, name); jail != "" {
		l.errorf("cannot unmount '%s': pool or dataset is busy\n", jail)
		return 1
	}
	if d.Volume && inUse(l, volumeFile(name)) {
		l.errorf("cannot destroy '%s': dataset is busy\n", name)
		return 1
	}
	if has(opts, 'n') {
		return 0
	}
	names := s.below(name)
	slices.Reverse(names)
	for _, one := range names {
		unmountSet(l, s, one)
		l.must(os.RemoveAll(l.path(volumeFile(one))))
		l.must(os.RemoveAll(l.path(filesDir(one))))
		for _, snap := range s.Sets[one].Snaps {
			l.must(os.RemoveAll(l.path(snapDir(one + "@" + snap))))
		}
		l.remove(l.path("/dev/zvol/" + one))
		delete(s.Sets, one)
	}
	return 0
}
