//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/link/sshdtest"
)

// TestFirewall is what containers reach and what they do not: nothing of
// FreeBSD's and nothing of the engine's own, but each other and the outside.
// Its parts run in order.
func TestFirewall(t *testing.T) {
	f := &firewallTest{project: newProject(t, "")}
	f.configure(t, labBox, "    insecure_tcp = true\n", nfsShare)
	f.destroyAtEnd(t)
	up(t, f.project)
	f.prepare(t)
	for _, part := range []struct {
		name string
		test func(*testing.T)
	}{
		{"a container on each kind of network", f.everyNetwork},
		{"a container on the engine's own network card", f.macvlan},
		{"the engine's own processes", f.hostNetwork},
		{"published ports", f.published},
		{"name service", f.names},
		{"FreeBSD", f.fromFreeBSD},
		{"dockerd is restarted", f.restarted},
		{"the engine is restarted", f.rebooted},
		{"ports of FreeBSD that containers ask for", f.asked},
	} {
		t.Run(part.name, part.test)
	}
}

// mountdPort is where fbdock lets FreeBSD's mountd listen.
const mountdPort = "7335"

const nfsShare = "  share \"b\" { type = \"nfs\" }\n"

type firewallTest struct {
	*project
	freebsd  string // FreeBSD's address on its own network
	outside  string // "ADDRESS PORT" of a listener beyond FreeBSD
	services string // "ADDRESS PORT" lines that no container may reach
}

// prepare opens a port outside and makes the networks that the parts use.
func (f *firewallTest) prepare(t *testing.T) {
	t.Helper()
	f.freebsd = strings.Fields(f.must(t, "exec", "--", "sh", "-c", "ifconfig vtnet0 | awk '$1 == \"inet\" { print $2 }'").stdout)[0]
	gateway := strings.Fields(f.must(t, "exec", "--", "sh", "-c", "route -n get default | awk '$1 == \"gateway:\" { print $2 }'").stdout)[0]
	listener, err := net.Listen("tcp4", gateway+":0")
	if err != nil {
		t.Fatal(err)
	}
	sshdtest.Serve(t, listener, func(conn net.Conn) { _ = conn.Close() })
	f.outside = fmt.Sprintf("%s %d", gateway, listener.Addr().(*net.TCPAddr).Port)

	f.must(t, "docker", "network", "create", "--subnet", "172.30.1.0/24", "--gateway", "172.30.1.1", "own")
	f.must(t, "docker", "network", "create", "--ipv6", "--subnet", "172.30.6.0/24", "--gateway", "172.30.6.1", "--subnet", "fd00:6::/64", "--gateway", "fd00:6::1", "six")
	f.must(t, "docker", "network", "create", "-d", "macvlan", "-o", "parent=eth0", "--subnet", "10.77.0.0/24", "--gateway", "10.77.0.1", "card")
	// A server with a published port, and a container that tries FreeBSD from its first moment on.
	f.must(t, "docker", "run", "-d", "--restart", "always", "--name", "server", "-p", "8080:8080", "busybox", "nc", "-ll", "-p", "8080", "-e", "echo", "served")
	f.must(t, "docker", "run", "-d", "--restart", "always", "--name", "early", "busybox", "sh", "-c",
		"trap exit TERM; while :; do nc -w 1 10.77.0.1 22 -e true && echo open; nc -w 1 10.77.0.2 2375 -e true && echo open; done")

	for _, port := range []string{"22", "111", "2049", mountdPort} {
		f.services += "10.77.0.1 " + port + "\n"
	}
	f.services += f.freebsd + " 22\n" + own("10.77.0.2")
}

// own are the engine's own services at one of its addresses.
func own(address string) string {
	return address + " 22\n" + address + " 2375\n" + address + " 2376\n"
}

// reached tries "ADDRESS PORT" lines from a container and says which answer.
func (f *firewallTest) reached(t *testing.T, network, pairs string, more ...string) []string {
	t.Helper()
	args := append([]string{"docker", "run", "--rm", "--network", network}, more...)
	args = append(args, "busybox", "sh", "-c", `echo "$1" | while read -r address port; do [ -z "$port" ] || ! nc -w 3 "$address" "$port" -e true || echo "$address $port"; done`, "sh", pairs)
	return strings.FieldsFunc(f.must(t, args...).stdout, func(r rune) bool { return r == '\n' })
}

// none fails for each pair that a container reaches, and where it does not
// reach the outside: a container without a network proves nothing.
func (f *firewallTest) none(t *testing.T, network, pairs string, more ...string) {
	t.Helper()
	got := f.reached(t, network, f.services+pairs+f.outside+"\n", more...)
	if len(got) == 0 || got[len(got)-1] != f.outside {
		t.Errorf("network %s: a container does not reach the outside, want it to reach %s", network, f.outside)
	}
	for _, pair := range got {
		if pair != f.outside {
			t.Errorf("network %s: a container reaches %s, want only the outside (%s)", network, pair, f.outside)
		}
	}
}

func (f *firewallTest) everyNetwork(t *testing.T) {
	f.none(t, "bridge", own("172.17.0.1"))
	f.none(t, "own", own("172.30.1.1"))
	f.none(t, "six", own("172.30.6.1")+own("fd00:6::1"))
	f.none(t, "own", own("172.30.1.1"), "--cap-add", "NET_ADMIN", "--cap-add", "NET_RAW")
	f.noDatagram(t)
}

