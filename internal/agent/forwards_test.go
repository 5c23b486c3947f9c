//go:build linux

package agent_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/link/sshdtest"
)

// here is where ports are forwarded in these tests: the engine is this
// computer too, and has 127.0.0.1.
const here = "127.0.0.9"

// program listens at an address and port, and says its name to each line.
func program(t *testing.T, at, name string) (port string) {
	t.Helper()
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	sshdtest.Serve(t, l, func(conn net.Conn) {
		defer conn.Close()
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			_, _ = fmt.Fprintln(conn, name)
		}
	})
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port
}

// call opens a connection to a port of this host and has its name.
func call(t *testing.T, port string) (conn net.Conn, answers *bufio.Reader, name string) {
	t.Helper()
	conn, err := net.Dial("tcp", net.JoinHostPort(here, port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	answers = bufio.NewReader(conn)
	return conn, answers, hear(t, conn, answers)
}

func hear(t *testing.T, conn net.Conn, answers *bufio.Reader) string {
	t.Helper()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(conn, "who?\n"); err != nil {
		return err.Error()
	}
	name, err := answers.ReadString('\n')
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(name)
}

// portOf is the entry of a port in a status.
func portOf(s agent.Status, port string) agent.Port {
	if i := slices.IndexFunc(s.Ports, func(p agent.Port) bool { return fmt.Sprint(p.HostPort) == port }); i >= 0 {
		return s.Ports[i]
	}
	return agent.Port{}
}

// TestForwardsStay: a port of this host is never closed while somebody
// publishes it: not by `docker rename`, not when another container has it,
// not when it is published at another address of the engine. Connections that
// are open stay with whom they are.
func TestForwardsStay(t *testing.T) {
	t.Parallel()
	port := program(t, "127.0.0.1:0", "first")
	program(t, "127.0.0.2:"+port, "second")
	d := startFakeDockerd(t)
	d.list(container("old", "aa11", "0.0.0.0:"+port+"/tcp", "[::]:"+port+"/tcp"))
	r := startAgent(t, startSSHD(t), func(o *agent.Options) {
		d.serve(o)
		o.Settings.Bind = netip.MustParseAddr(here)
	})
	s := r.await(t, func(s agent.Status) bool { return len(portOf(s, port).Local) > 0 })
	if p := portOf(s, port); p.Container != "old" || len(s.Ports) != 1 || p.Local[0] != here+":"+port {
		t.Fatalf("Status().Ports = %+v, want one, container old at %s:%s", s.Ports, here, port)
	}
	first, answers, name := call(t, port)
	if name != "first" {
		t.Fatalf("port %s leads to %q, want %q", port, name, "first")
	}

	// Somebody asks all the time, and is never refused.
	ctx, stop := context.WithCancel(t.Context())
	var asking sync.WaitGroup
	asking.Go(func() {
		for ctx.Err() == nil {
			conn, err := net.Dial("tcp", net.JoinHostPort(here, port))
			if err != nil {
				t.Errorf("Dial(%s:%s) during docker events: error = %v, want none", here, port, err)
				return
			}
			// One at a time, or a busy host would forward more than the agent takes.
			_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
			_, _ = io.WriteString(conn, "who?\n")
			_, _ = conn.Read(make([]byte, 1))
			_ = conn.Close()
		}
	})

	for _, step := range []struct {
		why       string
		container map[string]any
	}{
		{"docker rename", container("new", "aa11", "0.0.0.0:"+port+"/tcp", "[::]:"+port+"/tcp")},
		{"network disconnect and connect", container("new", "aa11", "0.0.0.0:"+port+"/tcp")},
		{"compose up --force-recreate", container("next", "bb22", "0.0.0.0:"+port+"/tcp")},
		{"published at an address of the engine", container("moved", "bb22", "127.0.0.2:"+port+"/tcp")},
	} {
		d.list(step.container)
		want := strings.TrimPrefix(step.container["Names"].([]string)[0], "/")
		r.await(t, func(s agent.Status) bool { return portOf(s, port).Container == want })
		if got := hear(t, first, answers); got != "first" {
			t.Errorf("%s: the open connection says %q, want %q", step.why, got, "first")
		}
	}
	if _, _, name := call(t, port); name != "second" {
		t.Errorf("a new connection to port %s leads to %q, want %q", port, name, "second")
	}
	stop()
	asking.Wait()

	d.list()
	r.await(t, func(s agent.Status) bool { return len(s.Ports) == 0 })
	if got := hear(t, first, answers); got == "first" {
		t.Error("the connection still answers after its port is gone, want it closed")
	}
	if conn, err := net.Dial("tcp", net.JoinHostPort(here, port)); err == nil {
		_ = conn.Close()
		t.Errorf("Dial(%s:%s) after the port is gone: no error, want one", here, port)
	}
}

// TestForwardsLimit: a container with more ports than are forwarded has none
// of them, which is told with the setting; the others have theirs.
func TestForwardsLimit(t *testing.T) {
	t.Parallel()
	port := program(t, "127.0.0.1:0", "web")
	d := startFakeDockerd(t)
	var many []string
	for p := 20000; p < 20011; p++ {
		many = append(many, fmt.Sprintf("0.0.0.0:%d/tcp", p))
	}
	bare := container("bare", "cc33")
	bare["HostConfig"] = map[string]any{"NetworkMode": "host"}
	d.list(bare, container("many", "bb22", many...), container("web", "aa11", "0.0.0.0:"+port+"/tcp"))
	r := startAgent(t, startSSHD(t), func(o *agent.Options) {
		d.serve(o)
		o.Settings.Bind, o.Settings.MaxForwards = netip.MustParseAddr(here), 11
	})
	s := r.await(t, func(s agent.Status) bool { return len(s.Ports) == 3 })
	if _, _, name := call(t, port); name != "web" {
		t.Errorf("port %s of container web leads to %q, want %q", port, name, "web")
	}
	if p := portOf(s, "20000"); p.Count != 11 || p.Hop != "host" || !strings.Contains(p.Error, "at most 11 ports") || !strings.Contains(p.Hint, "forward { max = 12 }") {
		t.Errorf("Status().Ports: 11 ports beyond the limit = %+v, want an error and a hint with max = 12", p)
	}
	if p := s.Ports[0]; p.Container != "bare" || p.Error != "" || !strings.Contains(p.Note, "--network host") {
		t.Errorf("Status().Ports: a container with --network host = %+v, want a note and no error", p)
	}
	if conn, err := net.Dial("tcp", here+":20000"); err == nil {
		_ = conn.Close()
		t.Errorf("Dial(%s:20000), a port of a range beyond the limit: no error, want one", here)
	}
}

// TestFloodOfEvents: an engine that never stops to tell of events is not
// asked as often.
func TestFloodOfEvents(t *testing.T) {
	t.Parallel()
	d := startFakeDockerd(t)
	r := startAgent(t, startSSHD(t), d.serve)
	r.await(t, func(s agent.Status) bool { return s.PortsError == "" })
	looks := func() int {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.looks
	}
	const many = 5
	first, began := looks(), time.Now()
	for looks() < first+many {
		select {
		case d.changed <- struct{}{}:
		case <-time.After(time.Millisecond):
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("a flood of events for %v: %d lists of containers, want %d", time.Since(began), looks()-first, many)
		}
	}
	if took := time.Since(began); took < (many-1)*100*time.Millisecond {
		t.Errorf("a flood of events: %d lists of containers in %v, want %v or more", many, took, (many-1)*100*time.Millisecond)
	}
}

// TestListBehindEvent: what dockerd lists only after it has told of it is found
// without another event, and sooner than by the look of every 30 s.
func TestListBehindEvent(t *testing.T) {
	t.Parallel()
	port := program(t, "127.0.0.1:0", "late")
	d := startFakeDockerd(t)
	r := startAgent(t, startSSHD(t), func(o *agent.Options) {
		d.serve(o)
		o.Settings.Bind = netip.MustParseAddr(here)
	})
	r.await(t, func(s agent.Status) bool { return s.PortsError == "" })
	looks := func() int {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.looks
	}
	before := looks()
	d.list()
	r.await(t, func(agent.Status) bool { return looks() > before })
	began := time.Now()
	d.mu.Lock()
	d.containers = []map[string]any{container("late", "aa11", "0.0.0.0:"+port+"/tcp")}
	d.mu.Unlock()
	r.await(t, func(s agent.Status) bool { return len(portOf(s, port).Local) > 0 })
	if took := time.Since(began); took > 25*time.Second {
		t.Errorf("the port is forwarded after %v, want 25s or less", took)
	}
}

// TestForwardsAreExchanged: other settings of a running agent leave ports that
// stay, and connections over them, alone; issue 13, 13.2.
func TestForwardsAreExchanged(t *testing.T) {
	t.Parallel()
	const there = "127.0.0.78"
	port := program(t, "127.0.0.1:0", "web")
	d := startFakeDockerd(t)
	d.list(container("web", "aa11", "0.0.0.0:"+port+"/tcp"))
	var set atomic.Pointer[agent.Settings]
	r := startAgent(t, startSSHD(t), func(o *agent.Options) {
		d.serve(o)
		o.Settings.Bind = netip.MustParseAddr(here)
		first := o.Settings
		set.Store(&first)
		o.Reload = func() (agent.Settings, error) { return *set.Load(), nil }
	})
	before := r.await(t, func(s agent.Status) bool { return len(portOf(s, port).Local) > 0 })
	conn, answers, name := call(t, port)
	if name != "web" {
		t.Fatalf("port %s leads to %q, want %q", port, name, "web")
	}
	reload := func(change func(*agent.Settings)) agent.Status {
		t.Helper()
		s := *set.Load()
		change(&s)
		set.Store(&s)
		status, err := r.Reload(t.Context())
		if err != nil || status.PID != before.PID {
			t.Fatalf("Reload() = %+v, %v, want the same process, %d", status, err, before.PID)
		}
		return status
	}
	reload(func(s *agent.Settings) { s.MaxForwards = 5 })
	if got := hear(t, conn, answers); got != "web" {
		t.Errorf("Reload() with another limit: the open connection says %q, want %q", got, "web")
	}
	s := reload(func(s *agent.Settings) { s.Bind = netip.MustParseAddr(there) })
	if p := portOf(s, port); len(p.Local) != 1 || p.Local[0] != there+":"+port {
		t.Errorf("Reload() with bind %s: port = %+v, want it at %s:%s only", there, p, there, port)
	}
	if old, err := net.Dial("tcp", net.JoinHostPort(here, port)); err == nil {
		_ = old.Close()
		t.Errorf("Dial(%s:%s) after Reload() with bind %s: no error, want one", here, port, there)
	}
	s = reload(func(s *agent.Settings) { s.MaxForwards, s.Bind = 0, netip.MustParseAddr(here) })
	if p := portOf(s, port); p.Error != "" || len(p.Local) != 1 || p.Local[0] != here+":"+port {
		t.Errorf("Reload() with bind %s: port = %+v, want it at %s:%s only", here, p, here, port)
	}
	if _, _, name := call(t, port); name != "web" {
		t.Errorf("bound as at first the port leads to %q, want web", name)
	}
}
