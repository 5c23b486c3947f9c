package link_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"fmt"
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

// sshd is a real OpenSSH server, a child of the test on loopback.
type sshd struct {
	address string
	hostKey ssh.PublicKey
	keyFile string
	user    string
	dir     string
	process *os.Process
	exited  chan struct{}
}

// startSSHD starts a server with extra lines of configuration, or skips.
func startSSHD(t *testing.T, extra ...string) *sshd {
	t.Helper()
	const program = "/usr/sbin/sshd"
	if _, err := os.Stat(program); err != nil {
		t.Skipf("no OpenSSH server: %v (apt-get install openssh-server)", err)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := &sshd{dir: dir, user: me.Username, keyFile: filepath.Join(dir, "key"), exited: make(chan struct{})}
	clientKey := linktest.Key(t, s.keyFile).PublicKey()
	s.hostKey = linktest.Key(t, filepath.Join(dir, "host")).PublicKey()
	write(t, filepath.Join(dir, "authorized"), string(ssh.MarshalAuthorizedKey(clientKey)))
	if os.Geteuid() == 0 {
		_ = os.MkdirAll("/run/sshd", 0o755) // Debian's sshd insists on it
	}
	for range 5 { // another process may take the port in between
		if s.start(t, program, extra) {
			return s
		}
	}
	t.Fatal("sshd does not start")
	return nil
}

func (s *sshd) start(t *testing.T, program string, extra []string) bool {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = l.Addr().String()
	_, port, _ := net.SplitHostPort(s.address)
	_ = l.Close()
	lines := append([]string{
		"ListenAddress 127.0.0.1", "Port " + port, "HostKey " + filepath.Join(s.dir, "host"),
		"AuthorizedKeysFile " + filepath.Join(s.dir, "authorized"), "UsePAM no", "StrictModes no",
		"PasswordAuthentication no", "PermitRootLogin yes", "PidFile none", "LogLevel VERBOSE",
		"SetEnv HOME=" + s.dir, // the user's own .bashrc is slow, or says things
	}, extra...)
	config := filepath.Join(s.dir, "sshd_config")
	write(t, config, strings.Join(lines, "\n")+"\n")
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.CommandContext(t.Context(), program, "-D", "-e", "-f", config)
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.process = cmd.Process
	exited := make(chan struct{})
	s.exited = exited
	go func() {
		defer close(exited)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-exited
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("sshd says:\n%s", text)
		}
	})
	return s.answers()
}

func (s *sshd) answers() bool {
	for range 200 {
		select {
		case <-s.exited:
			return false
		case <-time.After(20 * time.Millisecond):
		}
		if conn, err := net.Dial("tcp", s.address); err == nil {
			_ = conn.Close()
			return true
		}
	}
	return false
}

// logins counts the logins that the server has seen.
func (s *sshd) logins(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(text), "Accepted publickey")
}

func (s *sshd) endpoint() link.Endpoint {
	return link.Endpoint{Name: "dev", Address: s.address, User: s.user, KeyFiles: []string{s.keyFile}}
}

func (s *sshd) dial(t *testing.T) *link.Client {
	t.Helper()
	return dial(t, s.endpoint(), link.Options{HostKey: s.hostKey})
}

func dial(t *testing.T, to link.Endpoint, o link.Options) *link.Client {
	t.Helper()
	c, err := link.Dial(t.Context(), to, o)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(fmt.Errorf("write: %w", err))
	}
}

// openSSH logs in with OpenSSH's own client, by our pins alone.
func openSSH(t *testing.T, s *sshd, pins string) ([]byte, error) {
	t.Helper()
	program, err := exec.LookPath("ssh")
	if err != nil {
		return nil, os.ErrNotExist
	}
	host, port, _ := net.SplitHostPort(s.address)
	return exec.CommandContext(t.Context(), program, "-F", "none", "-p", port, "-l", s.user, "-i", s.keyFile,
		"-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes",
		"-o", "UserKnownHostsFile="+pins, "-o", "HostKeyAlias=dev", host, "echo in").CombinedOutput()
}

func rsaKey(t *testing.T) (text string, public ssh.PublicKey) {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	public, err = ssh.NewPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block)), public
}

// shortDir is a folder for sockets, whose paths are bounded.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fb") //nolint:usetesting // the test's own path is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
