package boxes_test

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
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
func content() []byte {
	data := make([]byte, 700<<10)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
}

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
		file(w, r)
	}))
	t.Cleanup(m.Close)
	return m
}

// whole serves the content with ranges as a real mirror does.
func whole(w http.ResponseWriter, r *http.Request) {
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content()))
}

func image(mirrors ...*mirror) boxes.Image {
	img := boxes.Image{Name: "alpine-3.24", Architecture: "amd64"}
	for _, m := range mirrors {
		img.URLs = append(img.URLs, m.URL+"/v3.24/img.qcow2")
	}
	return img
}

func cache(t *testing.T, m *mirror) boxes.Cache {
	t.Helper()
	client := m.Client()
	// Every test server has the same certificate.
	return boxes.Cache{Dir: filepath.Join(t.TempDir(), "images"), Client: client, Stall: 5 * time.Second, Pause: time.Millisecond}
}

func mustFetch(t *testing.T, c boxes.Cache, img boxes.Image) {
	t.Helper()
	file, digest, err := c.Fetch(t.Context(), img, nil)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(data, content()) || digest != sum(content()) {
		t.Errorf("%s: %d bytes, digest %s, %v", file, len(data), digest, err)
	}
	if _, err := os.Stat(file + ".part"); err == nil {
		t.Error("a partial file is left")
	}
}

func TestFetchOnce(t *testing.T) {
	t.Parallel()
	m := serve(t, whole)
	c := cache(t, m)
	var last, total int64
	file, _, err := c.Fetch(t.Context(), image(m), func(d, n int64) { last, total = d, n })
	if err != nil || last != int64(len(content())) || total != last {
		t.Fatalf("%v, progress %d of %d", err, last, total)
	}
	bare, err := os.ReadFile(file + ".sha512")
	if err != nil || string(bare) != sum(content())+"\n" {
		t.Errorf("digest file: %q, %v", bare, err)
	}
	m.Close() // the second needs no network
	mustFetch(t, c, image(m))
	if n := m.gets.Load(); n != 1 {
		t.Errorf("%d downloads", n)
	}
}

func TestResumeAfterABreak(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) <= 2 {
			w = &breaking{ResponseWriter: w, left: 200 << 10}
		}
		whole(w, r)
	})
	mustFetch(t, cache(t, m), image(m))
	resumed := 0
	m.ranges.Range(func(k, _ any) bool {
		if k != "" {
			resumed++
		}
		return true
	})
	if resumed != 2 {
		t.Errorf("%d resumed requests, want 2", resumed)
	}
}

// breaking cuts the connection after some bytes.
type breaking struct {
	http.ResponseWriter
	left int
}

func (b *breaking) Write(p []byte) (int, error) {
	n := min(len(p), b.left)
	b.left -= n
	n, _ = b.ResponseWriter.Write(p[:n])
	if b.left == 0 {
		b.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, nil
}

func TestResumeOfAnEarlierRun(t *testing.T) {
	t.Parallel()
	m := serve(t, whole)
	c := cache(t, m)
	part := filepath.Join(c.Dir, "img.qcow2.part")
	for _, tt := range []struct {
		name string
		kept []byte
	}{
		{"a beginning", content()[:1000]},
		{"all of it", content()},
		{"rubbish", []byte("rubbish")},
		{"too much", append(content(), "more"...)},
	} {
		if err := os.RemoveAll(c.Dir); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(c.Dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(part, tt.kept, 0o600); err != nil {
			t.Fatal(err)
		}
		mustFetch(t, c, image(m))
	}
}

func TestServerWithoutRanges(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			w = &breaking{ResponseWriter: w, left: 1000}
		}
		_, _ = w.Write(content())
	})
	mustFetch(t, cache(t, m), image(m))
}

func TestLyingServersAreRefused(t *testing.T) {
	t.Parallel()
	liars := map[string]http.HandlerFunc{
		"wrong bytes": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("not the image")) },
		"an error page": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprint(w, "<html>please log in to the hotel's network</html>")
		},
		"too short": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write(content()[:1000])
		},
		"promises more": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "2000")
			_, _ = w.Write(content()[:1000])
		},
		"wrong range": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 5-9/10")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write([]byte("xxxxx"))
		},
		"not found": http.NotFound,
		"in a circle": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		},
	}
	for name, liar := range liars {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := serve(t, liar)
			c := cache(t, m)
			_, _, err := c.Fetch(t.Context(), image(m), nil)
			failed, ok := errors.AsType[*boxes.DownloadError](err)
			if !ok || failed.Hint() == "" {
				t.Errorf("error %v, want *boxes.DownloadError", err)
			}
			if strings.Contains(name, "bytes") {
				if wrong, ok := errors.AsType[*boxes.DigestError](err); !ok || wrong.Hint() == "" {
					t.Errorf("error %v, want *boxes.DigestError", err)
				}
			}
			if _, err := os.Stat(filepath.Join(c.Dir, "img.qcow2")); err == nil {
				t.Error("the file was accepted")
			}
			// A good mirror beside it saves the day.
			good := serve(t, whole)
			mustFetch(t, c, image(m, good))
		})
	}
}

func TestRedirect(t *testing.T) {
	t.Parallel()
	good := serve(t, whole)
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, good.URL+r.URL.Path, http.StatusFound)
	})
	mustFetch(t, cache(t, m), image(m))
}

func TestStalledServer(t *testing.T) {
	t.Parallel()
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(content()[:1000])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	c := cache(t, m)
	c.Stall = 50 * time.Millisecond
	_, _, err := c.Fetch(t.Context(), image(m), nil)
	if err == nil || !strings.Contains(err.Error(), "no data came for too long") {
		t.Errorf("error %v", err)
	}
}

func TestInterrupt(t *testing.T) {
	t.Parallel()
	m := serve(t, whole)
	c := cache(t, m)
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("told so")
	_, _, err := c.Fetch(ctx, image(m), func(done, _ int64) { cancel(cause) })
	if !errors.Is(err, cause) {
		t.Errorf("error %v, want the cause", err)
	}
	mustFetch(t, c, image(m))
}

func TestDamagedCacheIsFetchedAnew(t *testing.T) {
	t.Parallel()
	m := serve(t, whole)
	c := cache(t, m)
	mustFetch(t, c, image(m))
	if err := os.WriteFile(filepath.Join(c.Dir, "img.qcow2"), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustFetch(t, c, image(m))
	if err := os.Remove(filepath.Join(c.Dir, "img.qcow2.verified")); err != nil {
		t.Fatal(err)
	}
	before := m.gets.Load()
	mustFetch(t, c, image(m)) // sound, only the note is lost
	if m.gets.Load() != before {
		t.Error("a sound file was fetched again")
	}
}
