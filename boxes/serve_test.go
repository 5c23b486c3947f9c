package boxes_test

import (
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fbdock/fbdock/boxes"
)

// content stands for an image; large enough for several writes.
var content = sync.OnceValue(func() []byte {
	data := make([]byte, 700<<10)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
})

func sum(data []byte) string {
	s := sha512.Sum512(data)
	return hex.EncodeToString(s[:])
}

// mirror serves the image by file and its digest; requests are counted.
type mirror struct {
	*httptest.Server
	gets   atomic.Int32
	digest string
	ranges sync.Map // Range headers seen
	// conditions are the If-Range headers of requests for a part.
	conditions sync.Map
}

func serve(t *testing.T, file http.HandlerFunc) *mirror {
	t.Helper()
	m := &mirror{digest: sum(content())}
	m.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".sha512") {
			_, _ = fmt.Fprintln(w, m.digest)
			return
		}
		m.gets.Add(1)
		m.ranges.Store(r.Header.Get("Range"), true)
		if r.Header.Get("Range") != "" {
			m.conditions.Store(r.Header.Get("If-Range"), true)
		}
		file(w, r)
	}))
	t.Cleanup(m.Close)
	return m
}

// whole serves the content with ranges as a real mirror does.
func whole(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", `"first"`)
	serveContent(w, r)
}

func serveContent(w http.ResponseWriter, r *http.Request) {
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content()))
}

func image(mirrors ...*mirror) boxes.Image {
	img := boxes.Image{Name: "alpine-3.24", Architecture: "amd64"}
	for _, m := range mirrors {
		img.URLs = append(img.URLs, m.URL+"/v3.24/img.qcow2")
		img.Mirrors = append(img.Mirrors, m.URL)
	}
	return img
}

func cache(t *testing.T, m *mirror) boxes.Cache {
	t.Helper()
	client := m.Client()
	// Every test server has the same certificate.
	return boxes.Cache{Dir: filepath.Join(t.TempDir(), "images"), Client: client, Stall: 5 * time.Second, Pause: time.Millisecond}
}

// fetch is the content and the path of what Fetch gives.
func fetch(t *testing.T, c boxes.Cache, img boxes.Image) (data []byte, path string, err error) {
	t.Helper()
	f, err := c.Fetch(t.Context(), img, nil)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	data, err = io.ReadAll(f)
	if got := sum(data); f.SHA512 != got {
		t.Errorf("digest of %s = %s, want the %s of Fetch()", f.Path, got, f.SHA512)
	}
	return data, f.Path, err
}

func mustFetch(t *testing.T, c boxes.Cache, img boxes.Image) {
	t.Helper()
	data, path, err := fetch(t, c, img)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, content()) || path != c.Path(sum(content())) {
		t.Errorf("Fetch() = %s, %d bytes, want %s, %d bytes", path, len(data), c.Path(sum(content())), len(content()))
	}
	if kept, err := os.ReadFile(path); err != nil || !bytes.Equal(kept, content()) {
		t.Errorf("the cache holds %d bytes, %v, want %d", len(kept), err, len(content()))
	}
	if left := parts(t, c); len(left) > 0 {
		t.Errorf("partial files = %q, want none", left)
	}
}

// parts are the downloads that did not end.
func parts(t *testing.T, c boxes.Cache) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(c.Dir, "sha512", "*.part"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}
