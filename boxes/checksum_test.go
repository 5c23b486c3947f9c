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

func TestChecksumOfAList(t *testing.T) {
	t.Parallel()
	good := strings.Repeat("Ab", 64)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/CHECKSUM.SHA512":
			_, _ = fmt.Fprintf(w, "SHA512 (a.raw.xz) = %s\nSHA256 (b.raw.xz) = %s\nSHA512 (c.raw.xz) = abc\n", good, good)
		case "/plain":
			http.Redirect(w, r, "http://"+r.Host+"/CHECKSUM.SHA512", http.StatusFound)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	c := boxes.Cache{Dir: t.TempDir(), Client: server.Client(), Stall: 5 * time.Second, Pause: time.Millisecond}
	list := server.URL + "/CHECKSUM.SHA512"
	if got, err := c.Checksum(t.Context(), list, "a.raw.xz"); err != nil || got != strings.ToLower(good) {
		t.Errorf("%q, %v", got, err)
	}
	for _, name := range []string{"b.raw.xz", "raw.xz", "a.raw"} {
		_, err := c.Checksum(t.Context(), list, name)
		if missing, ok := errors.AsType[*boxes.UnlistedError](err); !ok || missing.Hint() == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range []string{"/plain", "/missing"} {
		_, err := c.Checksum(t.Context(), server.URL+bad, "a.raw.xz")
		if _, ok := errors.AsType[*boxes.DownloadError](err); !ok {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if _, err := c.Checksum(t.Context(), list, "c.raw.xz"); err == nil {
		t.Error("a broken digest was taken")
	}
	if _, err := c.Checksum(t.Context(), strings.Replace(list, "https", "http", 1), "a.raw.xz"); err == nil || !strings.Contains(err.Error(), "not HTTPS") {
		t.Errorf("over plain HTTP: %v", err)
	}
}
