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
)

// serveImages publishes the files of dir/published, each with its digest
// beside it. certificate is the file of the server's own certificate;
// images.calls lists what was asked for. While there is a file images.down the
// network is down, and images.redirect names the server that all is sent to.
func serveImages(dir string) (server *httptest.Server, certificate string) {
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
