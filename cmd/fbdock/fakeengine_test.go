package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/crypto/ssh"
)

// engine stands for the Linux VM: a dockerd and an SSH server whose keys and
// certificates are those that the seed brings.
type engine struct {
	address string // that its script gives it
	docker  *httptest.Server
	shell   *sshd
}

// newEngine boots with a user-data script.
func newEngine(userData, home string) (*engine, error) {
	e := &engine{address: string(seeded(userData, "FBDOCK_ENGINE_ADDRESS"))}
	if err := e.serveDocker(userData); err != nil {
		return nil, err
	}
	if err := e.serveSSH(userData, home); err != nil {
		e.docker.Close()
		return nil, err
	}
	return e, nil
}

// seeded is a value of the seed.
func seeded(userData, name string) []byte {
	m := regexp.MustCompile(`(?m)^` + name + `='([^']*)'$`).FindStringSubmatch(userData)
	if m == nil {
		return nil
	}
	return []byte(m[1])
}

func (e *engine) serveDocker(userData string) error {
	pair, err := tls.X509KeyPair(seeded(userData, "FBDOCK_TLS_CERT"), seeded(userData, "FBDOCK_TLS_KEY"))
	if err != nil {
		return fmt.Errorf("certificate of the seed: %w", err)
	}
	clients := x509.NewCertPool()
	if !clients.AppendCertsFromPEM(seeded(userData, "FBDOCK_TLS_CA")) {
		return errors.New("the seed has no CA")
	}
	e.docker = httptest.NewUnstartedServer(http.HandlerFunc(dockerd))
	e.docker.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: clients, ClientAuth: tls.RequireAndVerifyClientCert}
	e.docker.Config.ErrorLog = log.New(io.Discard, "", 0)
	e.docker.StartTLS()
	return nil
}

func (e *engine) serveSSH(userData, home string) error {
	hostKey, err := ssh.ParsePrivateKey(seeded(userData, "FBDOCK_HOST_KEY"))
	if err != nil {
		return fmt.Errorf("host key of the seed: %w", err)
	}
	e.shell = &sshd{
		hostKey: hostKey, user: "root", home: home, path: "/usr/bin:/bin",
		mounts: filepath.Join(home, "engine"),
		local: func(command string) string {
			return strings.ReplaceAll(command, "/var/log/", filepath.Join(home, "var/log")+"/")
		},
		own:  func(string) func(ssh.Channel) int { return nil },
		dial: func(string, uint32) (net.Conn, error) { return nil, errors.New("refused") },
	}
	for keys := seeded(userData, "FBDOCK_AUTHORIZED_KEYS"); len(strings.TrimSpace(string(keys))) > 0; {
		key, _, _, rest, err := ssh.ParseAuthorizedKey(keys)
		if err != nil {
			return fmt.Errorf("authorized keys of the seed: %w", err)
		}
		e.shell.allowed, keys = append(e.shell.allowed, key), rest
	}
	return e.shell.listen()
}

func (e *engine) close() {
	e.docker.CloseClientConnections()
	e.docker.Close()
	e.shell.stop()
}

func (e *engine) dial(port uint32) (net.Conn, error) {
	switch port {
	case 22:
		return net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", e.shell.port()))
	case 2376:
		return net.Dial("tcp", e.docker.Listener.Addr().String())
	}
	return nil, errors.New("connection refused")
}

// dockerd answers what fbdock itself asks.
func dockerd(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Api-Version", "1.51")
	if filepath.Base(r.URL.Path) == "events" {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done() // nothing ever happens
		return
	}
	body, ok := map[string]string{
		"_ping":   "OK",
		"json":    "[]", // containers, images
		"volumes": `{"Volumes":[{"Name":"data"}]}`,
		"version": `{"Version":"29.1.2","ApiVersion":"1.51","MinAPIVersion":"1.24","KernelVersion":"6.12","Arch":"amd64"}`,
		"info":    `{"ServerVersion":"29.1.2","Driver":"overlayfs","Containers":3,"ContainersRunning":2,"NCPU":2,"OperatingSystem":"Alpine Linux v3.24"}`,
	}[filepath.Base(r.URL.Path)]
	if r.URL.Query().Get("all") == "1" { // of containers
		body = `[{"Id":"1","Names":["/web"],"State":"running"},{"Id":"2","Names":["/db"],"State":"running"},{"Id":"3","Names":["/old"],"State":"exited"}]`
	}
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, body)
}
