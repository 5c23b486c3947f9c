//go:build linux

package agent_test

import (
	"net"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/datagram/datagramtest"
	"github.com/fbdock/fbdock/internal/run/runtest"
)

// freebsdNet plays ifconfig(8) and lockf(1) of FreeBSD as far as a tunnel needs
// them; anything else is refused.
var freebsdNet = map[string]string{
	"ifconfig": `case $* in
  tun7335) exec ip link show "$1" ;;
  'tun7335 destroy') exec ip link delete "$1" ;;
  'tun7335 create') exec ip tuntap add "$1" mode tun ;;
  'tun7335 inet 192.0.0.1/32 192.0.0.2 mtu 1500 up')
    ip address add 192.0.0.1/32 peer 192.0.0.2 dev "$1" && exec ip link set "$1" mtu 1500 up ;;
esac
echo "ifconfig: not played: $*" >&2
exit 1`,
	"lockf": `[ "$1 $2 $3" = '-k -t 20' ] || { echo 'lockf: not played' >&2; exit 64; }
shift 3
file=$1
shift
exec flock -w 20 "$file" "$@"`,
}

// rootOfFreeBSD is what runs a program as root in e's network, where the
// commands of FreeBSD's network are.
func rootOfFreeBSD(t *testing.T, e *datagramtest.Engine) []string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range freebsdNet {
		if err := runtest.WriteProgram(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return append(e.Within(), "env", "PATH="+dir+":/usr/sbin:/usr/bin:/sbin:/bin")
}

// in runs a command in e's network.
func in(t *testing.T, e *datagramtest.Engine, args ...string) {
	t.Helper()
	all := append(e.Within(), args...)
	if out, err := exec.Command(all[0], all[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%q: %v\n%s", args, err, out)
	}
}

// TestPodmanDatagrams: a UDP port that podman publishes is on this host and
// leads to the container's own address, comes back after its tunnel was lost,
// and keeps its place where a Linux container wants it too.
func TestPodmanDatagrams(t *testing.T) {
	t.Parallel()
	e := datagramtest.New(t)
	in(t, e, "ip", "address", "add", "10.88.0.5/32", "dev", "lo")
	in(t, e, "ip", "link", "set", "lo", "up")
	e.AnswerAt(t, netip.MustParseAddrPort("10.88.0.5:7"), func(b []byte) []byte { return append([]byte("you said "), b...) })
	d := startFakeDockerd(t)
	p, socket := startFakePodman(t)
	_, port := freeUDP(t)
	_, deaf := freeUDP(t)
	p.list(inFreeBSD("bsd", "aa11", "10.88.0.5", "7", "0.0.0.0:"+port+"/udp"), inFreeBSD("deaf", "bb22", "10.88.0.5", "9", "0.0.0.0:"+deaf+"/udp"))
	g := &guests{sshd: startSSHD(t), root: rootOfFreeBSD(t, e)}
	r := startAgentOf(t, g, func(o *agent.Options) {
		d.serve(o)
		withPodman(socket)(o)
		o.Settings.Bind = netip.MustParseAddr(here)
	})
	s := r.await(t, func(s agent.Status) bool { return portIn(s, "bsd").Local != nil && portIn(s, "deaf").Local != nil })
	if got := portIn(s, "bsd"); !got.Podman || got.Protocol != "udp" || len(s.Ports) != 2 {
		t.Errorf("Status().Ports = %+v, want two of podman's by UDP", s.Ports)
	}
	conn, err := net.Dial("udp", net.JoinHostPort(here, port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ask(t, conn, "hello")
	ask(t, conn, strings.Repeat("0123456789", 900)) // in fragments

	// A Linux container wants the port as well.
	d.list(container("web", "cc33", "0.0.0.0:"+port+"/udp"))
	s = r.await(t, func(s agent.Status) bool { return portIn(s, "web").Error != "" })
	if got := portIn(s, "web"); got.Hop != "host" || !strings.Contains(got.Error, "leads to container bsd, which publishes it in FreeBSD, under podman") {
		t.Errorf("Status().Ports: a UDP port that both want = %+v, want an error at host that names container bsd", got)
	}

	other, err := net.Dial("udp", net.JoinHostPort(here, deaf))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	r.await(t, func(s agent.Status) bool {
		_, _ = other.Write([]byte("anybody?"))
		got := portIn(s, "deaf")
		return got.Hop == "container" && strings.Contains(got.Error, "listens for UDP")
	})

	in(t, e, "ip", "link", "delete", "tun7335")
	ask(t, conn, "are you back?")
	p.list()
	d.list()
	r.await(t, func(s agent.Status) bool { return len(s.Ports) == 0 })
	r.await(t, func(agent.Status) bool {
		all := append(e.Within(), "ip", "link", "show", "tun7335")
		return exec.Command(all[0], all[1:]...).Run() != nil
	})
}

// TestPodmanDatagramsRefused: why FreeBSD has no tunnel is told at its port.
func TestPodmanDatagramsRefused(t *testing.T) {
	t.Parallel()
	p, socket := startFakePodman(t)
	_, port := freeUDP(t)
	p.list(inFreeBSD("bsd", "aa11", "10.88.0.5", "7", "0.0.0.0:"+port+"/udp"), inFreeBSD("nowhere", "bb22", "", "7", "0.0.0.0:9/udp"))
	g := &guests{sshd: startSSHD(t), root: []string{"sh", "-c", `case " $*" in *fbdock-udp*) echo "tun7335: Device busy" >&2; exit 1 ;; esac; exec "$@"`, "sh"}}
	r := startAgentOf(t, g, func(o *agent.Options) {
		withPodman(socket)(o)
		o.Settings.Bind = netip.MustParseAddr(here)
	})
	s := r.await(t, func(s agent.Status) bool { return portIn(s, "bsd").Error != "" && portIn(s, "nowhere").Error != "" })
	if got := portIn(s, "bsd"); got.Hop != "freebsd" || !strings.Contains(got.Error, "no tunnel for UDP: start an sshd for UDP: tun7335: Device busy") {
		t.Errorf("Status().Ports: a port without a tunnel = %+v, want its reason at freebsd", got)
	}
	if got := portIn(s, "nowhere"); got.Hop != "freebsd" || got.Local != nil || !strings.Contains(got.Error, "no address of its own") {
		t.Errorf("Status().Ports: a container without an address = %+v, want an error at freebsd that says so", got)
	}
}