// noDatagram sends one from a container to a listener in FreeBSD.
func (f *firewallTest) noDatagram(t *testing.T) {
	t.Helper()
	got := make(chan result, 1)
	go func() { got <- f.run(t, "exec", "--", "sh", "-c", "timeout 300 nc -u -l 7777 | od -c") }()
	await(t, time.Minute, "FreeBSD listens", func() bool {
		return f.run(t, "exec", "--", "pgrep", "-x", "nc").status == 0
	})
	f.run(t, "docker", "run", "--rm", "busybox", "timeout", "3", "tftp", "-g", "-r", "x", "10.77.0.1", "7777")
	f.must(t, "exec", "--", "pkill", "-x", "nc")
	if out := <-got; strings.TrimSpace(out.stdout) != "0000000" {
		t.Errorf("FreeBSD's UDP listener got %q bytes of a container's datagram, want 0", out.stdout)
	}
}

// macvlan: such a container is no guest of the engine's network stack.
func (f *firewallTest) macvlan(t *testing.T) {
	f.none(t, "card", "", "--ip", "10.77.0.50")
}

// hostNetwork: a container with --network host is a process of the engine,
// which may ask FreeBSD for what the engine needs and no more.
func (f *firewallTest) hostNetwork(t *testing.T) {
	got := strings.Join(f.reached(t, "host", "10.77.0.1 2049\n10.77.0.1 22\n"+f.freebsd+" 22\n"+f.outside+"\n"), ", ")
	if want := "10.77.0.1 2049, " + f.outside; got != want {
		t.Errorf("the engine itself reaches %s, want %s", got, want)
	}
	f.must(t, "docker", "run", "--rm", "-v", "/b:/b", "busybox", "sh", "-c", "echo x >/b/f && cat /b/f && rm /b/f")
}

// published: the port of another container, by every address of the engine.
func (f *firewallTest) published(t *testing.T) {
	for _, network := range []string{"bridge", "own", "six", "host"} {
		const want = "10.77.0.2 8080\n172.17.0.1 8080\n172.30.1.1 8080"
		if got := strings.Join(f.reached(t, network, want), "\n"); got != want {
			t.Errorf("network %s: a container reaches\n%s\nwant every published port\n%s", network, got, want)
		}
	}
	if out := f.run(t, "exec", "--", "sh", "-c", "nc -w 5 10.77.0.2 8080 </dev/null"); out.stdout != "served\n" {
		t.Errorf("nc 10.77.0.2 8080 in FreeBSD = %q, want \"served\\n\" from the published port", out.stdout)
	}
}

func (f *firewallTest) names(t *testing.T) {
	f.must(t, "docker", "network", "connect", "own", "server")
	if out := f.run(t, "docker", "run", "--rm", "--network", "own", "busybox", "nc", "-w", "3", "server", "8080", "-e", "true"); out.status != 0 {
		t.Errorf("nc server 8080 in a container of the same network = status %d, want 0: %s%s", out.status, out.stdout, out.stderr)
	}
}

func (f *firewallTest) fromFreeBSD(t *testing.T) {
	for _, port := range []string{"22", "2375", "2376"} {
		if out := f.run(t, "exec", "--", "sh", "-c", "nc -z -w 5 10.77.0.2 "+port); out.status != 0 {
			t.Errorf("nc -z 10.77.0.2 %s in FreeBSD = status %d, want 0: %s", port, out.status, out.stderr)
		}
	}
	if out := f.run(t, "exec", "--", "sh", "-c", "DOCKER_CONTEXT= docker -H tcp://10.77.0.2:2375 version -f '{{.Server.Os}}'"); out.stdout != "linux\n" {
		t.Errorf("docker -H tcp://10.77.0.2:2375 version in FreeBSD = %q, want linux: %s", out.stdout, out.stderr)
	}
	if out := f.must(t, "status"); strings.Contains(out.stdout, "FAIL") {
		t.Errorf("fbdock status, want no FAIL:\n%s", out.stdout)
	}
}

func (f *firewallTest) restarted(t *testing.T) {
	f.must(t, "exec", "--on", "engine", "--", "rc-service", "docker", "restart")
	await(t, 2*time.Minute, "dockerd answers", func() bool { return f.run(t, "docker", "ps").status == 0 })
	f.must(t, "docker", "network", "create", "--subnet", "172.30.2.0/24", "--gateway", "172.30.2.1", "later")
	f.none(t, "later", own("172.30.2.1"))
}

// rebooted: there is no moment at which a container reaches more.
func (f *firewallTest) rebooted(t *testing.T) {
	f.must(t, "halt")
	f.up(t)
	await(t, time.Minute, "the containers run again", func() bool { return f.run(t, "docker", "exec", "early", "true").status == 0 })
	f.none(t, "bridge", own("172.17.0.1"))
	if logs := f.must(t, "docker", "logs", "early").stdout; logs != "" {
		t.Errorf("a container that starts with the engine reached a service %d times, want 0", strings.Count(logs, "open"))
	}
}

// asked opens what the configuration asks for, and no more.
func (f *firewallTest) asked(t *testing.T) {
	f.configure(t, labBox, "    guest_ports = [\"22\"]\n", nfsShare)
	f.up(t)
	pairs := "10.77.0.1 22\n10.77.0.1 111\n10.77.0.1 2049\n" + own("10.77.0.2")
	if got := strings.Join(f.reached(t, "bridge", pairs), ", "); got != "10.77.0.1 22" {
		t.Errorf("a container reaches %q, want FreeBSD's sshd alone", got)
	}
}
