//go:build linux

package main

import (
	"os"
	"slices"
	"strings"
)

func zpoolList(l *lab, s *store, args []string) int {
	opts, rest, bad := getopt(args, "gHLo:pPT:v")
	if bad != "" {
		return zfsBad(l, "list [-gHLpPv] [-o property[,...]] [-T d|u] [pool] ... [interval [count]]", bad)
	}
	columns := strings.Split("name,size,alloc,free,ckpoint,expandsz,frag,cap,dedup,health,altroot", ",")
	if has(opts, 'o') {
		columns = strings.Split(value(opts, 'o'), ",")
	}
	if len(rest) == 0 {
		rest = s.poolNames(false)
		if len(rest) == 0 {
			if !has(opts, 'H') {
				l.errorf("no pools available\n")
			}
			return 0
		}
	}
	if !has(opts, 'H') {
		l.printf("%s\n", strings.ToUpper(strings.Join(columns, "\t")))
	}
	status := 0
	for _, name := range rest {
		if poolNamed(l, s, name) == nil {
			status = 1
			continue
		}
		row := make([]string, len(columns))
		for i, column := range columns {
			text, ok := poolProperty(l, s, name, column, has(opts, 'p'))
			if !ok {
				l.errorf("bad property list: invalid property '%s'\n", column)
				return 2
			}
			row[i] = text
		}
		l.printf("%s\n", strings.Join(row, "\t"))
	}
	return status
}

func zpoolGet(l *lab, s *store, args []string) int {
	opts, rest, bad := getopt(args, "Hpo:")
	if bad != "" || len(rest) < 1 {
		return zfsBad(l, "get [-Hp] [-o \"all\" | field[,...]] <\"all\" | property[,...]> <pool> ...", bad)
	}
	columns := []string{"name", "property", "value", "source"}
	if has(opts, 'o') {
		columns = strings.Split(value(opts, 'o'), ",")
	}
	pools := rest[1:]
	if len(pools) == 0 {
		pools = s.poolNames(false)
	}
	for _, name := range pools {
		p := poolNamed(l, s, name)
		if p == nil {
			return 1
		}
		for prop := range strings.SplitSeq(rest[0], ",") {
			text, ok := poolProperty(l, s, name, prop, has(opts, 'p'))
			if !ok {
				l.errorf("bad property list: invalid property '%s'\n", prop)
				return 2
			}
			source := "default"
			if _, local := p.Props[prop]; local {
				source = "local"
			}
			row := make([]string, len(columns))
			for i, column := range columns {
				row[i] = map[string]string{"name": name, "property": prop, "value": text, "source": source}[column]
			}
			l.printf("%s\n", strings.Join(row, "\t"))
		}
	}
	return 0
}

func zpoolSet(l *lab, s *store, args []string) int {
	if len(args) != 2 || !strings.Contains(args[0], "=") {
		l.errorf("missing or too many arguments\nusage:\n\tset <property=value> <pool>\n")
		return 2
	}
	p := poolNamed(l, s, args[1])
	if p == nil {
		return 1
	}
	prop, text, _ := strings.Cut(args[0], "=")
	if strings.HasPrefix(prop, "feature@") {
		l.errorf("lab: single features are not played: zpool upgrade\n")
		return 2
	}
	p.Props[prop] = text
	return 0
}

func zpoolImport(l *lab, s *store, args []string) int {
	opts, rest, bad := getopt(args, "aDd:c:fFlmnNo:R:st")
	if bad != "" || len(rest) > 2 {
		return zfsBad(l, "import [-d dir] [-D] ... [pool | id [newpool]]", bad)
	}
	away := s.poolNames(true)
	if len(rest) == 0 && !has(opts, 'a') {
		if len(away) == 0 {
			l.errorf("no pools available to import\n")
			return 1
		}
		for _, name := range away {
			l.printf("   pool: %s\n     id: 1\n  state: ONLINE\n action: The pool can be imported using its name or numeric identifier.\n config:\n\n\t%s\tONLINE\n\t  %s\tONLINE\n",
				name, name, strings.Join(s.Pools[name].Vdevs, " "))
		}
		return 0
	}
	if has(opts, 'a') {
		rest = away
	}
	for _, name := range rest {
		p := s.Pools[name]
		if p != nil && !p.Exported {
			l.errorf("cannot import '%s': a pool with that name already exists\nuse the form 'zpool import <pool | id> <newpool>' to give it a new name\n", name)
			return 1
		}
		if p == nil {
			l.errorf("cannot import '%s': no such pool available\n", name)
			return 1
		}
		p.Exported = false
		for _, one := range s.below(name) {
			if s.Sets[one].Volume {
				node(l, s, one, false)
			}
		}
	}
	if !has(opts, 'N') {
		mountAll(l, s)
	}
	return 0
}

