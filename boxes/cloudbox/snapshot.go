package cloudbox

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Snapshots of FreeBSD's branches are made anew every week or so. What lies in
// the folder Latest are links without a date; the list of digests names the files
// that they lead to, which lie in a folder by their day:
//
//	snapshots/VM-IMAGES/16.0-CURRENT/amd64/20261023/
//	  FreeBSD-16.0-CURRENT-amd64-BASIC-CLOUDINIT-20261023-9bec8a959bd6-288738-zfs.raw.xz
//
// (FreeBSD's release/Makefile.mirrors, vm-images-stage.)
var (
	branch = regexp.MustCompile(`^([1-9][0-9]?)(\.[0-9]{1,2})?-(STABLE|CURRENT|PRERELEASE|ALPHA[0-9]*)$`)
	build  = regexp.MustCompile(`^(20[0-9]{6})-[0-9a-f]{7,40}-[0-9]{1,9}$`)
)

// Snapshot tells whether a release is a branch whose snapshots are published:
// 16.0-CURRENT, or 15-STABLE for that of the highest minor number.
func Snapshot(release string) bool { return branch.MatchString(release) }

// Snapshot tells whether the image is one of a branch.
func (s Source) Snapshot() bool { return s.Engine == "" && Snapshot(s.Release) }

// Date of the snapshot, 2026-10-23; "" before it is known.
func (s Source) Date() string {
	m := build.FindStringSubmatch(s.Build)
	if m == nil {
		return ""
	}
	return m[1][:4] + "-" + m[1][4:6] + "-" + m[1][6:]
}

// Title of the release for a person, 15.1-STABLE for the branch 15-STABLE.
func (s Source) Title() string {
	if s.Snapshot() {
		return s.whole()
	}
	return s.Release
}

// whole is the branch with its minor number, as FreeBSD names folders and files.
func (s Source) whole() string { return cmp.Or(s.Branch, s.Release) }

// Index is the address of the folder of all branches, "" where the release
// itself has the name of one.
func (s Source) Index() string {
	if m := branch.FindStringSubmatch(s.whole()); !s.Snapshot() || m[2] != "" {
		return ""
	}
	return s.place() + "/snapshots/VM-IMAGES/"
}

// InIndex is the source with the branch that a listing of Index has, that of the
// highest minor number. text is HTML.
func (s Source) InIndex(text string) (Source, error) {
	m := branch.FindStringSubmatch(s.Release)
	if m == nil {
		return s, fmt.Errorf("%q is no branch of FreeBSD", s.Release)
	}
	newest := -1
	link := regexp.MustCompile(`href="(?:[^"]*/)?` + m[1] + `\.([0-9]{1,2})-` + m[3] + `/?"`)
	for _, found := range link.FindAllStringSubmatch(text, -1) {
		if minor, err := strconv.Atoi(found[1]); err == nil {
			newest = max(newest, minor)
		}
	}
	if newest < 0 {
		return s, fmt.Errorf("%s has no folder of %s", s.Index(), s.Release)
	}
	s.Branch = fmt.Sprintf("%s.%d-%s", m[1], newest, m[3])
	return s, nil
}

// InList is the source with the newest build that a list of digests has of it.
// names are all that the list has. Two builds of one day are refused: which of
// them is the newest cannot be told.
func (s Source) InList(names []string) (Source, error) {
	var builds []string
	for _, name := range names {
		if b, ok := s.buildOf(name); ok && !slices.Contains(builds, b) {
			builds = append(builds, b)
		}
	}
	if len(builds) == 0 {
		return s, fmt.Errorf("%s lists no %s", s.Checksums(), s.pattern("DATE-REVISION"))
	}
	slices.Sort(builds)
	last := builds[len(builds)-1]
	if n := len(builds); n > 1 && builds[n-2][:8] == last[:8] {
		return s, fmt.Errorf("%s lists two builds of one day, %s and %s", s.Checksums(), s.pattern(builds[n-2]), s.pattern(last))
	}
	s.Build = last
	return s, nil
}

// At is the source with the branch and the build of the file at an address, as
// of a pin; any other address changes nothing.
func (s Source) At(address string) Source {
	if !s.Snapshot() {
		return s
	}
	at := s
	name := path.Base(address)
	if rest, ok := strings.CutPrefix(name, "FreeBSD-"); ok && at.Index() != "" {
		version, rest, _ := strings.Cut(rest, "-")
		kind, _, _ := strings.Cut(rest, "-")
		at.Branch = version + "-" + kind
	}
	b, ok := at.buildOf(name)
	if !ok || !sameBranch(s.Release, at.whole()) {
		return s
	}
	at.Build = b
	return at
}

// sameBranch tells whether a whole name, 15.1-STABLE, is one of a branch.
func sameBranch(release, whole string) bool {
	a, b := branch.FindStringSubmatch(release), branch.FindStringSubmatch(whole)
	return a != nil && b != nil && b[2] != "" && a[1] == b[1] && a[3] == b[3] && (a[2] == "" || a[2] == b[2])
}

// buildOf is the build in the name of an image of the source.
func (s Source) buildOf(name string) (string, bool) {
	before, after, _ := strings.Cut(s.pattern("\n"), "\n")
	b, ok := strings.CutPrefix(name, before)
	if ok {
		b, ok = strings.CutSuffix(b, after)
	}
	return b, ok && build.MatchString(b)
}

// pattern is the name of the image with a build.
func (s Source) pattern(build string) string {
	return fmt.Sprintf("FreeBSD-%s-%s-BASIC-CLOUDINIT-%s-%s.raw.xz", s.whole(), s.fileArchitecture(), build, s.Filesystem)
}
