package boxes_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/fbdock/fbdock/boxes"
)

func TestFetchOnce(t *testing.T) {
	t.Parallel()
	m := serve(t, whole)
	c := cache(t, m)
	img := image(m)
	var last, total int64
	f, err := c.Fetch(t.Context(), img, func(d, n int64) { last, total = d, n })
	if err != nil || last != int64(len(content())) || total != last {
		t.Fatalf("Fetch() = %v, progress %d of %d, want no error and the progress %d of %[4]d", err, last, total, len(content()))
	}
	defer f.Close()
	img.SHA512 = strings.ToUpper(f.SHA512)
	m.Close() // what is pinned and there needs no network
	mustFetch(t, c, img)
	if n := m.gets.Load(); n != 1 {
		t.Errorf("downloads = %d, want 1", n)
	}
	if got := c.Origin(f.SHA512); got != img.URLs[0] {
		t.Errorf("Origin() = %q, want %q", got, img.URLs[0])
	}
}

func TestDamagedFileIsFetchedAgain(t *testing.T) {
	t.Parallel()
	m := serve(t, whole)
	c := cache(t, m)
	mustFetch(t, c, image(m))
	kept := c.Path(sum(content()))
	before, err := os.Stat(kept)
	if err != nil {
		t.Fatal(err)
	}
	// As large as before, and not a second older: only the digest tells.
	if err := os.WriteFile(kept, make([]byte, len(content())), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(kept, before.ModTime(), before.ModTime()); err != nil {
		t.Fatal(err)
	}
	mustFetch(t, c, image(m))
	if n := m.gets.Load(); n != 2 {
		t.Errorf("%d downloads, want one more", n)
	}
}

func TestTwoAtOnceFetchOnce(t *testing.T) {
	t.Parallel()
	m := serve(t, whole)
	c := cache(t, m)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			f, err := c.Fetch(t.Context(), image(m), nil)
			if err != nil {
				t.Error(err)
				return
			}
			_ = f.Close()
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
	data, path, err := fetch(t, c, boxes.Image{Path: own})
	if err != nil || path != own || !bytes.Equal(data, content()) {
		t.Errorf("Fetch() of an own file gave path %s, %d bytes, %v, want %s, %d bytes", path, len(data), err, own, len(content()))
	}
	_, _, err = fetch(t, c, boxes.Image{Path: own, SHA512: sum(nil)})
	if wrong, ok := errors.AsType[*boxes.DigestError](err); !ok || strings.Contains(wrong.Hint(), "deleted") {
		t.Errorf("Fetch() of an own file with a wrong digest: error = %v, want a DigestError whose hint says nothing of deleted files", err)
	}
	if _, err := os.Stat(own); err != nil {
		t.Errorf("Stat(%s) after a wrong digest: %v, want the user's own file kept", own, err)
	}
	for _, path := range []string{own + ".no", t.TempDir()} {
		if _, _, err = fetch(t, c, boxes.Image{Path: path}); err == nil {
			t.Errorf("Fetch(%s): no error, want one", path)
		}
	}
	if _, _, err = fetch(t, c, boxes.Image{Name: "x"}); err == nil {
		t.Error("Fetch() of an image without any address: no error, want one")
	}
}

func refused(t *testing.T, c boxes.Cache, img boxes.Image, why string) {
	t.Helper()
	_, _, err := fetch(t, c, img)
	unsafe, ok := errors.AsType[*boxes.UnsafeError](err)
	if !ok || !strings.Contains(err.Error(), why) || unsafe.Hint() == "" {
		t.Errorf("Fetch(): error = %v, want an UnsafeError that says %q", err, why)
	}
}
