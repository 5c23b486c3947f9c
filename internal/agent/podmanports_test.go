//go:build linux

package agent_test

import (
	"encoding/json"
	"net"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fbdock/fbdock/internal/agent"
)

// startFakePodman is podman's service, with its socket.
func startFakePodman(t *testing.T) (d *fakeDockerd, socket string) {
	t.Helper()
	d, socket = &fakeDockerd{changed: make(chan struct{}, 10)}, filepath.Join(shortDir(t), "podman.sock")
	d.Server = httptest.NewUnstartedServer(d)
	_ = d.Listener.Close()
	var err error
	if d.Listener, err = net.Listen("unix", socket); err != nil {
		t.Fatal(err)
	}
	d.Start()
	t.Cleanup(func() {
		d.CloseClientConnections()
		d.Close()
	})
	return d, socket
}

// inFreeBSD is a container as podman lists it: its network is said to be the
// host's, whatever it is.
func inFreeBSD(name, id, address, inside string, at ...string) map[string]any {
	c := container(name, id, at...)
	for _, p := range c["Ports"].([]map[string]any) {
		p["PrivatePort"] = json.Number(inside)
	}
	c["HostConfig"] = map[string]any{"NetworkMode": "host"}
	c["NetworkSettings"] = map[string]any{"Networks": map[string]any{"podman": map[string]any{"IPAddress": address}}}
	return c
}

// portIn is the entry of a container's port in a status.
func portIn(s agent.Status, container string) agent.Port {
	if i := slices.IndexFunc(s.Ports, func(p agent.Port) bool { return p.Container == container }); i >= 0 {
		return s.Ports[i]
	}
	return agent.Port{}
}

// TestPodmanPorts: a port that podman publishes is on this host as one of the
// engine's is, and leads to the container's own address.
func TestPodmanPorts(t *testing.T) {
	t.Parallel()
	port := program(t, "127.0.0.5:0", "freebsd")
	program(t, "127.0.0.1:"+port, "linux")
	d := startFakeDockerd(t)
	p, socket := startFakePodman(t)
	p.list(inFreeBSD("bsd", "aa11", "127.0.0.5", port, "0.0.0.0:"+port+"/tcp"), inFreeBSD("idle", "bb22", "127.0.0.6", port))
	var set atomic.Pointer[agent.Settings]
	r := startAgent(t, startSSHD(t), func(o *agent.Options) {
		d.serve(o)
		withPodman(socket)(o)
		o.Settings.Bind = netip.MustParseAddr(here)
		first := o.Settings
		set.Store(&first)
		o.Reload = func() (agent.Settings, error) { return *set.Load(), nil }
	})
	s := r.await(t, func(s agent.Status) bool { return len(portIn(s, "bsd").Local) > 0 })
	if got := portIn(s, "bsd"); !got.Podman || len(s.Ports) != 1 {
		t.Errorf("Status().Ports = %+v, want one, of podman", s.Ports)
	}
	conn, answers, name := call(t, port)
	if name != "freebsd" {
		t.Fatalf("port %s leads to %q, want %q", port, name, "freebsd")
	}

	// The engine's container wants it too.
	d.list(container("web", "cc33", "0.0.0.0:"+port+"/tcp"))
	s = r.await(t, func(s agent.Status) bool { return portIn(s, "web").Error != "" })
	if got := portIn(s, "web"); got.Hop != "host" || !strings.Contains(got.Error, "leads to container bsd, which publishes it in FreeBSD, under podman") {
		t.Errorf("a port that both want: %+v", got)
	}

	// podman is silent for a while: its ports stay, and so do the engine's.
	p.broken.Store(true)
	p.changed <- struct{}{}
	s = r.await(t, func(s agent.Status) bool {
		return strings.Contains(portIn(s, "").Error, "podman's containers are not known")
	})
	if got := portIn(s, ""); got.Hop != "freebsd" || s.PortsError != "" || portIn(s, "web").Error == "" {
		t.Errorf("Status() with podman down: ports %+v, error %q, want podman's error at freebsd only", s.Ports, s.PortsError)
	}
	if got := hear(t, conn, answers); got != "freebsd" {
		t.Errorf("with podman down the open connection says %q, want %q", got, "freebsd")
	}
	p.broken.Store(false)

	// Without podman the engine's container has the port.
	without := *set.Load()
	without.Podman = ""
	set.Store(&without)
	if _, err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.await(t, func(s agent.Status) bool { return len(portIn(s, "web").Local) > 0 && portIn(s, "bsd").Container == "" })
	if _, _, name := call(t, port); name != "linux" {
		t.Errorf("without podman port %s leads to %q, want %q", port, name, "linux")
	}
}

// TestPodmanPortsFail: what is in the way of a port of podman's is told with
// its hop.
func TestPodmanPortsFail(t *testing.T) {
	t.Parallel()
	p, socket := startFakePodman(t)
	port, other := program(t, "127.0.0.5:0", "nobody"), program(t, "127.0.0.5:0", "nobody")
	p.list(inFreeBSD("nowhere", "bb22", "", "80", "0.0.0.0:"+port+"/tcp"), inFreeBSD("deaf", "cc33", "127.0.0.6", "1", "0.0.0.0:"+other+"/tcp"))
	r := startAgent(t, startSSHD(t), func(o *agent.Options) {
		withPodman(socket)(o)
		o.Settings.Bind = netip.MustParseAddr(here)
	})
	s := r.await(t, func(s agent.Status) bool {
		return len(s.Ports) == 2 && portIn(s, "deaf").Local != nil && portIn(s, "nowhere").Local != nil
	})
	for name, want := range map[string][2]string{"nowhere": {"freebsd", "no address of its own"}, "deaf": {"container", "refuses a direct-tcpip channel"}} {
		conn, err := net.Dial("tcp", portIn(s, name).Local[0])
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
		got := portIn(r.await(t, func(s agent.Status) bool { return portIn(s, name).Error != "" }), name)
		if got.Hop != want[0] || !strings.Contains(got.Error, want[1]) {
			t.Errorf("%s: %+v, want %q", name, got, want)
		}
	}
}
