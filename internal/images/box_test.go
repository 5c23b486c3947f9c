package images_test

import (
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ulikunitz/xz"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/boxes/disk/disktest"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/images"
	"github.com/fbdock/fbdock/internal/lockfile"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/run"
)

// quiet is progress that nobody watches.
type quiet struct{}

func (quiet) Begin(string)       {}
func (quiet) Detail(string)      {}
func (quiet) Bytes(int64, int64) {}
func (quiet) End(string, string) {}
func (quiet) Say(string)         {}
func (quiet) Show(string)        {}
func (quiet) Note(string)        {}
func (quiet) Warn(string)        {}

// freebsd stands for download.freebsd.org.
type freebsd struct {
	*httptest.Server
	image  []byte
	digest string
	gets   atomic.Int32
}

// publish serves a cloud image; how may serve it worse than it should.
func publish(t *testing.T, how func(w http.ResponseWriter, r *http.Request, f *freebsd)) *freebsd {
	t.Helper()
	var b bytes.Buffer
	w, err := xz.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(disktest.CloudImage()); errors.Join(err, w.Close()) != nil {
		t.Fatal(err)
	}
	sum := sha512.Sum512(b.Bytes())
	f := &freebsd{image: b.Bytes(), digest: hex.EncodeToString(sum[:])}
	f.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path.Base(r.URL.Path) == "CHECKSUM.SHA512" {
			_, _ = fmt.Fprintf(w, "SHA512 (FreeBSD-15.1-RELEASE-amd64-BASIC-CLOUDINIT-zfs.raw.xz) = %s\n", f.digest)
			return
		}
		f.gets.Add(1)
		how(w, r, f)
	}))
	t.Cleanup(f.Close)
	return f
}

func whole(w http.ResponseWriter, r *http.Request, f *freebsd) {
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.image))
}

type bench struct {
	maker images.Maker
	lock  *lockfile.File
}

func newBench(t *testing.T) bench {
	t.Helper()
	if _, err := run.LookPath("vagrant"); err != nil {
		t.Skip("no vagrant here")
	}
	lock, err := lockfile.Load(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return bench{lock: lock, maker: images.Maker{
		Env: host.Env{
			CacheDir: filepath.Join(t.TempDir(), "cache of mine"), Progress: quiet{},
			Environ: append(os.Environ(), "VAGRANT_HOME="+filepath.Join(t.TempDir(), "home")),
		},
		Architecture: "amd64",
	}}
}

func (b bench) build(t *testing.T, f *freebsd) (images.BoxResult, error) {
	t.Helper()
	made, err := images.BuildBoxes(t.Context(), b.maker, b.lock, images.BoxOptions{Providers: []string{"qemu"}, Mirror: f.URL, Client: f.Client()})
	if err != nil {
		return images.BoxResult{}, err
	}
	return made[0], nil
}

// TestBoxesOfAllProviders: one command makes the boxes of all providers of one
// download, and makes only what is missing.
func TestBoxesOfAllProviders(t *testing.T) {
	t.Parallel()
	b, f := newBench(t), publish(t, whole)
	build := func(providers ...string) (said []string) {
		made, err := images.BuildBoxes(t.Context(), b.maker, b.lock, images.BoxOptions{Providers: providers, Mirror: f.URL, Client: f.Client()})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range made {
			said = append(said, fmt.Sprintf("%s %v", m.Format, m.Changed))
		}
		return said
	}
	if got, want := build("virtualbox", "virtualbox"), []string{"virtualbox true"}; !slices.Equal(got, want) {
		t.Errorf("one provider, twice: %q, want %q", got, want)
	}
	if got, want := build("all"), []string{"libvirt true", "hyperv true", "virtualbox false", "vmware_desktop true", "utm true"}; !slices.Equal(got, want) {
		t.Errorf("all providers: %q, want %q", got, want)
	}
	if f.gets.Load() != 1 {
		t.Errorf("downloads of the image = %d, want 1", f.gets.Load())
	}
}

func TestBoxIsBuiltOnce(t *testing.T) {
	t.Parallel()
	b, f := newBench(t), publish(t, whole)
	first, err := b.build(t, f)
	if err != nil || !first.Changed || first.Name != "fbdock/freebsd-15.1" || first.Format != "libvirt" || first.SHA512 != f.digest {
		t.Fatalf("BuildBoxes() = %+v, %v, want a changed fbdock/freebsd-15.1 for libvirt with the digest %s", first, err, f.digest)
	}
	pin, ok := b.lock.Find(lockfile.CloudImage, "freebsd-15.1-zfs", "amd64")
	if !ok || pin.SHA512 != f.digest || !strings.HasPrefix(pin.URL, "https://download.freebsd.org/") {
		t.Errorf("pin of the image = %+v, %t, want the digest %s and an address at download.freebsd.org", pin, ok, f.digest)
	}
	left, err := filepath.Glob(filepath.Join(b.maker.CacheDir, "boxes", "*.box"))
	if err != nil || len(left) != 0 {
		t.Errorf("archives of boxes in the cache = %q, want none", left)
	}
	f.Close() // what is pinned and there needs no network
	again, err := b.build(t, f)
	first.Changed = false
	if err != nil || again != first {
		t.Errorf("second BuildBoxes() = %+v, %v, want %+v", again, err, first)
	}
}

func TestBoxFromBadServers(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]func(w http.ResponseWriter, r *http.Request, f *freebsd){
		"breaks off": func(w http.ResponseWriter, r *http.Request, f *freebsd) {
			if f.gets.Load() < 3 {
				w.Header().Set("Content-Length", fmt.Sprint(len(f.image)))
				_, _ = w.Write(f.image[:len(f.image)/3])
				panic(http.ErrAbortHandler)
			}
			whole(w, r, f)
		},
		"redirects": func(w http.ResponseWriter, r *http.Request, f *freebsd) {
			if r.URL.Query().Get("at") == "" {
				http.Redirect(w, r, r.URL.Path+"?at=mirror", http.StatusFound)
				return
			}
			whole(w, r, f)
		},
		"lies about the length once": func(w http.ResponseWriter, r *http.Request, f *freebsd) {
			if f.gets.Load() == 1 {
				w.Header().Set("Content-Length", "100")
				_, _ = w.Write(f.image[:100])
				return
			}
			whole(w, r, f)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, f := newBench(t), publish(t, how)
			if result, err := b.build(t, f); err != nil || !result.Changed {
				t.Errorf("BuildBoxes() = %+v, %v, want a change and no error", result, err)
			}
		})
	}
}

