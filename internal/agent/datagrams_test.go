//go:build linux

package agent_test

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/datagram/datagramtest"
)

// fakeDockerd lists the containers that it is given.
type fakeDockerd struct {
	*httptest.Server
	mu         sync.Mutex
	containers []map[string]any
	looks      int
	broken     atomic.Bool // it answers with errors
	changed    chan struct{}
}

func startFakeDockerd(t *testing.T) *fakeDockerd {
	t.Helper()
	d := &fakeDockerd{changed: make(chan struct{}, 10)}
	d.Server = httptest.NewTLSServer(d)
	t.Cleanup(func() {
		d.CloseClientConnections()
		d.Close()
	})
	return d
}

func (d *fakeDockerd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Api-Version", "1.41")
	switch {
	case d.broken.Load():
		http.Error(w, `{"message":"database is locked"}`, http.StatusInternalServerError)
	case strings.HasSuffix(r.URL.Path, "/containers/json"):
		d.mu.Lock()
		defer d.mu.Unlock()
		d.looks++
		_ = json.NewEncoder(w).Encode(d.containers)
	case strings.HasSuffix(r.URL.Path, "/events"):
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		for {
			select {
			case <-d.changed:
				_ = json.NewEncoder(w).Encode(map[string]any{"Type": "container", "Action": "start", "Actor": map[string]any{"ID": "1234"}})
				_ = http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	default:
		_, _ = w.Write([]byte("OK"))
	}
}

// publish has the container publish UDP ports, each at an address of the
// engine, and no others.
func (d *fakeDockerd) publish(at ...string) {
	for i := range at {
		at[i] += "/udp"
	}
	d.list(container("one", "1234", at...))
}

// container is one as dockerd lists it, with its ports as in "[::]:80/tcp".
func container(name, id string, ports ...string) map[string]any {
	list := []map[string]any{}
	for _, at := range ports {
		at, protocol, _ := strings.Cut(at, "/")
		host, port, _ := net.SplitHostPort(at)
		list = append(list, map[string]any{"IP": host, "PublicPort": json.Number(port), "PrivatePort": 7, "Type": protocol})
	}
	return map[string]any{"Id": id, "Names": []string{"/" + name}, "Ports": list}
}

// list has these containers run, and no others.
func (d *fakeDockerd) list(containers ...map[string]any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.containers = containers
	d.changed <- struct{}{}
}

// serve has the agent ask this dockerd.
func (d *fakeDockerd) serve(o *agent.Options) {
	o.Settings.Engine = d.Listener.Addr().String()
	config := d.Client().Transport.(*http.Transport).TLSClientConfig
	o.TLS = func() (*tls.Config, error) { return config, nil }
}

func freeUDP(t *testing.T) (at, port string) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, port, _ = net.SplitHostPort(conn.LocalAddr().String())
	return conn.LocalAddr().String(), port
}

func number(t *testing.T, port string) (n uint16) {
	t.Helper()
	if _, err := fmt.Sscan(port, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// ask sends words until the answer to them comes.
func ask(t *testing.T, conn net.Conn, words string) {
	t.Helper()
	buffer := make([]byte, 1<<16)
	for range 40 {
		if _, err := conn.Write([]byte(words)); err != nil {
			continue // the system's word on the one before
		}
		_ = conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
		for {
			n, err := conn.Read(buffer)
			if err != nil {
				break
			}
			if string(buffer[:n]) == "you said "+words {
				return
			}
		}
	}
	t.Fatalf("Read() from %s: no answer to %q, want one", conn.RemoteAddr(), words)
}

// TestDatagrams: a published UDP port is there on both loopbacks, keeps its
// senders apart, comes back after the engine's crash, and is gone when it is
// published no more.
func TestDatagrams(t *testing.T) {
	t.Parallel()
	e := datagramtest.New(t, "PermitTunnel point-to-point")
	d := startFakeDockerd(t)
	at, port := freeUDP(t)
	_, deaf := freeUDP(t)
	e.Answer(t, number(t, port), func(b []byte) []byte { return append([]byte("you said "), b...) })
	g := &guests{sshd: startSSHD(t), engine: e.Dial}
	r := startAgentOf(t, g, d.serve)
	ports := func(s agent.Status, want string) int {
		return slices.IndexFunc(s.Ports, func(p agent.Port) bool { return fmt.Sprint(p.HostPort) == want })
	}
	d.publish("0.0.0.0:"+port, ":::"+port, "0.0.0.0:"+deaf, "127.0.0.1:9")
	s := r.await(t, func(s agent.Status) bool { return ports(s, port) >= 0 && ports(s, deaf) >= 0 && ports(s, "9") >= 0 })
	if p := s.Ports[ports(s, port)]; p.Protocol != "udp" || !slices.Contains(p.Local, at) || p.Error != "" || len(s.Ports) != 3 {
		t.Errorf("Status().Ports = %+v, want 3 with %s forwarded by UDP at %s", s.Ports, port, at)
	}
	if p := s.Ports[ports(s, "9")]; p.Hop != "engine" || len(p.Local) > 0 || !strings.Contains(p.Error, "publish it without an address") {
		t.Errorf("Status().Ports: a port at the engine's loopback = %+v, want an error of the engine that says how to publish it", p)
	}

	var conns []net.Conn
	for _, host := range []string{"127.0.0.1", "::1", "127.0.0.1"} {
		conn, err := net.Dial("udp", net.JoinHostPort(host, port))
		if err != nil {
			t.Logf("%s is not there: %v", host, err)
			continue
		}
		defer conn.Close()
		conns = append(conns, conn)
	}
	for i, conn := range conns {
		ask(t, conn, fmt.Sprint("hello from ", i))
	}
	ask(t, conns[0], strings.Repeat("0123456789", 900)) // in fragments

	e.Cut()
	ask(t, conns[0], "are you back?")

	conn, err := net.Dial("udp", "127.0.0.1:"+deaf)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r.await(t, func(s agent.Status) bool {
		_, _ = conn.Write([]byte("anybody?"))
		p := s.Ports[ports(s, deaf)]
		return p.Hop == "container" && strings.Contains(p.Error, "listens for UDP")
	})

	d.publish()
	r.await(t, func(s agent.Status) bool { return len(s.Ports) == 0 })
	free, err := net.ListenPacket("udp", at)
	if err != nil {
		t.Errorf("ListenPacket(%s) after the port is gone: error = %v, want none", at, err)
	} else {
		_ = free.Close()
	}
}

// TestDatagramsRefused: an engine that has no tunnel is told, where and why.
func TestDatagramsRefused(t *testing.T) {
	t.Parallel()
	e := datagramtest.New(t, "PermitTunnel no")
	d := startFakeDockerd(t)
	_, port := freeUDP(t)
	r := startAgentOf(t, &guests{sshd: startSSHD(t), engine: e.Dial}, d.serve)
	d.publish("0.0.0.0:" + port)
	r.await(t, func(s agent.Status) bool {
		return len(s.Ports) == 1 && s.Ports[0].Hop == "engine" && strings.Contains(s.Ports[0].Error, "PermitTunnel")
	})
}
