//go:build linux

package main

import (
	"cmp"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

// sizes are the properties that are printed for people unless -p is given.
var sizes = []string{"used", "available", "referenced", "volsize", "volblocksize", "recordsize", "quota", "refquota", "reservation", "refreservation", "logicalused", "written"}

func shown(l *lab, s *store, name, prop string, exact bool) (value, source string, ok bool) {
	value, source, ok = zfsProperty(l, s, name, prop)
	if !ok || exact || !slices.Contains(sizes, prop) {
		return value, source, ok
	}
	if n, err := strconv.ParseInt(value, 10, 64); err == nil {
		if n == 0 && strings.HasSuffix(prop, "quota") || n == 0 && strings.HasSuffix(prop, "reservation") {
			return "none", source, true
		}
		return human(n), source, true
	}
	return value, source, true
}

// pick gives the datasets that the arguments of list and get name.
func pick(l *lab, s *store, names []string, deep bool) ([]string, int) {
	if len(names) == 0 {
		return s.below(""), 0
	}
	var found []string
	status := 0
	for _, name := range names {
		name = strings.TrimSuffix(name, "/")
		set, snap, isSnap := strings.Cut(name, "@")
		d := s.get(set)
		switch {
		case d == nil || isSnap && !slices.Contains(d.Snaps, snap):
			l.errorf("cannot open '%s': dataset does not exist\n", name)
			status = 1
		case isSnap:
			found = append(found, name)
		case deep:
			found = append(found, s.below(name)...)
		default:
			found = append(found, set)
		}
	}
	return found, status
}

func zfsList(l *lab, s *store, args []string) int {
	opts, rest, bad := getopt(args, "Hprd:o:t:s:S:")
	if bad != "" {
		return zfsBad(l, "list [-Hp] [-r|-d max] [-o property[,...]] [-s property]... [-S property]... [-t type[,...]] [filesystem|volume|snapshot] ...", bad)
	}
	columns := []string{"name", "used", "available", "referenced", "mountpoint"}
	if has(opts, 'o') {
		columns = strings.Split(value(opts, 'o'), ",")
	}
	aliases := map[string]string{"avail": "available", "refer": "referenced", "volsz": "volsize"}
	for i, column := range columns {
		if long, ok := aliases[column]; ok {
			columns[i] = long
		}
	}
	kinds := value(opts, 't')
	names, status := pick(l, s, rest, has(opts, 'r') || has(opts, 'd'))
	if contains(strings.Split(kinds, ","), "snapshot") || kinds == "all" {
		names = s.withSnapshots(names)
	}
	if len(names) == 0 && status == 0 && !has(opts, 'H') {
		l.errorf("no datasets available\n")
		return 0
	}
	if !has(opts, 'H') && len(names) > 0 {
		l.printf("%s\n", strings.ToUpper(strings.Join(columns, "\t")))
	}
	for _, name := range names {
		kind, _, _ := zfsProperty(l, s, name, "type")
		if kinds != "" && kinds != "all" && !slices.Contains(strings.Split(kinds, ","), kind) {
			continue
		}
		row := make([]string, len(columns))
		for i, column := range columns {
			text, _, ok := shown(l, s, name, column, has(opts, 'p'))
			if !ok && column != "volsize" && column != "volblocksize" && column != "mounted" {
				l.errorf("bad property list: invalid property '%s'\n", column)
				return 2
			}
			if !ok {
				text = "-"
			}
			row[i] = text
		}
		l.printf("%s\n", strings.Join(row, "\t"))
	}
	return status
}

func zfsGet(l *lab, s *store, args []string) int {
	opts, rest, bad := getopt(args, "Hprd:o:s:t:")
	if bad != "" || len(rest) == 0 {
		return zfsBad(l, "get [-rHp] [-d max] [-o \"all\" | field[,...]] [-t type[,...]] [-s source[,...]] <\"all\" | property[,...]> [filesystem|volume|snapshot|bookmark] ...", bad)
	}
	columns := []string{"name", "property", "value", "source"}
	if has(opts, 'o') {
		columns = strings.Split(value(opts, 'o'), ",")
	}
	names, status := pick(l, s, rest[1:], has(opts, 'r') || has(opts, 'd'))
	if !has(opts, 'H') && len(names) > 0 {
		l.printf("%s\n", strings.ToUpper(strings.Join(columns, "\t")))
	}
	sources := []string{"local", "default", "inherited", "received", "temporary", "none"}
	if has(opts, 's') {
		sources = strings.Split(value(opts, 's'), ",")
	}
	for _, name := range names {
		props := strings.Split(rest[0], ",")
		if rest[0] == "all" {
			props = s.properties(name)
		}
		for _, prop := range props {
			text, source, ok := shown(l, s, name, prop, has(opts, 'p'))
			if !ok {
				if prop != "volsize" && prop != "volblocksize" && prop != "mounted" {
					l.errorf("bad property list: invalid property '%s'\n", prop)
					return 2
				}
				text, source = "-", "-"
			}
			if from, _, _ := strings.Cut(source, " "); !slices.Contains(sources, cmp.Or(map[string]string{"-": "none"}[from], from)) {
				continue
			}
			row := make([]string, len(columns))
			for i, column := range columns {
				row[i] = map[string]string{"name": name, "property": prop, "value": text, "source": source, "received": "-"}[column]
			}
			l.printf("%s\n", strings.Join(row, "\t"))
		}
	}
	return status
}

// properties are those that "all" stands for: of the ones with a default, and what the dataset has itself.
func (s *store) properties(name string) []string {
	d := s.Sets[strings.Split(name, "@")[0]]
	all := map[string]string{"mountpoint": ""}
	maps.Copy(all, zfsDefaults)
	maps.Copy(all, d.Props)
	maps.Copy(all, d.Received)
	return slices.Sorted(maps.Keys(all))
}

func zfsSet(l *lab, s *store, args []string) int {
	opts, rest, bad := getopt(args, "u")
	if bad != "" || len(rest) < 2 {
		return zfsBad(l, "set [-u] <property=value> ... <filesystem|volume|snapshot> ...", bad)
	}
	_ = opts
	name := rest[len(rest)-1]
	d := s.get(name)
	if d == nil {
		l.errorf("cannot open '%s': dataset does not exist\n", name)
		return 1
	}
	for _, arg := range rest[:len(rest)-1] {
		prop, text, ok := strings.Cut(arg, "=")
		if !ok {
			l.errorf("missing '=' for property=value argument\n")
			return 2
		}
		kept, words := judge(prop, text)
		if prop == "volblocksize" || words == "" && prop == "volsize" && !d.Volume {
			words = "'" + prop + "' is readonly"
		}
		if words == "" && prop == "compression" && s.tooOld(name, kept) {
			words = "pool and or dataset must be upgraded to set this property or value"
		}
		if words != "" {
			l.errorf("cannot set property for '%s': %s\n", name, words)
			return 1
		}
		if prop == "volsize" {
			if status := resize(l, d, name, kept); status != 0 {
				return status
			}
			continue
		}
		wasMounted := prop == "mountpoint" && unmountSet(l, s, name)
		d.Props[prop] = kept
		if wasMounted || prop == "mountpoint" && kept != "none" && kept != "legacy" {
			mountSet(l, s, name)
		}
	}
	return 0
}

func resize(l *lab, d *dataset, name, text string) int {
	n, _ := strconv.ParseInt(text, 10, 64)
	block, _, _ := int64(16384), 0, 0
	if own, err := strconv.ParseInt(d.Props["volblocksize"], 10, 64); err == nil {
		block = own
	}
	if n == 0 || n%block != 0 {
		l.errorf("cannot set property for '%s': 'volsize' must be a multiple of volume block size (%s)\n", name, human(block))
		return 1
	}
	if !l.exists("/dev/zvol/" + name) {
		l.kernelSays("panic: zvol resized without a node (a real kernel dies here)")
		l.errorf("lab: a real kernel panics here: %s has no node in /dev/zvol\n", name)
		return 255
	}
	d.Size = n
	if err := os.Truncate(l.path(volumeFile(name)), n); err != nil {
		l.errorf("cannot set property for '%s': %v\n", name, err)
		return 1
	}
	return 0
}

func zfsInherit(l *lab, s *store, args []string) int {
	opts, rest, bad := getopt(args, "rS")
	if bad != "" || len(rest) != 2 {
		return zfsBad(l, "inherit [-rS] <property> <filesystem|volume|snapshot> ...", bad)
	}
	d := s.get(rest[1])
	if d == nil {
		l.errorf("cannot open '%s': dataset does not exist\n", rest[1])
		return 1
	}
	delete(d.Props, rest[0])
	if !has(opts, 'S') { // with it the value of the stream is in force again
		delete(d.Received, rest[0])
	}
	return 0
}

func zfsMount(l *lab, s *store, args []string) int {
	opts, rest, bad := getopt(args, "aflOo:v")
	if bad != "" {
		return zfsBad(l, "mount [-flvO] [-o opts] <-a | filesystem>", bad)
	}
	if has(opts, 'a') {
		mountAll(l, s)
		return 0
	}
	if len(rest) == 0 {
		for _, name := range mounts(l) {
			at, _, _ := mountpoint(s, name)
			l.printf("%-30s  %s\n", name, at)
		}
		return 0
	}
	if d := s.get(rest[0]); d == nil || d.Volume {
		l.errorf("cannot open '%s': dataset does not exist\n", rest[0])
		return 1
	}
	if words := mountSet(l, s, rest[0]); words != "" {
		l.errorf("cannot mount '%s': %s\n", rest[0], words)
		return 1
	}
	return 0
}

func zfsUnmount(l *lab, s *store, args []string) int {
	_, rest, bad := getopt(args, "afu")
	if bad != "" || len(rest) != 1 {
		return zfsBad(l, "unmount [-fu] <-a | filesystem|mountpoint>", bad)
	}
	if s.get(rest[0]) == nil || !unmountSet(l, s, rest[0]) {
		l.errorf("cannot unmount '%s': not currently mounted\n", rest[0])
		return 1
	}
	return 0
}
