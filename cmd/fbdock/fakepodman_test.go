package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// podmanPath is where podman_service listens in FreeBSD.
const podmanPath = "/var/run/podman/podman.sock"

// fakePodman is podman_service of a guest. Its socket has a short path, which
// commands of the guest have in the place of the real one.
type fakePodman struct {
	dir    string
	server *http.Server
}

func (p *fakePodman) socket() string { return filepath.Join(p.dir, "p") }

// startPodman serves the API. Containers are those of the guest's podman.json.
func startPodman(root string) (*fakePodman, error) {
	dir, err := os.MkdirTemp("", "fb")
	if err != nil {
		return nil, err
	}
	p := &fakePodman{dir: dir}
	l, err := net.Listen("unix", p.socket())
	if err != nil {
		return nil, err
	}
	p.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, broken := os.Stat(filepath.Join(root, "podman.broken"))
		text, err := os.ReadFile(filepath.Join(root, "podman.json"))
		switch path := r.URL.Path; {
		case broken == nil:
			http.Error(w, `{"message":"database is locked"}`, http.StatusInternalServerError)
		case strings.HasSuffix(path, "/version"):
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprint(w, `{"Version":"5.8.3","ApiVersion":"1.44","MinAPIVersion":"1.24","Os":"freebsd","Arch":"amd64"}`)
		case strings.HasSuffix(path, "/containers/json") && err == nil:
			_, _ = w.Write(text)
		default:
			dockerd(w, r)
		}
	})}
	go func() { _ = p.server.Serve(l) }()
	return p, nil
}

func (p *fakePodman) close() {
	_ = p.server.Close()
	_ = os.RemoveAll(p.dir)
}

func (g *guest) startPodman() (err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.podman == nil {
		g.podman, err = startPodman(g.root)
	}
	return err
}

func (g *guest) stopPodman() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.podman != nil {
		g.podman.close()
		g.podman = nil
	}
}
