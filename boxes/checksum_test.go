package boxes_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fbdock/fbdock/boxes"
)

var someDigest = strings.Repeat("Ab", 64)

// publisher serves one text under every address but some.
func publisher(t *testing.T, list string) (boxes.Cache, boxes.Image) {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, list) }))
	t.Cleanup(server.Close)
	c := boxes.Cache{Dir: t.TempDir(), Client: server.Client(), Stall: 5 * time.Second, Pause: time.Millisecond}
	return c, boxes.Image{Name: "x", URLs: []string{server.URL + "/r/a.raw.xz"}, Mirrors: []string{server.URL + "/r"}, Checksums: server.URL + "/r/CHECKSUM.SHA512"}
}

func TestDigestOfAList(t *testing.T) {
	t.Parallel()
	other := strings.Repeat("cd", 64)
	for name, tt := range map[string]struct{ list, want string }{
		"alone":              {"SHA512 (a.raw.xz) = %s\n", ""},
		"among others":       {"SHA512 (b.raw.xz) = " + other + "\r\nSHA512 (a.raw.xz) = %s\r\n", ""},
		"twice the same":     {"SHA512 (a.raw.xz) = %[1]s\nSHA512 (a.raw.xz) = %[1]s\n", ""},
		"twice":              {"SHA512 (a.raw.xz) = %s\nSHA512 (a.raw.xz) = " + other + "\n", "twice"},
		"another hash":       {"SHA256 (a.raw.xz) = %s\n", "does not list"},
		"the end of a name":  {"SHA512 (aa.raw.xz) = %s\n", "does not list"},
		"another case":       {"SHA512 (A.RAW.XZ) = %s\n", "does not list"},
		"with a folder":      {"SHA512 (r/a.raw.xz) = %s\n", "does not list"},
		"a name with a name": {"SHA512 (b) = " + other + " SHA512 (a.raw.xz) = %s\n", "does not list"},
		"an indented line":   {"  SHA512 (a.raw.xz) = %s\n", "does not list"},
		"too short":          {"SHA512 (a.raw.xz) = abc\n", "no SHA-512"},
		"with words behind":  {"SHA512 (a.raw.xz) = %s  x\n", "no SHA-512"},
		"nothing":            {"", "does not list"},
		"endless":            {"SHA512 (a.raw.xz) = %s\n" + strings.Repeat("# words\n", 1<<17), "larger than"},
	} {
		list := tt.list
		if strings.Contains(list, "%") {
			list = fmt.Sprintf(list, someDigest)
		}
		check(t, name, list, true, tt.want)
	}
}

func TestBareDigest(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ list, want string }{
		"alone":             {"%s\n", ""},
		"without an end":    {"%s", ""},
		"as sha512sum":      {"%s  a.raw.xz\n", ""},
		"in binary mode":    {"%s *a.raw.xz\n", ""},
		"of another file":   {"%s  b.raw.xz\n", "does not list"},
		"of a longer name":  {"%s  a.raw.xz.old\n", "does not list"},
		"two lines":         {"%[1]s  b.raw.xz\n%[1]s  a.raw.xz\n", "does not list"},
		"two bare lines":    {"%[1]s\n%[1]s\n", "no SHA-512"},
		"a login page":      {"<html>\n", "no SHA-512"},
		"words before":      {"digest: %s\n", "does not list"},
		"nothing":           {"", "no SHA-512"},
		"a digest too long": {"%s00\n", "no SHA-512"},
	} {
		list := tt.list
		if strings.Contains(list, "%") {
			list = fmt.Sprintf(list, someDigest)
		}
		check(t, name, list, false, tt.want)
	}
}

func check(t *testing.T, name, text string, list bool, want string) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		c, img := publisher(t, text)
		if !list {
			img.Checksums = ""
		}
		got, err := c.Digest(t.Context(), img)
		if want == "" && (err != nil || got != strings.ToLower(someDigest)) {
			t.Errorf("Digest() = %.16s..., %v, want %.16s...", got, err, strings.ToLower(someDigest))
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("Digest(): error = %v, want one that says %q", err, want)
		}
	})
}

