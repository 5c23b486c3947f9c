package boxes_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/boxes/signtest"
)

// signed is a mirror whose image is signed; what lies beside it may be replaced.
type signed struct {
	*mirror
	signer     *signtest.Signer
	key, proof atomic.Pointer[[]byte] // nil is not found
}

func serveSigned(t *testing.T) *signed {
	t.Helper()
	signer, err := signtest.New()
	if err != nil {
		t.Fatal(err)
	}
	s := &signed{signer: signer}
	s.mirror = serve(t, func(w http.ResponseWriter, r *http.Request) {
		from := map[bool]*atomic.Pointer[[]byte]{strings.HasSuffix(r.URL.Path, "/key"): &s.key, strings.HasSuffix(r.URL.Path, ".asc"): &s.proof}[true]
		switch {
		case from == nil:
			whole(w, r)
		case from.Load() == nil:
			http.NotFound(w, r)
		default:
			_, _ = w.Write(*from.Load())
		}
	})
	s.sign(t, signer, content())
	s.key.Store(&signer.Key)
	return s
}

func (s *signed) sign(t *testing.T, signer *signtest.Signer, data []byte) {
	t.Helper()
	proof, err := signer.Sign(data)
	if err != nil {
		t.Fatal(err)
	}
	s.proof.Store(&proof)
}

func (s *signed) image() boxes.Image {
	img := image(s.mirror)
	img.Signer = &boxes.Signer{Key: s.URL + "/key", Fingerprint: strings.ToUpper(s.signer.Fingerprint)}
	return img
}

func TestSignedImage(t *testing.T) {
	t.Parallel()
	s := serveSigned(t)
	c := cache(t, s.mirror)
	mustFetch(t, c, s.image())
	mustFetch(t, c, s.image()) // what is in the cache was checked
	if left, err := filepath.Glob(filepath.Join(c.Dir, "sha512", "*.json")); err != nil || len(left) != 1 {
		t.Errorf("notes of the cache after a download = %q, %v, want the label of the image alone", left, err)
	}
	if n := s.gets.Load(); n != 3 {
		t.Errorf("requests = %d, want 3: the key, the signature, the image", n)
	}
}

// Each fault is one error, leaves nothing in the cache, and the next run goes on.
func TestSignaturesThatAreWrong(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil func(t *testing.T, s *signed)
		want  string
	}{
		"of another file": {func(t *testing.T, s *signed) { s.sign(t, s.signer, []byte("another")) }, "its signature is wrong"},
		"by another key":  {func(t *testing.T, s *signed) { s.sign(t, other(t), content()) }, "its signature is wrong"},
		"another key": {func(t *testing.T, s *signed) {
			o := other(t)
			s.key.Store(&o.Key)
			s.sign(t, o, content())
		}, "is not the key " + "FINGERPRINT"},
		"no key":           {func(_ *testing.T, s *signed) { s.key.Store(nil) }, "the key of its signer is not found"},
		"a page for a key": {func(_ *testing.T, s *signed) { s.key.Store(&[]byte{'<'}) }, "is no OpenPGP key"},
		"no signature":     {func(_ *testing.T, s *signed) { s.proof.Store(nil) }, "its signature is not found"},
		"rubbish":          {func(_ *testing.T, s *signed) { s.proof.Store(&[]byte{'x'}) }, "its signature is wrong"},
		"too long": {func(_ *testing.T, s *signed) {
			long := make([]byte, 1<<20)
			s.proof.Store(&long)
		}, "is larger than 16384 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serveSigned(t)
			c := cache(t, s.mirror)
			key, proof := s.key.Load(), s.proof.Load()
			tt.spoil(t, s)
			_, _, err := fetch(t, c, s.image())
			wrong, ok := errors.AsType[*boxes.SignatureError](err)
			want := strings.ReplaceAll(tt.want, "FINGERPRINT", strings.ToUpper(s.signer.Fingerprint))
			if !ok || !strings.Contains(err.Error(), want) || wrong.Hint() == "" {
				t.Errorf("Fetch(): error = %v, want a SignatureError that says %q", err, want)
			}
			left, err := filepath.Glob(filepath.Join(c.Dir, "sha512", "*"))
			left = slices.DeleteFunc(left, func(path string) bool { return strings.HasSuffix(path, ".lock") || strings.HasSuffix(path, "-lock") })
			if err != nil || len(left) != 0 {
				t.Errorf("files of the cache after a wrong signature = %q, %v, want none", left, err)
			}
			s.key.Store(key)
			s.proof.Store(proof)
			mustFetch(t, c, s.image())
		})
	}
}

func other(t *testing.T) *signtest.Signer {
	t.Helper()
	o, err := signtest.New()
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// A pinned digest was checked when it was taken: nothing else is asked for.
func TestPinnedImageNeedsNoSignature(t *testing.T) {
	t.Parallel()
	s := serveSigned(t)
	s.key.Store(nil)
	c := cache(t, s.mirror)
	img := s.image()
	mustFetch(t, c, img.Pinned(img.URLs[0], sum(content())))
}

func TestCatalogueNamesTheSigner(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	img, err := c.Image("alpine-3.24", "arm64")
	if err != nil || img.Signer == nil || len(img.Signer.Fingerprint) != 40 {
		t.Errorf("Image() = %+v, %v, want a signer with a fingerprint", img.Signer, err)
	}
	data, err := os.ReadFile("catalogue.json")
	if err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{img.Signer.Fingerprint: "F26A", "https://alpinelinux.org/keys": "http://alpinelinux.org/keys"} {
		if _, err := boxes.Parse([]byte(strings.ReplaceAll(string(data), from, to))); err == nil {
			t.Errorf("Parse() of a catalogue with %s for %s: no error, want one", to, from)
		}
	}
}
