package boxes_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fbdock/fbdock/boxes"
)

// TestFetchWaits: who wants a file that another process fetches is told so once,
// with the time and with what has come; the end of its context ends the wait at
// once, and that of the other fetch lets it go on.
func TestFetchWaits(t *testing.T) {
	dir, digest := t.TempDir(), sum(content())
	store := filepath.Join(dir, "sha512")
	img := boxes.Image{Name: "x", Architecture: "amd64", URLs: []string{"https://nowhere.invalid/x"}, SHA512: digest}
	synctest.Test(t, func(t *testing.T) {
		unlock, err := boxes.LockFolder(t.Context(), store, digest, func(time.Time) { t.Error("the first to lock is told of another") })
		if err != nil {
			t.Fatal(err)
		}
		lock := filepath.Join(store, digest+".lock")
		began := time.Now().Add(-3 * time.Minute)
		part := sha256.Sum256([]byte(digest + "\n" + img.URLs[0]))
		name := filepath.Join(store, hex.EncodeToString(part[:20]))
		for _, err := range []error{
			os.Chtimes(lock, began, began),
			os.WriteFile(name+".part", make([]byte, 5), 0o600), os.WriteFile(name+".json", []byte(`{"size": 10}`), 0o600),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		told, done, total := 0, int64(0), int64(0)
		c := boxes.Cache{Dir: dir, Busy: func(of boxes.Image, since time.Time) {
			if told++; of.Name != "x" || !since.Equal(began) {
				t.Errorf("Busy(%s, %v), want x and %v", of.Name, since, began)
			}
		}}
		fetch := func(ctx context.Context) chan error {
			ended := make(chan error, 1)
			go func() {
				f, err := c.Fetch(ctx, img, func(d, of int64) { done, total = d, of })
				if err == nil {
					err = f.Close()
				}
				ended <- err
			}()
			return ended
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		ended := fetch(ctx)
		<-time.After(time.Minute) // of the bubble's clock
		stop, before := errors.New("stop"), time.Now()
		cancel(stop)
		if err := <-ended; !errors.Is(err, stop) || time.Since(before) != 0 {
			t.Errorf("Fetch() ended with %v, %v after its context did, want %v at once", err, time.Since(before), stop)
		}
		if told != 1 || done != 5 || total != 10 {
			t.Errorf("Fetch() told of another %d times, and of %d of %d bytes, want once and 5 of 10", told, done, total)
		}
		ended = fetch(t.Context())
		synctest.Wait()
		if err := errors.Join(os.WriteFile(filepath.Join(store, digest), content(), 0o600), unlock()); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err != nil {
			t.Errorf("Fetch() after the other one = %v, want its file", err)
		}
	})
}
