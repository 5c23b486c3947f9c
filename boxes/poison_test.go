package boxes_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/fbdock/fbdock/boxes"
)

// attack is a host of an attacker's that has a file of the attacker's under
// every address.
func attack(t *testing.T) (*mirror, []byte) {
	t.Helper()
	evil := []byte("what an attacker wants to run")
	return serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(evil) }), evil
}

// Whatever address a project pins its own file to, the file of another
// project is not touched by it and never taken for it (issue 12, line 3).
func TestNoAddressStandsForAFile(t *testing.T) {
	t.Parallel()
	for _, spelling := range []string{
		"/v3.24/img.qcow2", "/v3.24/img.qcow2?x", "/v3.24/img.qcow2#x", "/v3.24/img.qcow2?a=/../b", "/v3.24/%69mg.qcow2", "/v3.24/img%2eqcow2",
		"/v3.24/IMG.QCOW2", "/v3.24/img.qcow2.", "/v3.24/img.qcow2%20", "/v3.24//img.qcow2", "/a/../v3.24/img.qcow2", "/..%2fimg.qcow2",
		"/a%5cimg.qcow2", "/img.qcow2:stream", "/img.qcow2%00", "/NUL", "/", "",
	} {
		t.Run(spelling, func(t *testing.T) {
			t.Parallel()
			evil, bytes := attack(t)
			good := serve(t, whole)
			c := cache(t, good)
			// The poisoned project comes first, and gets what it asked for.
			data, path, err := fetch(t, c, boxes.Image{Name: "alpine-3.24", Architecture: "amd64", URLs: []string{evil.URL + spelling}, SHA512: sum(bytes)})
			if err != nil || string(data) != string(bytes) || filepath.Base(path) != sum(bytes) {
				t.Fatalf("Fetch(%s) = %q, %v, want the bytes of the digest", path, data, err)
			}
			// The next one gets the publisher's.
			mustFetch(t, c, image(good))
			// And nothing at all without the network.
			good.Close()
			if _, _, err := fetch(t, c, image(good)); err == nil {
				t.Error("Fetch() of a digest that the cache does not hold: no error, want one")
			}
		})
	}
}

// TestNothingPlantedIsBelieved fills the cache by hand with what would say
// that another file is the publisher's.
func TestNothingPlantedIsBelieved(t *testing.T) {
	t.Parallel()
	evil := []byte("what an attacker wants to run")
	good := sum(content())
	stamp := func(t *testing.T, file string) []byte {
		t.Helper()
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(map[string]any{"sha512": good, "size": info.Size(), "mtime": info.ModTime()})
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for name, plant := range map[string]func(t *testing.T, c boxes.Cache){
		"by its digest": func(t *testing.T, c boxes.Cache) {
			write(t, c.Path(good), evil)
			write(t, c.Path(good)+".json", []byte(`{"name":"alpine-3.24","architecture":"amd64"}`))
			write(t, c.Path(good)+".verified", stamp(t, c.Path(good)))
		},
		"by an old name": func(t *testing.T, c boxes.Cache) {
			old := filepath.Join(c.Dir, "img.qcow2")
			write(t, old, evil)
			write(t, old+".sha512", []byte(good+"\n"))
			write(t, old+".verified", stamp(t, old))
		},
		"half of an old name": func(t *testing.T, c boxes.Cache) {
			write(t, filepath.Join(c.Dir, "img.qcow2.part"), evil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := serve(t, whole)
			c := cache(t, m)
			plant(t, c)
			mustFetch(t, c, image(m))
			if n := m.gets.Load(); n != 1 {
				t.Errorf("%d downloads, want 1", n)
			}
		})
	}
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLinksInTheCacheAreNotFollowed(t *testing.T) {
	t.Parallel()
	for name, link := range map[string]func(c boxes.Cache) string{
		"the file":      func(c boxes.Cache) string { return c.Path(sum(content())) },
		"the lock":      func(c boxes.Cache) string { return c.Path(sum(content())) + ".lock" },
		"the folder":    func(c boxes.Cache) string { return filepath.Join(c.Dir, "sha512") },
		"the download":  nil,
		"a second name": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := serve(t, whole)
			c := cache(t, m)
			// Where the link leads is in the cache too: os.Root would go there.
			target := filepath.Join(c.Dir, "of the user's own")
			write(t, target, []byte("precious"))
			var err error
			switch {
			case link != nil:
				write(t, filepath.Join(c.Dir, "other"), nil)
				if err = os.MkdirAll(filepath.Dir(link(c)), 0o700); err == nil {
					err = os.Symlink(target, link(c))
				}
			default:
				part := halfOf(t, c, m, sum(content()))
				if err = os.Remove(part); err == nil && name == "the download" {
					err = os.Symlink(target, part)
				} else if err == nil {
					err = os.Link(target, part)
				}
			}
			if err != nil {
				t.Skip("no link can be made here: ", err)
			}
			_, _, err = fetch(t, c, image(m))
			if unsafe, ok := errors.AsType[*boxes.UnsafeError](err); !ok || unsafe.Hint() == "" {
				t.Errorf("Fetch() over a link in the cache: error = %v, want an UnsafeError", err)
			}
			if data, err := os.ReadFile(target); err != nil || string(data) != "precious" {
				t.Errorf("the user's file holds %q, %v, want \"precious\"", data, err)
			}
		})
	}
}

