// Package datagramtest has an engine for tests: a network of its own in this
// computer's kernel, and an OpenSSH server in it.
package datagramtest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/link/sshdtest"
)

// Engine is a computer of which only the sshd can be reached.
type Engine struct {
	dir     string
	network string // path of its namespace
	hostKey ssh.PublicKey

	mu       sync.Mutex
	sessions []*exec.Cmd
}

// New makes an engine whose sshd has more lines in its configuration. It
// skips the test where this computer does not allow that.
func New(t testing.TB, lines ...string) *Engine {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a network of its own needs root")
	}
	for _, need := range []string{"/dev/net/tun", "/usr/sbin/sshd", "/usr/bin/nsenter", "/usr/bin/unshare"} {
		if _, err := os.Stat(need); err != nil {
			t.Skipf("a tunnel needs %v", err)
		}
	}
	if device, err := os.OpenFile("/dev/net/tun", os.O_RDWR, 0); err != nil {
		t.Skipf("a tunnel needs /dev/net/tun: %v", err)
	} else {
		_ = device.Close()
	}
	e := &Engine{dir: t.TempDir()}
	e.unshare(t)
	e.hostKey, _ = sshdtest.Keys(t, e.dir)
	sshdtest.Config(t, e.dir, lines...)
	t.Cleanup(e.Cut)
	return e
}

// unshare makes the network, which lives as long as the test.
func (e *Engine) unshare(t testing.TB) {
	t.Helper()
	holder := exec.Command("unshare", "-n", "sh", "-c", "echo ready; exec cat")
	in, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = holder.Wait()
	})
	if _, err := io.ReadFull(out, make([]byte, len("ready\n"))); err != nil {
		t.Skip("a network of its own is not allowed here")
	}
	e.network = fmt.Sprintf("/proc/%d/ns/net", holder.Process.Pid)
}

// enter does something in the engine's network: sockets stay where they were
// made. The thread goes back, and must not end: what it has started would be
// told that its parent died.
func (e *Engine) enter(do func() error) error {
	runtime.LockOSThread()
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return err
	}
	defer home.Close()
	there, err := os.Open(e.network)
	if err != nil {
		return err
	}
	defer there.Close()
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		return err
	}
	err = do()
	if back := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); back != nil {
		return back // with the thread locked, for nobody else to run there
	}
	runtime.UnlockOSThread()
	return err
}

// Dial logs in as root.
func (e *Engine) Dial(ctx context.Context) (*link.Client, error) {
	to := link.Endpoint{
		Name: "engine", Address: "engine:22", User: "root", KeyFiles: []string{filepath.Join(e.dir, "key")}, KeysOnly: true,
	}
	return link.Dial(ctx, to, link.Options{HostKey: e.hostKey, Dial: e.connect, KeepAlive: time.Second, IdleTimeout: 3 * time.Second})
}

func (e *Engine) connect(context.Context, string, string) (net.Conn, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	near, far := os.NewFile(uintptr(pair[0]), "near"), os.NewFile(uintptr(pair[1]), "far")
	defer near.Close()
	defer far.Close()
	sshd := exec.Command("nsenter", "--net="+e.network, "/usr/sbin/sshd", "-i", "-e", "-f", filepath.Join(e.dir, "sshd_config"))
	sshd.Stdin, sshd.Stdout = far, far
	if err := sshd.Start(); err != nil {
		return nil, err
	}
	e.mu.Lock()
	e.sessions = append(e.sessions, sshd)
	e.mu.Unlock()
	return net.FileConn(near)
}

// Within is a command that runs another in the engine's network.
func (e *Engine) Within() []string { return []string{"nsenter", "--net=" + e.network} }

// Cut ends all logins as a crash does.
func (e *Engine) Cut() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, sshd := range e.sessions {
		_ = sshd.Process.Kill()
		_ = sshd.Wait()
	}
	e.sessions = nil
}

// Answer listens for UDP at a port of all its addresses and answers each
// datagram with what answer makes of it; nil is no answer.
func (e *Engine) Answer(t testing.TB, port uint16, answer func([]byte) []byte) {
	t.Helper()
	e.AnswerAt(t, netip.AddrPortFrom(netip.IPv4Unspecified(), port), answer)
}

// AnswerAt is Answer at one of its addresses.
func (e *Engine) AnswerAt(t testing.TB, at netip.AddrPort, answer func([]byte) []byte) {
	t.Helper()
	var conn *net.UDPConn
	err := e.enter(func() (err error) {
		conn, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(at))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadBuffer(4 << 20)
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buffer := make([]byte, 1<<16)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			if b := answer(buffer[:n]); b != nil {
				_, _ = conn.WriteToUDPAddrPort(b, from)
			}
		}
	}()
}
