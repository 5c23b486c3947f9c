package sshdtest

import (
	"bytes"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/link"
)

const program = "/usr/sbin/sshd"

// Server is a real OpenSSH server on loopback, to which the current user logs
// in. It ends with the test.
type Server struct {
	Address string
	User    string
	Dir     string // its files and the HOME of its users
	KeyFile string // a key that may log in
	HostKey ssh.PublicKey

	// Lines are added to its configuration.
	Lines []string
	// Within is a command that runs sshd, whose command line follows it; nil
	// runs it as it is. Attributes are those of the process.
	Within     []string
	Attributes *syscall.SysProcAttr
	// End kills the server with all that it has started; nil kills the server.
	End func(pid int)

	mu      sync.Mutex
	process *os.Process
	exited  chan struct{}
}

// New prepares a server with more lines of configuration, or skips the test.
func New(t testing.TB, lines ...string) *Server {
	t.Helper()
	s := &Server{Dir: t.TempDir(), Lines: lines}
	s.HostKey, s.KeyFile = Keys(t, s.Dir)
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	s.User, s.Address = me.Username, FreeAddress(t)
	t.Cleanup(func() {
		s.Kill()
		if t.Failed() {
			text, _ := os.ReadFile(s.log())
			t.Logf("sshd says:\n%s", text)
		}
	})
	return s
}

// Start is New with a server that answers.
func Start(t testing.TB, lines ...string) *Server {
	t.Helper()
	s := New(t, lines...)
	s.Start(t)
	return s
}

// Keys makes the keys of a server in dir, and that of who may log in; it skips
// the test where there is no sshd.
func Keys(t testing.TB, dir string) (hostKey ssh.PublicKey, keyFile string) {
	t.Helper()
	if _, err := os.Stat(program); err != nil {
		t.Skipf("no OpenSSH server: %v (apt-get install openssh-server)", err)
	}
	keyFile = filepath.Join(dir, "key")
	allowed := ssh.MarshalAuthorizedKey(Key(t, keyFile).PublicKey())
	if err := os.WriteFile(filepath.Join(dir, "authorized"), allowed, 0o600); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		_ = os.MkdirAll("/run/sshd", 0o755) // Debian's sshd insists on it
	}
	return Key(t, filepath.Join(dir, "host")).PublicKey(), keyFile
}

// Config writes the configuration of a server with the keys in dir, and gives
// its file.
func Config(t testing.TB, dir string, lines ...string) (file string) {
	t.Helper()
	file = filepath.Join(dir, "sshd_config")
	text := strings.Join(append([]string{
		"HostKey " + filepath.Join(dir, "host"), "AuthorizedKeysFile " + filepath.Join(dir, "authorized"),
		"UsePAM no", "StrictModes no", "PasswordAuthentication no", "PermitRootLogin yes", "PidFile none", "LogLevel VERBOSE",
		"SetEnv HOME=" + dir, // the user's own .bashrc is slow, or says things
	}, lines...), "\n") + "\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Start has the server run, again after Kill.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	first := s.process == nil
	for range 5 {
		if s.run(t) {
			return
		}
		if !first {
			break // its address is known
		}
		s.Address = FreeAddress(t) // another process has taken the port in between
	}
	t.Fatal("sshd does not start")
}

func (s *Server) run(t testing.TB) bool {
	t.Helper()
	_, port, _ := net.SplitHostPort(s.Address)
	config := Config(t, s.Dir, append([]string{"ListenAddress 127.0.0.1", "Port " + port}, s.Lines...)...)
	log, err := os.OpenFile(s.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	before, err := os.ReadFile(s.log())
	if err != nil {
		t.Fatal(err)
	}
	args := append(append([]string{}, s.Within...), program, "-D", "-e", "-f", config)
	// It outlives the context of the test, for what is cleaned up after that.
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stderr, cmd.SysProcAttr = log, s.Attributes
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = cmd.Wait()
	}()
	s.mu.Lock()
	s.process, s.exited = cmd.Process, exited
	s.mu.Unlock()
	for range 500 {
		select {
		case <-exited:
			return false
		case <-time.After(10 * time.Millisecond):
		}
		// By its own word: what answers at the address may be another test's.
		if text, err := os.ReadFile(s.log()); err == nil && bytes.Contains(text[len(before):], []byte("Server listening on")) {
			return true
		}
	}
	return false
}

// Kill ends the server, as a reboot does.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return
	}
	if s.End != nil {
		s.End(s.process.Pid)
	} else {
		_ = s.process.Kill()
	}
	<-s.exited
}

func (s *Server) log() string { return filepath.Join(s.Dir, "log") }

// Logins counts the logins that the server has seen.
func (s *Server) Logins(t testing.TB) int {
	t.Helper()
	text, err := os.ReadFile(s.log())
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(text), "Accepted publickey")
}

// Endpoint is where and how the current user logs in.
func (s *Server) Endpoint() link.Endpoint {
	return link.Endpoint{Name: "dev", Address: s.Address, User: s.User, KeyFiles: []string{s.KeyFile}}
}

// Dial logs in.
func (s *Server) Dial(t testing.TB) *link.Client {
	t.Helper()
	c, err := link.Dial(t.Context(), s.Endpoint(), link.Options{HostKey: s.HostKey})
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// FreeAddress is an address of loopback that nobody listens at. Its port is below
// those that Linux hands out by itself (ip(7), ip_local_port_range): nobody gets
// it by accident as long as a test does not listen there.
func FreeAddress(t testing.TB) string {
	t.Helper()
	const first, ports, tries = 20000, 12000, 100
	var err error
	for range tries {
		var l net.Listener
		l, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(first+rand.IntN(ports)))) //nolint:gosec // no secret
		if err == nil {
			_ = l.Close() // it only shows a free port
			return l.Addr().String()
		}
	}
	t.Fatalf("no port of %d from %d on is free: %v", ports, first, err)
	return ""
}
