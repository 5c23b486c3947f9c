package refresh_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/boxes/refresh"
)

const security = `<table><tr><th>Branch</th><th>Release</th><th>Type</th><th>Release Date</th><th>Estimated EoL</th></tr>
<tr><td>stable/15</td><td>n/a</td><td>n/a</td><td>n/a</td><td>December 31, 2029</td></tr>
<tr class="x"><td>releng/15.1</td>
<td>15.1-RELEASE</td><td>n/a</td><td>June 2,&nbsp;2026</td><td>April 30, 2027</td></tr>
<tr><td>releng/15.2</td><td>15.2-RELEASE</td><td>n/a</td><td>December 8, 2026</td><td>September 30, 2027</td></tr></table>`

const releases = `{"latest_stable":"v3.25","release_branches":[{"rel_branch":"edge"},{"rel_branch":"v3.24","eol_date":"2028-06-15"},{"rel_branch":"v3.21","eol_date":"2026-11-01"}]}`

// index is a folder of a mirror: the newest image is not there for ARM, and
// others than the engine boots lie beside.
const index = `<a href="alpine-3.24.4-x86_64-cloudinit-r0.qcow2">a</a>
<a href="alpine-3.24.3-x86_64-cloudinit-r2.qcow2">a</a> <a href="alpine-3.24.3-aarch64-cloudinit-r2.qcow2">a</a>
<a href="alpine-3.24.3-x86_64-cloudinit-r10.qcow2">a</a> <a href="alpine-3.24.3-aarch64-cloudinit-r10.qcow2">a</a>
<a href="alpine-3.24.5-x86_64-cloudinit-metal-r0.qcow2">a</a> <a href="alpine-3.24.5-x86_64-tiny-r0.qcow2">a</a>
<a href="generic_alpine-3.24.0-x86_64-bios-cloudinit-r0.qcow2">a</a>
<a href="alpine-3.24.3-x86_64-cloudinit-r2.qcow2.sha512">a</a>`

func before(mirror string) boxes.Catalogue {
	return boxes.Catalogue{
		AsOf: "2026-11-28", Mirrors: []string{mirror},
		Boxes: []boxes.Entry{
			{Name: "fbdock/freebsd-15.1", Release: "15.1", EndOfSupport: "2027-03-31"},
			{Name: "old", Release: "14.0", EndOfSupport: "2024-09-30"},
		},
		Images: []boxes.Release{
			{Name: "alpine-3.24", Version: "3.24.2", Build: "r0", EndOfSupport: "2028-06-01", Files: map[string]boxes.ImageFile{"amd64": {Path: "a"}, "arm64": {Path: "b"}}},
			{Name: "alpine-3.21", Version: "3.21.7", Build: "r0", EndOfSupport: "2026-11-01", Files: map[string]boxes.ImageFile{"amd64": {Path: "c"}}},
		},
	}
}

func serve(t *testing.T, pages map[string]string) refresh.Source {
	t.Helper()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := pages[r.URL.Path]
		if !ok && strings.HasSuffix(r.URL.Path, ".sha512") {
			text, ok = strings.Repeat(fmt.Sprintf("%x", len(r.URL.Path)%16), 128)+"  name\n", true
		}
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(s.Close)
	return refresh.Source{Client: s.Client(), Releases: s.URL + "/releases.json", Security: s.URL + "/security/"}
}

func pages() map[string]string {
	return map[string]string{"/releases.json": releases, "/security/": security, "/alpine/v3.24/releases/cloud/": index}
}

var today = time.Date(2026, time.December, 10, 0, 0, 0, 0, time.UTC)