func TestBoxOfWrongBytesIsNotMade(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	f := publish(t, func(w http.ResponseWriter, _ *http.Request, f *freebsd) {
		_, _ = w.Write(append([]byte("x"), f.image[1:]...))
	})
	_, err := b.build(t, f)
	if _, ok := errors.AsType[*boxes.DigestError](err); !ok || failure.Status(err) != failure.ExitFailed {
		t.Errorf("BuildBoxes() of wrong bytes: error = %v, want a DigestError with status %d", err, failure.ExitFailed)
	}
	if len(b.lock.Pins()) != 0 {
		t.Errorf("pins after a wrong digest = %v, want none", b.lock.Pins())
	}
	left, err := filepath.Glob(filepath.Join(b.maker.CacheDir, "*", "*.xz*"))
	for _, file := range left {
		if !strings.HasSuffix(file, ".lock") {
			t.Errorf("%s is left, %v, want only lock files", file, err)
		}
	}
}

func TestBoxOfAnotherFileThanPinned(t *testing.T) {
	t.Parallel()
	b, f := newBench(t), publish(t, whole)
	old := strings.Repeat("ab", 64)
	if err := b.lock.Add(lockfile.Pin{
		Kind: lockfile.CloudImage, Name: "freebsd-15.1-zfs", Architecture: "amd64", SHA512: old,
		URL: f.URL + "/releases/VM-IMAGES/15.1-RELEASE/amd64/Latest/FreeBSD-15.1-RELEASE-amd64-BASIC-CLOUDINIT-zfs.raw.xz",
	}); err != nil {
		t.Fatal(err)
	}
	_, err := b.build(t, f)
	mismatch, ok := errors.AsType[*lockfile.MismatchError](err)
	if !ok || mismatch.Got != f.digest || mismatch.Pin.SHA512 != old || !strings.Contains(mismatch.Hint(), lockfile.Name) {
		t.Errorf("BuildBoxes() of another file than pinned: error = %v, want a MismatchError whose hint names %s", err, lockfile.Name)
	}
}

func TestBoxNobodyCanMake(t *testing.T) {
	t.Parallel()
	libvirt := []string{"libvirt"}
	for _, o := range []images.BoxOptions{
		{Providers: []string{"parallels"}}, {Providers: []string{"libvirt", ""}}, {Providers: libvirt, Release: "fifteen"},
		{Providers: libvirt, Architecture: "riscv64"}, {Providers: libvirt, Filesystem: "ext4"},
	} {
		_, err := images.BuildBoxes(t.Context(), images.Maker{Env: host.Env{CacheDir: t.TempDir(), Progress: quiet{}}, Architecture: "amd64"}, nil, o)
		if failure.Status(err) != failure.ExitUsage {
			t.Errorf("BuildBoxes(%+v): error = %v, want status %d", o, err, failure.ExitUsage)
		}
	}
}

func TestOnlyOwnBoxesAreMade(t *testing.T) {
	t.Parallel()
	maker := images.Maker{Env: host.Env{CacheDir: t.TempDir(), Progress: quiet{}}, Architecture: "amd64"}
	m := plan.Machine{Provider: "libvirt", Box: plan.Box{Name: "generic/freebsd14", Architecture: "amd64"}}
	if r, err := images.EnsureBox(t.Context(), maker, nil, m); err != nil || r.Name != "" {
		t.Errorf("EnsureBox() of a foreign box = %+v, %v, want nothing made", r, err)
	}
	m.Box.Name, m.Box.Own = "fbdock/freebsd-next", true
	if _, err := images.EnsureBox(t.Context(), maker, nil, m); failure.Status(err) != failure.ExitUsage {
		t.Errorf("EnsureBox() of fbdock/freebsd-next: error = %v, want status %d", err, failure.ExitUsage)
	}
}