// A digest is only taken from the publisher's own hosts and over HTTPS.
func TestDigestFromElsewhere(t *testing.T) {
	t.Parallel()
	c, img := publisher(t, someDigest)
	img.Checksums = ""
	from := func(change func(img *boxes.Image)) error {
		other := img
		change(&other)
		_, err := c.Digest(t.Context(), other)
		return err
	}
	for name, change := range map[string]func(img *boxes.Image){
		"plain HTTP":        func(i *boxes.Image) { i.URLs = []string{strings.Replace(i.URLs[0], "https", "http", 1)} },
		"another folder":    func(i *boxes.Image) { i.URLs = []string{strings.Replace(i.URLs[0], "/r/", "/q/", 1)} },
		"out of the folder": func(i *boxes.Image) { i.URLs = []string{strings.Replace(i.URLs[0], "/r/", "/r/../q/", 1)} },
		"no publisher":      func(i *boxes.Image) { i.Mirrors = nil },
	} {
		if err := from(change); err == nil || !strings.Contains(err.Error(), "only taken from its publisher") {
			t.Errorf("Digest() with %s: error = %v, want one that says it is only taken from its publisher", name, err)
		}
	}
	c.Client.Timeout = 5 * time.Second
	for name, to := range map[string]string{
		"another host": "https://localhost.invalid/r/a.raw.xz.sha512",
		"plain HTTP":   "http://" + strings.TrimPrefix(img.Mirrors[0], "https://") + "/a.raw.xz.sha512",
	} {
		away := httptest.NewTLSServer(http.RedirectHandler(to, http.StatusFound))
		defer away.Close()
		err := from(func(i *boxes.Image) {
			i.URLs, i.Mirrors = []string{away.URL + "/r/a.raw.xz"}, []string{away.URL + "/r"}
		})
		if refused, ok := errors.AsType[*boxes.RedirectError](err); !ok || refused.To != to || refused.Hint() == "" {
			t.Errorf("Digest() with a redirection to %s: error = %v, want a RedirectError", name, err)
		}
	}
	// From one mirror of the publisher's to another it may go.
	at := httptest.NewTLSServer(http.RedirectHandler(img.URLs[0]+".sha512", http.StatusFound))
	defer at.Close()
	if err := from(func(i *boxes.Image) {
		i.URLs, i.Mirrors = []string{at.URL + "/r/a.raw.xz"}, []string{at.URL + "/r", i.Mirrors[0]}
	}); err != nil {
		t.Errorf("Digest() between mirrors: error = %v, want none", err)
	}
}

func TestPublishedAddresses(t *testing.T) {
	t.Parallel()
	img := boxes.Image{Mirrors: []string{"https://dl.example/alpine", "https://mirror.example/pub/alpine/"}}
	for address, want := range map[string]bool{
		"https://dl.example/alpine/v3/a.qcow2":       true,
		"https://DL.example/alpine/v3/a.qcow2":       true,
		"HTTPS://dl.example/alpine/v3/a.qcow2":       true,
		"https://mirror.example/pub/alpine/a.qcow2":  true,
		"http://dl.example/alpine/v3/a.qcow2":        false,
		"https://dl.example:8443/alpine/v3/a.qcow2":  false,
		"https://dl.example./alpine/v3/a.qcow2":      false,
		"https://dl.example.evil.example/alpine/a":   false,
		"https://dl.example@evil.example/alpine/a":   false,
		"https://me@dl.example/alpine/v3/a.qcow2":    false,
		"https://dl.example/alpine2/a.qcow2":         false,
		"https://dl.example/alpine/":                 false,
		"https://dl.example/other/a.qcow2":           false,
		"https://dl.example/alpine/../other/a.qcow2": false,
		"https://dl.example/alpine/%2e%2e/other/a":   false,
		"https://dl.example/alpine/v3/a.qcow2?x":     false,
		"https://dl.example/alpine/v3/a.qcow2?":      false,
		"https://dl.example/alpine/v3/a.qcow2#x":     false,
		"https://dl.example/alpine//a.qcow2":         false,
		`https://dl.example/alpine\..\a.qcow2`:       false,
		"https:dl.example/alpine/a.qcow2":            false,
		"file:///alpine/a.qcow2":                     false,
		"//dl.example/alpine/a.qcow2":                false,
		"https://xn--dl-example.example/alpine/a":    false,
		"https://dl.example/alpine/v3/a.qcow2\n":     false,
		"":                                           false,
	} {
		if got := img.Published(address); got != want {
			t.Errorf("Published(%q) = %v, want %v", address, got, want)
		}
	}
	pinned := img.Pinned("https://mirror.example/pub/alpine/v3/a.qcow2", "00")
	if got := strings.Join(pinned.URLs, " "); got != "https://dl.example/alpine/v3/a.qcow2 https://mirror.example/pub/alpine/v3/a.qcow2" {
		t.Errorf("Pinned().URLs = %s, want the address at the publisher, then the mirror's", got)
	}
	if foreign := img.Pinned("https://evil.example/a", "00"); len(foreign.URLs) != 1 || foreign.URLs[0] != "https://evil.example/a" {
		t.Errorf("Pinned().URLs of a foreign address = %q, want only that address", foreign.URLs)
	}
}