func zpoolExport(l *lab, s *store, args []string) int {
	_, rest, bad := getopt(args, "af")
	if bad != "" || len(rest) != 1 {
		return zfsBad(l, "export [-af] <pool> ...", bad)
	}
	p := poolNamed(l, s, rest[0])
	if p == nil {
		return 1
	}
	for _, name := range s.below(rest[0]) {
		unmountSet(l, s, name)
	}
	l.must(os.RemoveAll(l.path("/dev/zvol/" + rest[0])))
	p.Exported = true
	return 0
}

func zpoolStatus(l *lab, s *store, args []string) int {
	opts, rest, bad := getopt(args, "c:DgiLpPstT:vx")
	if bad != "" {
		return zfsBad(l, "status [-c [script1,script2,...]] [-DegiLpPstvx] [-T d|u] [pool] ... [interval [count]]", bad)
	}
	if has(opts, 'x') && len(rest) == 0 {
		l.printf("all pools are healthy\n")
		return 0
	}
	if len(rest) == 0 {
		rest = s.poolNames(false)
	}
	if len(rest) == 0 {
		l.errorf("no pools available\n")
	}
	for _, name := range rest {
		p := poolNamed(l, s, name)
		if p == nil {
			return 1
		}
		l.printf("  pool: %s\n state: ONLINE\n", name)
		if p.Bare {
			l.printf("%s", notEnabled)
		}
		l.printf("config:\n\n\tNAME        STATE     READ WRITE CKSUM\n\t%-10s  ONLINE       0     0     0\n", name)
		for _, vdev := range p.Vdevs {
			if has(opts, 'P') && !strings.HasPrefix(vdev, "/") {
				vdev = "/dev/" + vdev
			}
			l.printf("\t  %-8s  ONLINE       0     0     0\n", vdev)
		}
		l.printf("\nerrors: No known data errors\n")
	}
	return 0
}

func zpoolLabelclear(l *lab, s *store, args []string) int {
	_, rest, bad := getopt(args, "f")
	if bad != "" || len(rest) != 1 {
		return zfsBad(l, "labelclear [-f] <vdev>", bad)
	}
	short := strings.TrimPrefix(rest[0], "/dev/")
	for name, p := range s.Pools {
		for _, vdev := range p.Vdevs {
			if vdev == short && !p.Exported {
				l.errorf("/dev/%s is a member (ACTIVE) of pool \"%s\"\n", short, name)
				return 1
			}
		}
	}
	l.errorf("failed to clear label for /dev/%s\n", short)
	return 255
}

func zpoolOnline(l *lab, s *store, args []string) int {
	_, rest, bad := getopt(args, "e")
	if bad != "" || len(rest) < 2 {
		return zfsBad(l, "online [-e] <pool> <device> ...", bad)
	}
	if poolNamed(l, s, rest[0]) == nil {
		return 1
	}
	return 0
}

func zpoolQuiet(l *lab, s *store, args []string) int {
	if len(args) == 0 || poolNamed(l, s, args[len(args)-1]) == nil {
		return 1
	}
	return 0
}

func zfsSnapshot(l *lab, s *store, args []string) int {
	_, rest, bad := getopt(args, "ro:")
	if bad != "" || len(rest) == 0 {
		return zfsBad(l, "snapshot [-r] [-o property=value] ... <filesystem|volume>@<snap> ...", bad)
	}
	for _, arg := range rest {
		set, snap, ok := strings.Cut(arg, "@")
		d := s.get(set)
		if !ok || snap == "" {
			l.errorf("cannot create snapshot '%s': missing '@' delimiter in snapshot name\n", arg)
			return 1
		}
		if d == nil {
			l.errorf("cannot open '%s': dataset does not exist\n", set)
			return 1
		}
		if slices.Contains(d.Snaps, snap) {
			l.errorf("cannot create snapshot '%s': dataset already exists\n", arg)
			return 1
		}
		d.Snaps = append(d.Snaps, snap)
		if !d.Volume {
			copyTree(l, filesDir(set), snapDir(arg))
		}
	}
	return 0
}