// halfOf is the file of a download from m that broke off.
func halfOf(t *testing.T, c boxes.Cache, m *mirror, want string) string {
	t.Helper()
	img := image(m)
	img.SHA512 = want
	stopping := *c.Client
	stopping.Transport = stopped{c.Client.Transport}
	broken := c
	broken.Client = &stopping
	if _, _, err := fetch(t, broken, img); err == nil {
		t.Fatal("Fetch() while the network is down: no error, want one")
	}
	left := parts(t, c)
	if len(left) != 1 {
		t.Fatalf("partial files = %q, want 1", left)
	}
	return left[0]
}

// stopped is a network that is down.
type stopped struct{ http.RoundTripper }

func (stopped) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("the network is down")
}

// Many projects with different files share the cache at once.
func TestManyProjectsAtOnce(t *testing.T) {
	t.Parallel()
	good := serve(t, whole)
	evil, bytes := attack(t)
	c := cache(t, good)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { mustBe(t, c, image(good), sum(content())) })
		wg.Go(func() {
			mustBe(t, c, boxes.Image{URLs: []string{evil.URL + "/v3.24/img.qcow2?x"}, SHA512: sum(bytes)}, sum(bytes))
		})
	}
	wg.Wait()
	if left := parts(t, c); len(left) > 0 {
		t.Errorf("partial files after all fetches = %q, want none", left)
	}
}

func mustBe(t *testing.T, c boxes.Cache, img boxes.Image, digest string) {
	t.Helper()
	data, _, err := fetch(t, c, img)
	if err != nil || sum(data) != digest {
		t.Errorf("Fetch() = %d bytes, %v, want the digest %.16s...", len(data), err, digest)
	}
}

// What an older fbdock has verified is used by its true digest, once.
func TestOldCacheIsTakenOver(t *testing.T) {
	t.Parallel()
	m := serve(t, http.NotFound) // but for the digest
	c := cache(t, m)
	old := filepath.Join(c.Dir, "generic_alpine-3.24.1-x86_64-uefi-cloudinit-r0.qcow2")
	for name, data := range map[string]string{
		old: string(content()), old + ".verified": "{}", old + ".sha512": "", old + ".lock": "", old + ".part": "half",
		filepath.Join(c.Dir, "gone.qcow2.verified"): "{}", filepath.Join(c.Dir, "a file of somebody's"): "x",
	} {
		write(t, name, []byte(data))
	}
	mustFetch(t, c, image(m))
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if got := strings.Join(names, "|"); got != "a file of somebody's|sha512" {
		t.Errorf("files of the old cache = %s, want \"a file of somebody's|sha512\"", got)
	}
	if n := m.gets.Load(); n != 0 {
		t.Errorf("downloads = %d, want 0", n)
	}
}
