//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
)

func snapDir(snapshot string) string { return lasting + "snap/" + flat(snapshot) }

// copyTree makes a folder of the lab a copy of another.
func copyTree(l *lab, from, to string) {
	l.must(os.RemoveAll(l.path(to)))
	l.must(os.MkdirAll(filepath.Dir(l.path(to)), 0o755))
	if out, err := exec.Command(debianPath("cp"), "-a", l.path(from), l.path(to)).CombinedOutput(); err != nil {
		l.errorf("%s: lab: copy of %s: %v: %s\n", l.name, from, err, out)
	}
}

// clones are the datasets whose origin a snapshot is.
func (s *store) clones(snapshot string) []string {
	var found []string
	for name, d := range s.Sets {
		if d.Origin == snapshot {
			found = append(found, name)
		}
	}
	sort.Strings(found)
	return found
}

// clonesOutside are clones of what lies below a dataset that do not lie there themselves: zfs destroy -r leaves those alone.
func (s *store) clonesOutside(name string) []string {
	var outside []string
	for _, one := range s.below(name) {
		for _, snap := range s.Sets[one].Snaps {
			for _, clone := range s.clones(one + "@" + snap) {
				if clone != name && !strings.HasPrefix(clone, name+"/") {
					outside = append(outside, clone)
				}
			}
		}
	}
	return outside
}

// withSnapshots puts the snapshots of datasets in their place.
func (s *store) withSnapshots(names []string) []string {
	var all []string
	for _, name := range names {
		all = append(all, name)
		if d := s.Sets[name]; d != nil {
			for _, snap := range d.Snaps {
				all = append(all, name+"@"+snap)
			}
		}
	}
	return all
}

func snapshotProperty(l *lab, s *store, set, snap, prop string) (value, source string, ok bool) {
	switch prop {
	case "name":
		return set + "@" + snap, "-", true
	case "type":
		return "snapshot", "-", true
	case "clones":
		return strings.Join(s.clones(set+"@"+snap), ","), "-", true
	case "mountpoint", "available", "mounted", "origin":
		return "-", "-", true
	}
	if strings.Contains(prop, ":") {
		return zfsProperty(l, s, set, prop)
	}
	return "0", "-", true
}

// propsOf reads -o PROPERTY=VALUE options.
func propsOf(opts []option) (props map[string]string, words string) {
	props = map[string]string{}
	for _, o := range opts {
		if o.flag != 'o' {
			continue
		}
		prop, value, ok := strings.Cut(o.value, "=")
		kept, bad := judge(prop, value)
		if !ok {
			bad = "missing '=' for property=value argument"
		}
		if bad != "" {
			return nil, bad
		}
		props[prop] = kept
	}
	return props, ""
}

func zfsClone(l *lab, s *store, args []string) int {
	opts, rest, bad := getopt(args, "po:u")
	if bad != "" || len(rest) != 2 {
		return zfsBad(l, "clone [-pu] [-o property=value] ... <snapshot> <filesystem|volume>", bad)
	}
	from, name := rest[0], rest[1]
	set, snap, isSnap := strings.Cut(from, "@")
	d := s.get(set)
	if !isSnap || d == nil || !slices.Contains(d.Snaps, snap) {
		l.errorf("cannot open '%s': dataset does not exist\n", from)
		return 1
	}
	cannot := func(words string) int { l.errorf("cannot create '%s': %s\n", name, words); return 1 }
	if strings.SplitN(set, "/", 2)[0] != strings.SplitN(name, "/", 2)[0] {
		return cannot("source and target pools differ")
	}
	props, words := propsOf(opts)
	if words == "" {
		words = s.place(name, has(opts, 'p'))
	}
	if words != "" {
		return cannot(words)
	}
	s.Sets[name] = &dataset{Props: props, Origin: from}
	copyTree(l, snapDir(from), filesDir(name))
	if at, _, _ := mountpoint(s, name); at != "none" && at != "legacy" && !has(opts, 'u') {
		mountSet(l, s, name)
	}
	return 0
}

func zfsRollback(l *lab, s *store, args []string) int {
	opts, rest, bad := getopt(args, "rRf")
	if bad != "" || len(rest) != 1 {
		return zfsBad(l, "rollback [-rRf] <snapshot>", bad)
	}
	set, snap, _ := strings.Cut(rest[0], "@")
	d := s.get(set)
	at := -1
	if d != nil {
		at = slices.Index(d.Snaps, snap)
	}
	if at < 0 {
		l.errorf("cannot open '%s': dataset does not exist\n", rest[0])
		return 1
	}
	if newer := d.Snaps[at+1:]; len(newer) > 0 && !has(opts, 'r') && !has(opts, 'R') {
		l.errorf("cannot rollback to '%s': more recent snapshots or bookmarks exist\nuse '-r' to force deletion of the following snapshots and bookmarks:\n", rest[0])
		for _, one := range newer {
			l.errorf("%s@%s\n", set, one)
		}
		return 1
	}
	d.Snaps = d.Snaps[:at+1]
	// The folder stays: who is in it, and the link to it, go on.
	entries, _ := os.ReadDir(l.path(filesDir(set)))
	for _, entry := range entries {
		l.must(os.RemoveAll(filepath.Join(l.path(filesDir(set)), entry.Name())))
	}
	entries, _ = os.ReadDir(l.path(snapDir(rest[0])))
	for _, entry := range entries {
		copyTree(l, snapDir(rest[0])+"/"+entry.Name(), filesDir(set)+"/"+entry.Name())
	}
	return 0
}

func zfsPromote(l *lab, s *store, args []string) int {
	_, rest, bad := getopt(args, "")
	if bad != "" || len(rest) != 1 {
		return zfsBad(l, "promote <clone-filesystem>", bad)
	}
	d := s.get(rest[0])
	if d == nil {
		l.errorf("cannot open '%s': dataset does not exist\n", rest[0])
		return 1
	}
	if d.Origin == "" {
		l.errorf("cannot promote '%s': not a cloned filesystem\n", rest[0])
		return 1
	}
	from, snap, _ := strings.Cut(d.Origin, "@")
	origin := s.Sets[from]
	at := slices.Index(origin.Snaps, snap)
	for _, one := range origin.Snaps[:at+1] {
		if slices.Contains(d.Snaps, one) {
			l.errorf("cannot promote '%s': snapshot name '%s' from origin \nconflicts with '%s' from target\n", rest[0], one, one)
			return 1
		}
	}
	moved := slices.Clone(origin.Snaps[:at+1])
	for _, one := range moved {
		l.must(os.Rename(l.path(snapDir(from+"@"+one)), l.path(snapDir(rest[0]+"@"+one))))
		for _, clone := range s.clones(from + "@" + one) {
			s.Sets[clone].Origin = rest[0] + "@" + one
		}
	}
	d.Snaps = append(moved, d.Snaps...)
	origin.Snaps = slices.Clone(origin.Snaps[at+1:])
	d.Origin, origin.Origin = origin.Origin, rest[0]+"@"+snap
	return 0
}
