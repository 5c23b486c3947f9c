package boxes_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fbdock/fbdock/boxes"
)

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

// broken is a server that breaks off some answers and then serves next.
func broken(breaks int, next http.HandlerFunc) http.HandlerFunc {
	var calls atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		if int(calls.Add(1)) <= breaks {
			w = &breaking{ResponseWriter: w, left: 200 << 10}
		}
		next(w, r)
	}
}

// resumed counts the requests for a part.
func (m *mirror) resumed() int {
	n := 0
	m.ranges.Range(func(k, _ any) bool {
		if k != "" {
			n++
		}
		return true
	})
	return n
}

func TestResumeAfterABreak(t *testing.T) {
	t.Parallel()
	m := serve(t, broken(2, whole))
	mustFetch(t, cache(t, m), image(m))
	if n := m.resumed(); n != 2 {
		t.Errorf("%d resumed requests, want 2", n)
	}
	for header := range m.conditions.Range {
		if header != `"first"` {
			t.Errorf("If-Range of a resumed request = %s, want \"first\"", header)
		}
	}
}

func TestResumeOfAnEarlierRun(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		changed http.HandlerFunc // what the server has at the second run
		spoil   func(part string) error
		resumed bool
	}{
		"the same": {changed: whole, resumed: true},
		"another state of the file": {changed: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"second"`)
			serveContent(w, r)
		}, resumed: true}, // asked for with If-Range, and answered with all of it
		"a server without a name for the state": {changed: serveContent, resumed: true},
		"the note is lost":                      {changed: whole, spoil: func(part string) error { return os.Remove(noteOf(part)) }},
		"the note is cut short":                 {changed: whole, spoil: func(part string) error { return os.Truncate(noteOf(part), 20) }},
		"more than the file has": {changed: whole, spoil: func(part string) error {
			return os.WriteFile(part, append(content(), "more"...), 0o600)
		}},
		"all of it": {changed: whole, spoil: func(part string) error { return os.WriteFile(part, content(), 0o600) }},
		"as much, but another": {changed: whole, spoil: func(part string) error {
			return os.WriteFile(part, make([]byte, len(content())), 0o600)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var serving atomic.Pointer[http.HandlerFunc]
			set := func(h http.HandlerFunc) { serving.Store(&h) }
			set(broken(100, whole))
			m := serve(t, func(w http.ResponseWriter, r *http.Request) { (*serving.Load())(w, r) })
			c := cache(t, m)
			if _, _, err := fetch(t, c, image(m)); err == nil {
				t.Fatal("Fetch() from a server that always breaks off: no error, want one")
			}
			left := parts(t, c)
			if len(left) != 1 {
				t.Fatalf("partial files = %q, want 1", left)
			}
			if tt.spoil != nil {
				if err := tt.spoil(left[0]); err != nil {
					t.Fatal(err)
				}
			}
			set(tt.changed)
			m.ranges.Clear()
			mustFetch(t, c, image(m))
			if got := m.resumed() > 0; got != tt.resumed {
				t.Errorf("second Fetch(): resumed = %v, want %v", got, tt.resumed)
			}
		})
	}
}

func noteOf(part string) string { return strings.TrimSuffix(part, ".part") + ".json" }

// The beginning that one address has left is of no use to another.
func TestHalfOfAnotherAddressIsNotContinued(t *testing.T) {
	t.Parallel()
	evil := serve(t, broken(100, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"first"`)
		_, _ = w.Write(make([]byte, len(content())))
	}))
	good := serve(t, whole)
	c := cache(t, good)
	img := image(evil)
	img.SHA512 = sum(content())
	if _, _, err := fetch(t, c, img); err == nil || len(parts(t, c)) != 1 {
		t.Fatalf("Fetch() = %v, partial files = %q, want an error and 1 file", err, parts(t, c))
	}
	img.URLs = []string{good.URL + "/v3.24/img.qcow2"}
	mustFetch(t, c, img)
	if good.resumed() > 0 || good.gets.Load() != 1 {
		t.Errorf("requests = %d, resumed = %d, want 1, 0", good.gets.Load(), good.resumed())
	}
}

