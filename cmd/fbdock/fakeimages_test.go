package main

import (
	"crypto/sha512"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/fbdock/fbdock/internal/waittest"
)

// serveImages publishes the files of dir/published, each with its digest
// beside it. certificate is the file of the server's own certificate;
// images.calls lists what was asked for. While there is a file images.down the
// network is down, and images.redirect names the server that all is sent to.
func serveImages(dir string) (server *httptest.Server, certificate string) {
	together := &meeting{}
	files := http.FileServer(http.Dir(filepath.Join(dir, "published")))
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := os.Stat(filepath.Join(dir, "images.down")); err == nil {
			panic(http.ErrAbortHandler) // the network is down
		}
		noteCall(dir, "images.calls", r)
		if to, err := os.ReadFile(filepath.Join(dir, "images.redirect")); err == nil {
			http.Redirect(w, r, strings.TrimSpace(string(to))+r.URL.Path, http.StatusFound)
			return
		}
		image, digest := strings.CutSuffix(r.URL.Path, ".sha512")
		if !digest && !strings.HasPrefix(filepath.Base(image), "CHECKSUM.") {
			together.meet(dir, r)
			if half(dir, w, r) {
				return
			}
		}
		data, err := os.ReadFile(filepath.Join(dir, "published", filepath.Base(image)))
		if !digest || err != nil {
			files.ServeHTTP(w, r)
			return
		}
		_, _ = io.WriteString(w, fmt.Sprintf("%x\n", sha512.Sum512(data)))
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	certificate = filepath.Join(dir, "images.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(certificate, block, 0o600); err != nil {
		certificate = ""
	}
	return server, certificate
}

// serveAttack is a host of an attacker's: it has the files of dir/attack under
// every folder, each with its digest beside it. Every httptest server has the
// same certificate. attack.calls lists what was asked for.
func serveAttack(dir string) *httptest.Server {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		noteCall(dir, "attack.calls", r)
		image, digest := strings.CutSuffix(r.URL.Path, ".sha512")
		data, err := os.ReadFile(filepath.Join(dir, "attack", filepath.Base(image)))
		switch {
		case err != nil:
			http.NotFound(w, r)
		case digest:
			_, _ = io.WriteString(w, fmt.Sprintf("%x\n", sha512.Sum512(data)))
		default:
			_, _ = w.Write(data)
		}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	return server
}

func noteCall(dir, file string, r *http.Request) {
	if calls, err := os.OpenFile(filepath.Join(dir, file), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err == nil {
		_, _ = fmt.Fprintln(calls, r.URL.Path)
		_ = calls.Close()
	}
}

// meeting has requests wait for each other, where the file images.together says
// how many: one that is alone fails after ten seconds.
type meeting struct {
	mu   sync.Mutex
	here int
	all  chan struct{}
}

func (m *meeting) meet(dir string, r *http.Request) {
	text, err := os.ReadFile(filepath.Join(dir, "images.together"))
	if err != nil {
		return
	}
	m.mu.Lock()
	if m.all == nil {
		m.all = make(chan struct{})
	}
	all := m.all
	if m.here++; fmt.Sprint(m.here) == strings.TrimSpace(string(text)) {
		close(all)
		m.here, m.all = 0, nil
	}
	m.mu.Unlock()
	select {
	case <-all:
		return
	case <-r.Context().Done(): // the client has waited long enough
	case <-time.After(waittest.Limit):
	}
	m.mu.Lock()
	m.here--
	m.mu.Unlock()
	panic(http.ErrAbortHandler)
}

// half sends the first half of a file and no more until the client is gone, where
// there is a file images.half; without it a request for a part is noted in
// images.ranges.
func half(dir string, w http.ResponseWriter, r *http.Request) bool {
	name := filepath.Join(dir, "published", filepath.FromSlash(r.URL.Path))
	info, err := os.Stat(name)
	if _, missing := os.Stat(filepath.Join(dir, "images.half")); missing != nil || err != nil {
		if r.Header.Get("Range") != "" {
			noteCall(dir, "images.ranges", r)
		}
		return false
	}
	data, _ := os.ReadFile(name)
	w.Header().Set("Last-Modified", info.ModTime().UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Length", fmt.Sprint(len(data)))
	_, _ = w.Write(data[:len(data)/2])
	w.(http.Flusher).Flush()
	<-r.Context().Done()
	return true
}
