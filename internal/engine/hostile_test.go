package engine_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fbdock/fbdock/internal/untrusted"
)

// flood answers with head and then with text again and again, 256 MiB at most.
func flood(head, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		chunk := []byte(strings.Repeat(text, 1+(64<<10)/len(text)))
		_, err := io.WriteString(w, head)
		for sent := 0; err == nil && sent < 256<<20; sent += len(chunk) {
			_, err = w.Write(chunk)
		}
	}
}

// TestAnswersOfAHostileDockerd: an answer that does not end is an error, and
// takes little memory.
func TestAnswersOfAHostileDockerd(t *testing.T) {
	ca := newAuthority(t)
	d := startDaemon(t, ca)
	c := newClient(t, d.dial, keysOf(t, ca, ca))
	for name, test := range map[string]struct {
		path   string
		answer http.HandlerFunc
		ask    func() error
		want   string
	}{
		"info":    {"info", flood(`{"Name":"`, "x"), func() error { return infoError(t, c) }, "an answer of dockerd is larger than 1 MiB"},
		"version": {"version", flood(`{"Components":[{}`, ",{}"), func() error { return infoError(t, c) }, "an answer of dockerd is larger than 1 MiB"},
		"list": {"containers/json", flood(`[{"Id":"`, "x"), func() error {
			_, err := c.Containers(t.Context(), 10)
			return err
		}, "a value in the list of containers is larger than 1 MiB"},
		"error": {"containers/json", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			flood("{\"message\":\"", "\x1b[2J")(w, r)
		}, func() error {
			_, err := c.Containers(t.Context(), 10)
			return err
		}, "500: {"},
	} {
		d.answers = map[string]http.HandlerFunc{test.path: test.answer}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := test.ask()
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), test.want) || len(err.Error()) > 4<<10 || name != "error" && !untrusted.IsTooLarge(err) {
			t.Errorf("%s of a hostile dockerd: error = %.300v, want at most 4 KiB with %q", name, err, test.want)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 64<<20 {
			t.Errorf("%s of a hostile dockerd allocated %d MiB, want at most 64", name, took>>20)
		}
	}
}

// TestVersionOfAHostileDockerd: what dockerd calls its API is a version
// before it is a part of an address.
func TestVersionOfAHostileDockerd(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	d := startDaemon(t, ca)
	d.answers = map[string]http.HandlerFunc{"_ping": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Api-Version", "1.24/../x") }}
	c := newClient(t, d.dial, keysOf(t, ca, ca))
	if _, err := c.Containers(t.Context(), 10); err == nil || !strings.Contains(err.Error(), `version "1.24/../x"`) {
		t.Errorf("Containers() with a hostile Api-Version: error = %v, want one that names the version", err)
	}
}

// TestEventsOfAHostileDockerd: whatever comes is a sign to look, and none of
// it is kept: an event may be endless.
func TestEventsOfAHostileDockerd(t *testing.T) {
	ca := newAuthority(t)
	d := startDaemon(t, ca)
	d.answers = map[string]http.HandlerFunc{"events": func(w http.ResponseWriter, r *http.Request) {
		if f := r.URL.Query().Get("filters"); !strings.Contains(f, `"rename"`) || !strings.Contains(f, `"network"`) || !strings.Contains(f, `"disconnect"`) {
			t.Errorf("GET /events: filters = %s, want rename, network and disconnect", f)
		}
		flood(`{"Type":"container","Action":"`, "x")(w, r)
	}}
	c := newClient(t, d.dial, keysOf(t, ca, ca))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var changes atomic.Int64
	err := c.WatchContainers(t.Context(), func() { changes.Add(1) })
	runtime.ReadMemStats(&after)
	if !errors.Is(err, io.ErrUnexpectedEOF) || changes.Load() < 2 {
		t.Errorf("WatchContainers() = %v after %d changes, want %v after at least 2", err, changes.Load(), io.ErrUnexpectedEOF)
	}
	if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); held > 32<<20 {
		t.Errorf("WatchContainers() holds %d MiB, want at most 32", held>>20)
	}
}

func TestWatchContainersEnds(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	d := startDaemon(t, ca)
	d.answers = map[string]http.HandlerFunc{"events": func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}}
	c := newClient(t, d.dial, keysOf(t, ca, ca))
	ctx, cancel := context.WithCancelCause(t.Context())
	if err := c.WatchContainers(ctx, func() { cancel(errRefused) }); !errors.Is(err, errRefused) {
		t.Errorf("WatchContainers() with a cancelled context = %v, want %v", err, errRefused)
	}
}
