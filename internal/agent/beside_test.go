//go:build linux

package agent_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/datagram/datagramtest"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/waittest"
)

// startBeside is an agent whose engine is a VM beside FreeBSD.
func startBeside(t *testing.T, change func(*agent.Options)) (r *running, freebsd, engine *sshd) {
	t.Helper()
	freebsd, engine = startSSHD(t), startSSHD(t)
	r = startAgentOf(t, &guests{sshd: freebsd, other: engine}, func(o *agent.Options) {
		change(o)
		o.Sibling = true
	})
	r.await(t, func(s agent.Status) bool { return s.Link && s.EngineLink != nil && s.EngineLink.Up })
	return r, freebsd, engine
}

// ping asks the Docker API at a socket for a sign of life.
func ping(t *testing.T, socket string) string {
	t.Helper()
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("unix", socket)
	}}}
	defer client.CloseIdleConnections()
	res, err := client.Get("http://docker/_ping")
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

// TestBesideWithoutFreeBSD: an engine beside FreeBSD serves while FreeBSD is
// down: the Docker socket, the ports, commands; and the agent does not take the
// machine for gone.
func TestBesideWithoutFreeBSD(t *testing.T) {
	t.Parallel()
	port := program(t, "127.0.0.1:0", "web")
	d := startFakeDockerd(t)
	d.list(container("web", "aa11", "0.0.0.0:"+port+"/tcp"))
	r, freebsd, engine := startBeside(t, func(o *agent.Options) {
		d.serve(o)
		o.Docker = strings.TrimSuffix(o.Socket, "agent.sock") + "docker.sock"
		o.Settings.Bind = netip.MustParseAddr(here)
	})
	r.await(t, func(s agent.Status) bool { return len(portOf(s, port).Local) > 0 })
	r.guests.gone.Store(true)
	freebsd.kill()
	s := r.await(t, func(s agent.Status) bool { return !s.Link && s.Error != "" })
	if !s.EngineLink.Up || s.EngineLink.Error != "" {
		t.Errorf("Status().EngineLink without FreeBSD = %+v, want it up", *s.EngineLink)
	}
	if text := ping(t, r.docker); text != "OK" {
		t.Errorf("GET /_ping at the Docker socket without FreeBSD = %q, want OK", text)
	}
	if _, _, name := call(t, port); name != "web" {
		t.Errorf("port %s without FreeBSD leads to %q, want %q", port, name, "web")
	}
	if got := run(t, r.dial(t, agent.UserEngine), link.Command{Script: "exit 5"}); got.status != 5 || got.err != nil {
		t.Errorf("a command in the engine without FreeBSD: status %d, error %v, want 5 and none", got.status, got.err)
	}
	if n := engine.logins(t); n != 1 {
		t.Errorf("logins at the engine = %d, want 1", n)
	}
}

// TestBesideNamesTheHop: an engine beside FreeBSD that is not reached is named as
// such by the socket, by its ports and by the status, and FreeBSD goes on.
func TestBesideNamesTheHop(t *testing.T) {
	t.Parallel()
	port := program(t, "127.0.0.1:0", "web")
	d := startFakeDockerd(t)
	d.list(container("web", "aa11", "0.0.0.0:"+port+"/tcp"))
	r, _, engine := startBeside(t, func(o *agent.Options) {
		d.serve(o)
		o.Docker = strings.TrimSuffix(o.Socket, "agent.sock") + "docker.sock"
		o.Settings.Bind = netip.MustParseAddr(here)
	})
	r.await(t, func(s agent.Status) bool { return len(portOf(s, port).Local) > 0 })
	engine.kill()
	s := r.await(t, func(s agent.Status) bool { return !s.EngineLink.Up && s.EngineLink.Error != "" })
	if !s.Link {
		t.Errorf("Status() with the engine down: FreeBSD is not reached: %s; want it reached", s.Error)
	}
	refused(t, r.docker, "no connection to the engine")
	_, noLink := r.Dial(t.Context(), agent.UserEngine, 20*time.Second)
	if lacks, ok := errors.AsType[*agent.NoLinkError](noLink); !ok || !strings.HasPrefix(lacks.Reason, "no connection to the engine: ") {
		t.Errorf("Dial(engine) with the engine down: error = %v, want a NoLinkError that begins %q", noLink, "no connection to the engine: ")
	}
	conn, err := net.Dial("tcp", net.JoinHostPort(here, port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	s = r.await(t, func(s agent.Status) bool { return portOf(s, port).Error != "" })
	if p := portOf(s, port); p.Hop != "engine" {
		t.Errorf("port %s with the engine down: fails at %q: %s; want at %q", port, p.Hop, p.Error, "engine")
	}
	engine.start(t)
	r.await(t, func(s agent.Status) bool { return s.EngineLink.Up && s.EngineLink.Repairs == 1 })
	if text := ping(t, r.docker); text != "OK" {
		t.Errorf("GET /_ping at the Docker socket with the engine back = %q, want OK", text)
	}
}

// TestBesideDatagrams: UDP goes over a login at the engine, and needs no FreeBSD.
func TestBesideDatagrams(t *testing.T) {
	t.Parallel()
	e := datagramtest.New(t, "PermitTunnel point-to-point")
	d := startFakeDockerd(t)
	_, port := freeUDP(t)
	e.Answer(t, number(t, port), func(b []byte) []byte { return append([]byte("you said "), b...) })
	freebsd := startSSHD(t)
	r := startAgentOf(t, &guests{sshd: freebsd, other: startSSHD(t), engine: e.Dial}, func(o *agent.Options) {
		d.serve(o)
		o.Sibling = true
	})
	r.await(t, func(s agent.Status) bool { return s.Link && s.EngineLink != nil && s.EngineLink.Up })
	freebsd.kill()
	r.await(t, func(s agent.Status) bool { return !s.Link })
	d.publish("0.0.0.0:" + port)
	r.await(t, func(s agent.Status) bool { return len(portOf(s, port).Local) > 0 })
	conn, err := net.Dial("udp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ask(t, conn, "hello without FreeBSD")
}

// TestBesideAtAnotherAddress: Vagrant is asked where the engine is now.
func TestBesideAtAnotherAddress(t *testing.T) {
	t.Parallel()
	r, _, engine := startBeside(t, behindTLS(t, func(conn *tls.Conn) { countBytes(conn) }))
	engine.kill()
	r.await(t, func(agent.Status) bool { return r.guests.engineFresh.Load() > 0 })
	if n := r.guests.fresh.Load(); n != 0 {
		t.Errorf("Vagrant was asked for FreeBSD's address %d times, want never: the engine is lost", n)
	}
	engine.start(t)
	r.await(t, func(s agent.Status) bool { return s.EngineLink.Up })
	halfCloses(t, r.docker, 3)
}

// TestBesideGone: the agent ends with the machine, which is gone when neither
// FreeBSD nor the engine is there.
func TestBesideGone(t *testing.T) {
	t.Parallel()
	r, freebsd, engine := startBeside(t, func(*agent.Options) {})
	r.guests.gone.Store(true)
	freebsd.kill()
	engine.kill()
	select {
	case <-r.ended:
		if !errors.Is(r.err, agent.ErrGone) {
			t.Errorf("agent.Run() without both guests: error = %v, want ErrGone", r.err)
		}
	case <-time.After(waittest.Limit):
		t.Errorf("the agent goes on %v after both guests were lost, want its end", waittest.Limit)
	}
}
