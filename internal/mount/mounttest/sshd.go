package mounttest

import (
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/link/linktest"
)

// SSHD is a real OpenSSH server on loopback, which plays the guest.
type SSHD struct {
	address, dir string
	hostKey      ssh.PublicKey
}

// StartSSHD starts a server that ends with the test.
func StartSSHD(t *testing.T) *SSHD {
	t.Helper()
	return StartSSHDIn(t, "")
}

// StartSSHDIn has a mount namespace of its own, which the script world
// prepares, unless that is "".
func StartSSHDIn(t *testing.T, world string) *SSHD {
	t.Helper()
	const program = "/usr/sbin/sshd"
	if _, err := os.Stat(program); err != nil {
		t.Skipf("no OpenSSH server: %v (apt-get install openssh-server)", err)
	}
	s := &SSHD{dir: t.TempDir()}
	allowed := linktest.Key(t, filepath.Join(s.dir, "key")).PublicKey()
	s.hostKey = linktest.Key(t, filepath.Join(s.dir, "host")).PublicKey()
	Write(t, filepath.Join(s.dir, "authorized"), string(ssh.MarshalAuthorizedKey(allowed)))
	if os.Geteuid() == 0 {
		_ = os.MkdirAll("/run/sshd", 0o755) // Debian's sshd insists on it
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	Must(t, err)
	s.address = l.Addr().String()
	_, port, _ := net.SplitHostPort(s.address)
	Must(t, l.Close())
	Write(t, filepath.Join(s.dir, "config"), strings.Join([]string{
		"ListenAddress 127.0.0.1", "Port " + port, "HostKey " + filepath.Join(s.dir, "host"),
		"AuthorizedKeysFile " + filepath.Join(s.dir, "authorized"), "UsePAM no", "StrictModes no",
		"PasswordAuthentication no", "PermitRootLogin yes", "PidFile none", "SetEnv HOME=" + s.dir, "",
	}, "\n"))
	cmd := exec.Command(program, "-D", "-e", "-f", filepath.Join(s.dir, "config"))
	if world != "" {
		cmd = exec.Command("unshare", append([]string{"--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", world + `exec "$0" "$@"`}, cmd.Args...)...)
	}
	Must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for range 200 {
		if conn, err := net.Dial("tcp", s.address); err == nil {
			_ = conn.Close()
			return s
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-t.Context().Done():
		}
	}
	t.Fatal("sshd does not start")
	return nil
}

// Dial logs in as the current user.
func (s *SSHD) Dial(t *testing.T) *link.Client {
	t.Helper()
	me, err := user.Current()
	Must(t, err)
	c, err := link.Dial(t.Context(), link.Endpoint{
		Name: "dev", Address: s.address, User: me.Username, KeyFiles: []string{filepath.Join(s.dir, "key")},
	}, link.Options{HostKey: s.hostKey})
	Must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}