func TestServerWithoutRanges(t *testing.T) {
	t.Parallel()
	m := serve(t, broken(1, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content()) }))
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
		"announces too much": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "99999999999")
			_, _ = w.Write(content()[:1000])
		},
		"wrong range": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 5-9/10")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write([]byte("xxxxx"))
		},
		"more than announced": endless(),
		"not found":           http.NotFound,
		"in a circle": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		},
	}
	for name, liar := range liars {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := serve(t, liar)
			c := cache(t, m)
			_, _, err := fetch(t, c, image(m))
			failed, ok := errors.AsType[*boxes.DownloadError](err)
			if !ok || failed.Hint() == "" {
				t.Errorf("Fetch() with %s: error = %v, want a DownloadError", name, err)
			}
			if strings.Contains(name, "bytes") {
				if wrong, ok := errors.AsType[*boxes.DigestError](err); !ok || wrong.Hint() == "" {
					t.Errorf("Fetch() with %s: error = %v, want a DigestError", name, err)
				}
			}
			if strings.HasPrefix(name, "more") && !strings.Contains(err.Error(), "sends more than") {
				t.Errorf("Fetch() with %s: error = %v, want one that says more came", name, err)
			}
			if _, err := os.Stat(c.Path(sum(content()))); err == nil {
				t.Error("Stat of the file that the server lied about: no error, want it refused")
			}
			for _, part := range parts(t, c) {
				if info, err := os.Stat(part); err != nil || info.Size() > int64(len(content())) {
					t.Errorf("partial file %s has %d bytes, want at most %d", part, info.Size(), len(content()))
				}
			}
			// A good mirror beside it saves the day.
			mustFetch(t, c, image(m, serve(t, whole)))
		})
	}
}

// endless breaks off twice, and then sends a part that does not end.
func endless() http.HandlerFunc {
	var calls atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		size := len(content())
		w.Header().Set("ETag", `"first"`)
		if r.Header.Get("Range") == "" {
			w.Header().Set("Content-Length", fmt.Sprint(size))
			w = &breaking{ResponseWriter: w, left: 1000}
			_, _ = w.Write(content())
			return
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes 1000-%d/%d", size-1, size))
		w.WriteHeader(http.StatusPartialContent)
		if calls.Add(1) == 1 {
			panic(http.ErrAbortHandler)
		}
		for range 100 { // chunked
			_, _ = w.Write(content()[1000:])
		}
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	good := serve(t, whole)
	plain := httptest.NewServer(http.HandlerFunc(whole))
	defer plain.Close()
	away := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to+r.URL.Path, http.StatusFound) }
	}
	// The digest decides, so that any host may have the file.
	m := serve(t, away(good.URL))
	mustFetch(t, cache(t, m), image(m))
	// Nothing leads from HTTPS to plain HTTP.
	m = serve(t, away(plain.URL))
	_, _, err := fetch(t, cache(t, m), image(m))
	if refused, ok := errors.AsType[*boxes.RedirectError](err); !ok || refused.To != plain.URL+"/v3.24/img.qcow2" {
		t.Errorf("Fetch() with a redirection to plain HTTP: error = %v, want a RedirectError", err)
	}
	// Who agreed to plain HTTP has it: the digest decides.
	img := boxes.Image{Name: "x", URLs: []string{plain.URL + "/img.qcow2"}, SHA512: sum(content())}
	mustFetch(t, cache(t, good), img)
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
	img := image(m)
	img.SHA512 = sum(content())
	_, _, err := fetch(t, c, img)
	if err == nil || !strings.Contains(err.Error(), "no data came for too long") {
		t.Errorf("Fetch() from a stalled server: error = %v, want one that says no data came for too long", err)
	}
}

func TestInterrupt(t *testing.T) {
	t.Parallel()
	m := serve(t, whole)
	c := cache(t, m)
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("told so")
	_, err := c.Fetch(ctx, image(m), func(done, _ int64) { cancel(cause) })
	if !errors.Is(err, cause) {
		t.Errorf("Fetch() with an ended context: error = %v, want %v", err, cause)
	}
	mustFetch(t, c, image(m))
}
