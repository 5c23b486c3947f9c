package cloudbox_test

import (
	"strings"
	"testing"

	"github.com/fbdock/fbdock/boxes/cloudbox"
)

func snapshot(release string) cloudbox.Source {
	return cloudbox.Source{Release: release, Architecture: "arm64", Filesystem: "ufs"}
}

// The names are those that FreeBSD's release/Makefile.mirrors gives.
func TestSnapshotNames(t *testing.T) {
	t.Parallel()
	const folder = "https://download.freebsd.org/snapshots/VM-IMAGES/15.10-STABLE/aarch64/"
	s := snapshot("15-STABLE")
	if got, want := s.Index(), "https://download.freebsd.org/snapshots/VM-IMAGES/"; got != want {
		t.Errorf("Index() = %s, want %s", got, want)
	}
	index := `<a href="../">up</a><a href="15.2-STABLE/" title="x">15.2-STABLE/</a><a href="/snapshots/VM-IMAGES/15.10-STABLE/">x</a>` +
		`<a href="15.11-PRERELEASE/">x</a><a href="115.99-STABLE/">x</a><a href="16.0-CURRENT/">x</a>`
	s, err := s.InIndex(index)
	if err != nil || s.Title() != "15.10-STABLE" || s.Index() != "" {
		t.Fatalf("InIndex() = %+v, %v, want 15.10-STABLE", s, err)
	}
	if got, want := s.Checksums(), folder+"Latest/CHECKSUM.SHA512"; got != want {
		t.Errorf("Checksums() = %s, want %s", got, want)
	}
	const name = "FreeBSD-15.10-STABLE-arm64-aarch64-BASIC-CLOUDINIT-20261023-9bec8a959bd6-288738-ufs.raw.xz"
	s, err = s.InList([]string{
		name, name, strings.Replace(name, "1023-9bec", "1022-9bec", 1), strings.Replace(name, "-ufs", "-zfs", 1), strings.Replace(name, ".raw", ".qcow2", 1),
		strings.Replace(name, "20261023", "../61024", 1), strings.Replace(name, "288738", "x", 1), "FreeBSD-15.10-STABLE-arm64-aarch64-ufs-20261024-9bec8a959bd6-288738.raw.xz",
	})
	if err != nil || s.File() != name || s.Date() != "2026-10-23" {
		t.Fatalf("InList() = %+v, %v, want %s", s, err, name)
	}
	if got, want := s.URL(), folder+"20261023/"+name; got != want {
		t.Errorf("URL() = %s, want %s", got, want)
	}
	if got, want := s.Checksums(), folder+"20261023/CHECKSUM.SHA512-20261023-9bec8a959bd6-288738"; got != want {
		t.Errorf("Checksums() = %s, want %s", got, want)
	}
	if got := snapshot("15-STABLE").At(s.URL()); got != s {
		t.Errorf("At(%s) = %+v, want %+v", s.URL(), got, s)
	}
	for release, address := range map[string]string{
		"15-STABLE": "https://example.org/mine.raw.xz", "16-STABLE": s.URL(), "15.1-STABLE": s.URL(), "15.1": s.URL(),
	} {
		if got := snapshot(release).At(address); got != snapshot(release) {
			t.Errorf("At(%s) of %s = %+v, want it unchanged", address, release, got)
		}
	}
}

func TestSnapshotVersion(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]cloudbox.Source{
		"16.0.20261023.1.": {Release: "16.0-CURRENT", Build: "20261023-9bec8a959bd6-288738"},
		"15.1.20261023.1.": {Release: "15-STABLE", Branch: "15.1-STABLE", Build: "20261023-9bec8a959bd6-288738"},
		"15.1.":            {Release: "15-STABLE"},
		"16.0.1.":          {Release: "16.0-CURRENT"},
	} {
		s.Architecture, s.Filesystem = "amd64", "zfs"
		b := cloudbox.Box{Source: s, SHA512: strings.Repeat("ab", 64), Format: cloudbox.Libvirt, Size: cloudbox.DefaultSize}
		if got := b.Version(); !strings.HasPrefix(got, want) || s.Check() != nil || b.Name() != "fbdock/freebsd-"+s.Release {
			t.Errorf("Name(), Version() of %+v = %s, %s, want fbdock/freebsd-%s, %s...", s, b.Name(), got, s.Release, want)
		}
	}
}
