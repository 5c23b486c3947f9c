//go:build linux

package main

import (
	"os"
	"slices"
	"strings"
)

// zfsRename is "zfs rename -u", which leaves a file system mounted as it is (zfs-rename(8)). What is below goes along, in the real command: datasets
// that have any are not played.
func zfsRename(l *lab, s *store, args []string) int {
	opts, rest, bad := getopt(args, "fpru")
	if bad != "" || len(rest) != 2 {
		return zfsBad(l, "rename [-f] <filesystem|volume|snapshot> <filesystem|volume|snapshot>\n\trename -u [-f] <filesystem> <filesystem>", bad)
	}
	from, to := rest[0], rest[1]
	d := s.get(from)
	cannot := func(action, reason string) int { l.errorf("cannot %s '%s': %s\n", action, to, reason); return 1 }
	switch {
	case d == nil:
		l.errorf("cannot open '%s': dataset does not exist\n", from)
		return 1
	case !has(opts, 'u') || len(s.below(from)) > 1 || d.Volume:
		return l.fail("lab: only rename -u of a file system without others below is played")
	case strings.SplitN(from, "/", 2)[0] != strings.SplitN(to, "/", 2)[0]:
		return cannot("rename to", "datasets must be within same pool")
	case s.Sets[to] != nil:
		l.errorf("cannot rename '%s': dataset already exists\n", from)
		return 1
	}
	if reason := s.place(to, false); reason != "" {
		return cannot("create", reason)
	}
	for _, snap := range d.Snaps {
		l.must(os.Rename(l.path(snapDir(from+"@"+snap)), l.path(snapDir(to+"@"+snap))))
		for _, clone := range s.clones(from + "@" + snap) {
			s.Sets[clone].Origin = to + "@" + snap
		}
	}
	l.must(os.Rename(l.path(filesDir(from)), l.path(filesDir(to))))
	at, _, _ := mountpoint(s, from)
	delete(s.Sets, from)
	s.Sets[to] = d
	mounted := mounts(l)
	if i := slices.Index(mounted, from); i >= 0 {
		mounted[i] = to
		l.save(volatile+"mounted", mounted)
		if l.fake && at != "none" && at != "legacy" {
			l.remove(l.path(at))
			l.must(os.Symlink(l.path(filesDir(to)), l.path(at)))
		}
	}
	return 0
}
