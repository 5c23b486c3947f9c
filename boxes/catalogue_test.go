package boxes_test

import (
	"cmp"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fbdock/fbdock/boxes"
)

func catalogue(t *testing.T) boxes.Catalogue {
	t.Helper()
	c, err := boxes.Default()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestBox(t *testing.T) {
	t.Parallel()
	tests := []struct {
		provider, arch, name string
		want                 string
		timeout              int
	}{
		{"virtualbox", "amd64", "", "fbdock/freebsd-15.1", 1800},
		{"qemu", "arm64", "", "fbdock/freebsd-15.1", 1800},
		{"parallels", "arm64", "", "bento/freebsd-15", 900},
		{"virtualbox", "amd64", "bento/freebsd-15", "bento/freebsd-15", 900},
		{"vmware_desktop", "arm64", "", "fbdock/freebsd-15.1", 1800},
		{"parallels", "arm64", "freebsd-14", "bento/freebsd-14", 900},
		{"libvirt", "amd64", "freebsd-14", "fbdock/freebsd-14.5", 1800},
		{"libvirt", "amd64", "", "fbdock/freebsd-15.1", 1800},
		{"virtualbox", "amd64", "freebsd-15.1", "fbdock/freebsd-15.1", 1800},
		{"virtualbox", "amd64", "fbdock/freebsd-15.1", "fbdock/freebsd-15.1", 1800},
		{"vmware_desktop", "arm64", "freebsd-14.5", "fbdock/freebsd-14.5", 1800},
		{"utm", "arm64", "fbdock/freebsd-15.1", "fbdock/freebsd-15.1", 1800},
		{"virtualbox", "amd64", "freebsd/FreeBSD-15.1-RELEASE", "freebsd/FreeBSD-15.1-RELEASE", 1200},
		{"docker", "amd64", "", "fbdock-lab:latest", 300},
		{"libvirt", "amd64", "me/freebsd-15", "me/freebsd-15", 1200},
		{"libvirt", "amd64", "my-own", "my-own", 1200},
	}
	for _, tt := range tests {
		got, err := catalogue(t).Box(tt.provider, tt.arch, tt.name)
		if err != nil || got.Name != tt.want || got.BootTimeout != tt.timeout || got.Architecture != tt.arch {
			t.Errorf("Box(%s, %s, %q) = %+v, %v, want %s", tt.provider, tt.arch, tt.name, got, err, tt.want)
		}
	}
}

func TestBoxNotFound(t *testing.T) {
	t.Parallel()
	tests := []struct{ provider, arch, name, hint string }{
		{"hyperv", "arm64", "", "set box to one that you have"},
		{"xen", "amd64", "", "set box to one that you have"},
		{"libvirt", "amd64", "freebsd-14.4", "known are: fbdock/freebsd-14.5, fbdock/freebsd-15.1, freebsd-14, freebsd-14.5, freebsd-15"},
		{"virtualbox", "amd64", "freebsd-51", "did you mean freebsd-1"},
		{"virtualbox", "amd64", "FreeBSD-15", "did you mean freebsd-15"},
	}
	for _, tt := range tests {
		_, err := catalogue(t).Box(tt.provider, tt.arch, tt.name)
		nf, ok := errors.AsType[*boxes.NotFoundError](err)
		if !ok {
			t.Errorf("Box(%s, %s, %q): error = %v, want a NotFoundError", tt.provider, tt.arch, tt.name, err)
			continue
		}
		if !strings.HasPrefix(nf.Hint(), tt.hint) || !strings.Contains(err.Error(), tt.arch) {
			t.Errorf("Box(%s, %s, %q): error = %v, hint %q, want the hint %q", tt.provider, tt.arch, tt.name, err, nf.Hint(), tt.hint)
		}
	}
}

func TestKnownBoxForAnotherProviderIsNoted(t *testing.T) {
	t.Parallel()
	b, err := catalogue(t).Box("libvirt", "amd64", "bento/freebsd-15")
	if err != nil || len(b.Notes) != 1 {
		t.Errorf("Box(libvirt, amd64, bento/freebsd-15) = %+v, %v, want one note", b, err)
	}
}

func TestImage(t *testing.T) {
	t.Parallel()
	// The form that Alpine publishes, pinned to the release.
	form := regexp.MustCompile(`^https://[a-z.-]+/alpine/v3\.2\d/releases/cloud/((generic_)?alpine-3\.2[1-3]\.\d+-(x86_64|aarch64)-uefi|alpine-3\.24\.\d+-(x86_64|aarch64))-cloudinit-r\d\.qcow2$`)
	for _, name := range []string{"alpine-3.21", "alpine-3.22", "alpine-3.23", "alpine-3.24"} {
		for _, arch := range []string{"amd64", "arm64"} {
			img, err := catalogue(t).Image(name, arch)
			if err != nil || len(img.URLs) < 2 || img.Name != name || img.Architecture != arch {
				t.Errorf("Image(%s, %s) = %+v, %v, want it with 2 or more addresses", name, arch, img, err)
			}
			for _, u := range img.URLs {
				if !form.MatchString(u) {
					t.Errorf("Image(%s, %s) has the address %s, want one that matches %v", name, arch, u, form)
				}
			}
			if !strings.HasPrefix(img.URLs[0], "https://dl-cdn.alpinelinux.org/") {
				t.Errorf("Image(%s) has the first address %s, want one of https://dl-cdn.alpinelinux.org/", name, img.URLs[0])
			}
		}
	}
}

func TestImageNotFound(t *testing.T) {
	t.Parallel()
	_, err := catalogue(t).Image("alpine-3.42", "amd64")
	nf, ok := errors.AsType[*boxes.NotFoundError](err)
	if !ok || !strings.Contains(nf.Hint(), "alpine-3.22") {
		t.Errorf("Image(alpine-3.42, amd64): error = %v, %+v, want a NotFoundError whose hint names alpine-3.22", err, nf)
	}
	_, err = catalogue(t).Image("debian", "amd64")
	if nf, ok = errors.AsType[*boxes.NotFoundError](err); !ok || !strings.Contains(nf.Hint(), "known are: alpine-3.24") {
		t.Errorf("Image(debian, amd64): error = %v, %+v, want a NotFoundError whose hint lists the known ones", err, nf)
	}
	if _, err = catalogue(t).Image("alpine-3.24", "riscv64"); err == nil {
		t.Error("Image(alpine-3.24, riscv64): no error, want one")
	}
}

// The data is only as good as its own rules.
func TestCatalogueIsSound(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	providers := []string{"virtualbox", "vmware_desktop", "libvirt", "hyperv", "parallels", "qemu", "utm", "docker"}
	for _, p := range providers {
		if c.Defaults[p] == "" {
			t.Errorf("catalogue: provider %s has no default box, want one", p)
		}
		if _, err := c.Box(p, "amd64", ""); err != nil {
			t.Errorf("Box(%s, amd64, \"\"): %v, want no error", p, err)
		}
	}
	for _, r := range c.Images {
		if r.EndOfSupport == "" || !strings.HasPrefix(r.Version, strings.TrimPrefix(r.Name, "alpine-")+".") || len(r.Files) != 2 {
			t.Errorf("catalogue: image %+v, want an end of support, a version of its series and 2 files", r)
		}
		for arch, f := range r.Files {
			// A path is of the version that is said, and of its architecture.
			name := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[arch]
			if !strings.Contains(f.Path, "alpine-"+r.Version+"-"+name+"-") || !strings.HasSuffix(f.Path, "-"+r.Build+".qcow2") {
				t.Errorf("catalogue: image %s on %s has the path %s, want one with version, architecture and build", r.Version, arch, f.Path)
			}
		}
	}
	for _, e := range c.Boxes {
		if e.Name == "" || e.BootTimeout < 300 || e.Release == "" || len(e.Published) == 0 {
			t.Errorf("catalogue: box %+v, want a name, a boot timeout of 300 s or more, a release and publications", e)
		}
		for p, archs := range e.Published {
			if !slices.Contains(providers, p) || len(archs) == 0 {
				t.Errorf("catalogue: box %s is published for %q %v, want a known provider and an architecture", e.Name, p, archs)
			}
		}
	}
}

// TestSupported fails when an entry has no support any more by the day that
// the catalogue was looked up, which "make catalogue" moves to today. A test that
// went by the clock would fail one morning without a change; FBDOCK_CATALOGUE_DAY,
// which "make catalogue-check" sets to today for a scheduled job, is for that.
// Users are warned by the clock: plan, up and doctor.
func TestSupported(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	of := cmp.Or(os.Getenv("FBDOCK_CATALOGUE_DAY"), string(c.AsOf))
	day, err := time.Parse(time.DateOnly, of)
	if err != nil {
		t.Fatal(err)
	}
	check := func(name string, end boxes.Day, kept string) {
		switch {
		case end.Passed(day) && kept == "":
			t.Errorf("%s gets no fixes since %s, it is looked at as of %s: want it taken out, or a reason in \"kept\"", name, end, of)
		case !end.Passed(day) && kept != "":
			t.Errorf("%s gets fixes until %s and has \"kept\", want that only for entries without support", name, end)
		}
	}
	for _, e := range c.Boxes {
		check(e.Name, e.EndOfSupport, e.Kept)
	}
	for _, r := range c.Images {
		check(r.Name, r.EndOfSupport, r.Kept)
	}
	// What is picked for a user gets fixes.
	for provider := range c.Defaults {
		if b, err := c.Box(provider, "amd64", ""); err != nil || b.EndOfSupport.Passed(day) {
			t.Errorf("Box(%s, amd64, \"\") = %+v, %v, want a box with support", provider, b, err)
		}
	}
	if r := c.Registry; r.Name == "" || r.Source == "" || r.NoNewBoxes >= r.SupportEnds || r.SupportEnds >= r.Ends {
		t.Errorf("catalogue: registry = %+v, want a name, a source and dates in order", r)
	}
}

func TestOwn(t *testing.T) {
	t.Parallel()
	for provider, want := range map[string]string{"virtualbox": "fbdock/freebsd-15.1", "libvirt": "fbdock/freebsd-15.1", "parallels": "", "docker": ""} {
		if b, ok := catalogue(t).Own(provider, "amd64"); b.Name != want || ok != (want != "") {
			t.Errorf("Own(%q) = %q, %v, want %q", provider, b.Name, ok, want)
		}
	}
	if release, ok := boxes.OwnRelease("fbdock/freebsd-15.1"); release != "15.1" || !ok {
		t.Errorf("OwnRelease(fbdock/freebsd-15.1) = %q, %v, want 15.1, true", release, ok)
	}
	if b, err := catalogue(t).Box("qemu", "arm64", "fbdock/freebsd-15.1"); err != nil || !b.Own {
		t.Errorf("Box() = %+v, %v, want one of fbdock's own", b, err)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, data := range []string{
		"", "{", `{"boxs":[]}`, `{"as_of":"today"}`, `{"registry":{"ends":"2027-13-01"}}`, `{"boxes":[{"end_of_support":"soon"}]}`, `{"images":[{"end_of_support":"2027-02-30"}]}`,
		`{"images":[{"files":{"amd64":{"path":"a","sha512":"abc","sha512_source":"b"}}}]}`,
		`{"images":[{"files":{"amd64":{"path":"a","sha512":"` + strings.Repeat("ab", 64) + `"}}}]}`,
	} {
		if _, err := boxes.Parse([]byte(data)); err == nil {
			t.Errorf("Parse(%q): no error, want one", data)
		}
	}
}

func TestEndOfSupport(t *testing.T) {
	t.Parallel()
	today := time.Date(2026, time.November, 28, 23, 0, 0, 0, time.UTC)
	for day, want := range map[boxes.Day]bool{"": false, "2026-11-27": true, "2026-11-28": false, "2027-01-01": false, "2024-09-30": true} {
		if got := day.Passed(today); got != want {
			t.Errorf("Day(%q).Passed() = %v, want %v", day, got, want)
		}
	}
	img, err := catalogue(t).Image("alpine-3.24", "amd64")
	if err != nil || img.EndOfSupport == "" || len(img.SHA512) != 128 {
		t.Errorf("Image(alpine-3.24, amd64) = %+v, %v, want an end of support and a SHA-512", img, err)
	}
	if b, err := catalogue(t).Box("libvirt", "amd64", "freebsd-14"); err != nil || b.EndOfSupport != "2027-06-30" {
		t.Errorf("Box(libvirt, amd64, freebsd-14) = %+v, %v, want the end of support 2027-06-30", b, err)
	}
}
