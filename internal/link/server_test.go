package link_test

import (
	"crypto/ed25519"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/link/sshdtest"
)

// server is an SSH server within the test, for what a real one does not do
// on demand. handle is given each channel that a client asks for.
type server struct {
	address string
	hostKey ssh.PublicKey
	keyFile string
	handle  func(*ssh.ServerConn, ssh.NewChannel)
	// listens has it say that it listens where it is asked to.
	listens bool

	config *ssh.ServerConfig
	mu     sync.Mutex
	conns  []net.Conn
}

func startServer(t *testing.T, handle func(*ssh.ServerConn, ssh.NewChannel)) *server {
	t.Helper()
	keyFile := filepath.Join(t.TempDir(), "key")
	allowed := sshdtest.Key(t, keyFile).PublicKey()
	s := &server{keyFile: keyFile, handle: handle}
	s.config = &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(allowed.Marshal()) {
			return nil, errors.New("unknown key")
		}
		return &ssh.Permissions{}, nil
	}}
	s.newHostKey(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = l.Addr().String()
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns = append(s.conns, conn)
			s.mu.Unlock()
			wg.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.cut()
		wg.Wait()
	})
	return s
}

// newHostKey makes the server another machine.
func (s *server) newHostKey(t *testing.T) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	next := *s.config
	s.config = &ssh.ServerConfig{PublicKeyCallback: next.PublicKeyCallback}
	s.config.AddHostKey(signer)
	s.hostKey = signer.PublicKey()
}

func (s *server) serve(conn net.Conn) {
	s.mu.Lock()
	config := s.config
	s.mu.Unlock()
	server, chans, reqs, err := ssh.NewServerConn(conn, config)
	if err != nil {
		_ = conn.Close()
		return
	}
	go func() {
		for req := range reqs {
			if req.WantReply {
				_ = req.Reply(s.listens && strings.HasSuffix(req.Type, "tcpip-forward"), nil)
			}
		}
	}()
	for ch := range chans {
		go s.handle(server, ch)
	}
}

// cut drops all connections.
func (s *server) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range s.conns {
		_ = conn.Close()
	}
}

func (s *server) endpoint() link.Endpoint {
	return link.Endpoint{Name: "dev", Address: s.address, User: "vagrant", KeyFiles: []string{s.keyFile}}
}

func (s *server) dial(t *testing.T) *link.Client {
	t.Helper()
	return dial(t, s.endpoint(), link.Options{HostKey: s.hostKey})
}

// refuse is a server without any channels.
func refuse(_ *ssh.ServerConn, ch ssh.NewChannel) {
	_ = ch.Reject(ssh.ResourceShortage, "no")
}

// hang accepts a command and never says anything more.
func hang(_ *ssh.ServerConn, ch ssh.NewChannel) {
	channel, reqs, err := ch.Accept()
	if err != nil {
		return
	}
	go func() { _, _ = io.Copy(io.Discard, channel) }()
	for req := range reqs {
		if req.WantReply {
			_ = req.Reply(req.Type == "exec", nil)
		}
	}
}

// mute accepts the channel, and answers no request.
func mute(_ *ssh.ServerConn, ch ssh.NewChannel) {
	if _, reqs, err := ch.Accept(); err == nil {
		for range reqs {
		}
	}
}
