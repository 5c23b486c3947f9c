package boxes_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/fbdock/fbdock/boxes"
)

func TestDigestOnlyOverTLS(t *testing.T) {
	t.Parallel()
	m := serve(t, whole)
	plain := httptest.NewServer(http.HandlerFunc(whole))
	defer plain.Close()
	c := cache(t, m)
	if _, _, err := c.Fetch(t.Context(), boxes.Image{Name: "x", URLs: []string{plain.URL + "/img.qcow2"}}, nil); err == nil {
		t.Error("a digest over plain HTTP was taken")
	}
	// With a digest of our own the road does not matter.
	mustFetch(t, c, boxes.Image{Name: "x", URLs: []string{plain.URL + "/img.qcow2"}, SHA512: strings.ToUpper(sum(content()))})

	away := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	defer away.Close()
	c.Dir = t.TempDir()
	if _, _, err := c.Fetch(t.Context(), boxes.Image{Name: "x", URLs: []string{away.URL + "/img.qcow2"}}, nil); err == nil || !strings.Contains(err.Error(), "redirected") {
		t.Errorf("error %v, want a refused redirection", err)
	}
	m.digest = "no digest"
	if _, _, err := c.Fetch(t.Context(), image(m), nil); err == nil || !strings.Contains(err.Error(), "no SHA-512") {
		t.Errorf("error %v", err)
	}
}

func TestTwoAtOnceFetchOnce(t *testing.T) {
	t.Parallel()
	m := serve(t, whole)
	c := cache(t, m)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, _, err := c.Fetch(t.Context(), image(m), nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := m.gets.Load(); n != 1 {
		t.Errorf("%d downloads, want 1", n)
	}
}

func TestOwnFile(t *testing.T) {
	t.Parallel()
	own := filepath.Join(t.TempDir(), "own.qcow2")
	if err := os.WriteFile(own, content(), 0o600); err != nil {
		t.Fatal(err)
	}
	c := boxes.Cache{Dir: "/nonexistent"}
	file, digest, err := c.Fetch(t.Context(), boxes.Image{Path: own}, nil)
	if err != nil || file != own || digest != sum(content()) {
		t.Errorf("%s %s %v", file, digest, err)
	}
	if _, _, err = c.Fetch(t.Context(), boxes.Image{Path: own, SHA512: sum(nil)}, nil); err == nil {
		t.Error("a wrong digest was accepted")
	}
	if _, err := os.Stat(own); err != nil {
		t.Errorf("the user's own file is gone: %v", err)
	}
	for _, path := range []string{own + ".no", t.TempDir()} {
		if _, _, err = c.Fetch(t.Context(), boxes.Image{Path: path}, nil); err == nil {
			t.Errorf("%s: no error", path)
		}
	}
	if _, _, err = c.Fetch(t.Context(), boxes.Image{Name: "x"}, nil); err == nil {
		t.Error("no error without any address")
	}
	for _, u := range []string{"https://h", "https://h/", "https://h/..", "https://h/a%5Cb", ":"} {
		if _, _, err = c.Fetch(t.Context(), boxes.Image{URLs: []string{u}}, nil); err == nil {
			t.Errorf("%s: no error", u)
		}
	}
}
