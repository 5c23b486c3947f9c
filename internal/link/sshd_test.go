package link_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/link/sshdtest"
)

// sshd is a real OpenSSH server.
type sshd struct{ *sshdtest.Server }

// startSSHD starts a server with extra lines of configuration, or skips.
func startSSHD(t *testing.T, extra ...string) *sshd {
	t.Helper()
	return &sshd{sshdtest.Start(t, extra...)}
}

func (s *sshd) logins(t *testing.T) int { return s.Logins(t) }

func (s *sshd) endpoint() link.Endpoint { return s.Endpoint() }

func (s *sshd) dial(t *testing.T) *link.Client { return s.Dial(t) }

func dial(t *testing.T, to link.Endpoint, o link.Options) *link.Client {
	t.Helper()
	c, err := link.Dial(t.Context(), to, o)
	if err != nil {
		t.Fatalf("Dial(): error = %v, want none", err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(fmt.Errorf("WriteFile(%s): %w, want no error", file, err))
	}
}

// openSSH logs in with OpenSSH's own client, by our pins alone.
func openSSH(t *testing.T, s *sshd, pins string) ([]byte, error) {
	t.Helper()
	program, err := exec.LookPath("ssh")
	if err != nil {
		return nil, os.ErrNotExist
	}
	host, port, _ := net.SplitHostPort(s.Address)
	return exec.CommandContext(t.Context(), program, "-F", "none", "-p", port, "-l", s.User, "-i", s.KeyFile,
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