func TestCatalogue(t *testing.T) {
	t.Parallel()
	s := serve(t, pages())
	mirror := strings.TrimSuffix(s.Releases, "/releases.json") + "/alpine"
	got, changes, err := s.Catalogue(t.Context(), before(mirror), today)
	if err != nil {
		t.Fatal(err)
	}
	want := before(mirror)
	want.AsOf, want.Boxes[0].EndOfSupport = "2026-12-10", "2027-04-30"
	file := func(name string) boxes.ImageFile {
		path := "v3.24/releases/cloud/" + name
		address := mirror + "/" + path + ".sha512"
		return boxes.ImageFile{
			Path: path, SHA512: strings.Repeat(fmt.Sprintf("%x", len("/alpine/"+path+".sha512")%16), 128), SHA512Source: address + " on 2026-12-10",
		}
	}
	want.Images[0] = boxes.Release{Name: "alpine-3.24", Version: "3.24.3", Build: "r10", EndOfSupport: "2028-06-15", Files: map[string]boxes.ImageFile{
		"amd64": file("alpine-3.24.3-x86_64-cloudinit-r10.qcow2"), "arm64": file("alpine-3.24.3-aarch64-cloudinit-r10.qcow2"),
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Catalogue() (-want +got):\n%s", diff)
	}
	said := strings.Join(changes, "\n")
	for _, text := range []string{
		"alpine-3.25 is the stable branch, and the catalogue does not have it", `alpine-3.24: end of support 2028-06-15, was "2028-06-01"`,
		"FreeBSD 15.2 is supported until 2027-09-30, and the catalogue does not have it", "alpine-3.24.3-aarch64-cloudinit-r10.qcow2, was b",
	} {
		if !strings.Contains(said, text) {
			t.Errorf("Catalogue() says the changes %q, want %q among them", changes, text)
		}
	}
	// A second run finds nothing to do but what is to be added by hand.
	again, changes, err := s.Catalogue(t.Context(), got, today)
	if diff := cmp.Diff(got, again); err != nil || diff != "" || len(changes) != 2 {
		t.Errorf("second Catalogue() = %v, changes %q, want no error and 2 changes (-want +got):\n%s", err, changes, diff)
	}
	// A file whose digest has changed is not taken.
	got.Images[0].Files["amd64"] = boxes.ImageFile{Path: got.Images[0].Files["amd64"].Path, SHA512: strings.Repeat("0", 128), SHA512Source: "x"}
	if _, _, err := s.Catalogue(t.Context(), got, today); err == nil || !strings.Contains(err.Error(), "find out why") {
		t.Errorf("Catalogue() with another digest for the same file: error = %v, want one that says to find out why", err)
	}
}

// What cannot be looked up leaves the catalogue as it was, and of the old day.
// TestMirrorBehind: a mirror that has only older images, and a page that is cut
// off, change nothing.
func TestMirrorBehind(t *testing.T) {
	t.Parallel()
	for what, tt := range map[string]struct{ page, want string }{
		"older":    {`<a href="alpine-3.24.1-x86_64-cloudinit-r0.qcow2">a</a> <a href="alpine-3.24.1-aarch64-cloudinit-r0.qcow2">a</a>`, "the mirror is behind"},
		"too long": {index + strings.Repeat(" ", 8<<20), "longer than"},
	} {
		all := pages()
		all["/alpine/v3.24/releases/cloud/"] = tt.page
		s := serve(t, all)
		c := before(strings.TrimSuffix(s.Releases, "/releases.json") + "/alpine")
		got, _, err := s.Catalogue(t.Context(), c, today)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Catalogue() with %s: error = %v, want one that says %q", what, err, tt.want)
		}
		if v := got.Images; len(v) > 0 && v[0].Version != "3.24.2" {
			t.Errorf("Catalogue() with %s: image = %s, want 3.24.2", what, v[0].Version)
		}
	}
}

func TestUnavailable(t *testing.T) {
	t.Parallel()
	for path, text := range map[string]string{
		"/releases.json": "{", "/security/": "<tr>15.1-RELEASE</tr>", "/alpine/v3.24/releases/cloud/": `"alpine-3.24.3-x86_64-cloudinit-r2.qcow2"`,
		"/alpine/v3.24/releases/cloud/alpine-3.24.3-x86_64-cloudinit-r10.qcow2.sha512": "soon",
	} {
		p := pages()
		p[path] = text
		s := serve(t, p)
		c := before(strings.TrimSuffix(s.Releases, "/releases.json") + "/alpine")
		got, _, err := s.Catalogue(t.Context(), c, today)
		if err == nil || got.AsOf != "2026-11-28" || len(got.Images) != 2 || len(got.Boxes) != 2 {
			t.Errorf("Catalogue() with %q at %s = %+v, %v, want an error and the old catalogue", text, path, got, err)
		}
	}
}
