package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"

	"golang.org/x/crypto/ssh"
)

// sshd is an SSH server that runs commands by sh, in a folder that stands
// for the machine's root, on a PATH that begins with the machine's own bin.
type sshd struct {
	hostKey ssh.Signer
	allowed []ssh.PublicKey
	anyKey  bool // takes all
	user    string
	local   func(command string) string // the command with paths of the root
	path    string
	home    string
	mounts  string // where notes of mounts are, "" for home
	// own is what runs a command within the test, nil for all others.
	own func(command string) func(ssh.Channel) (status int)
	// dial connects to an address as the machine sees it.
	dial func(host string, port uint32) (net.Conn, error)

	mu       sync.Mutex
	listener net.Listener
	conns    []io.Closer
	limit    int64  // bytes after which one connection ends, 0 for none
	part     string // pattern of the file that has some of them by then
}

// listen serves on a port of its own until stop.
func (s *sshd) listen() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.listener = l
	s.mu.Unlock()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	return nil
}

func (s *sshd) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		_ = s.listener.Close()
		s.listener = nil
	}
	for _, c := range s.conns {
		_ = c.Close()
	}
	s.conns = nil
}

// drop ends the connections, as a guest does that is restarted.
func (s *sshd) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		_ = c.Close()
	}
	s.conns = nil
}

// port that the server listens on, 0 when it does not.
func (s *sshd) port() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return 0
	}
	return s.listener.Addr().(*net.TCPAddr).Port
}

func (s *sshd) serve(conn net.Conn) {
	config := &ssh.ServerConfig{PublicKeyCallback: func(meta ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		for _, k := range s.allowed {
			if (s.anyKey || bytes.Equal(k.Marshal(), key.Marshal())) && meta.User() == s.user {
				return &ssh.Permissions{}, nil
			}
		}
		return nil, errors.New("unknown key or user")
	}}
	s.mu.Lock()
	config.AddHostKey(s.hostKey)
	s.conns = append(s.conns, conn)
	s.mu.Unlock()
	server, channels, requests, err := ssh.NewServerConn(&limitedConn{Conn: conn, of: s}, config)
	if err != nil {
		_ = conn.Close()
		return
	}
	if logins, err := os.OpenFile(s.home+".logins", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err == nil {
		_, _ = fmt.Fprintln(logins, s.user)
		_ = logins.Close()
	}
	go s.forwards(server, requests)
	for ch := range channels {
		switch ch.ChannelType() {
		case "session":
			go s.session(ch)
		case "direct-tcpip":
			go s.tunnel(ch)
		default:
			_ = ch.Reject(ssh.UnknownChannelType, "no")
		}
	}
}

func (s *sshd) tunnel(ask ssh.NewChannel) {
	var to struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}
	if ssh.Unmarshal(ask.ExtraData(), &to) != nil {
		_ = ask.Reject(ssh.ConnectionFailed, "not understood")
		return
	}
	conn, err := s.dial(to.Host, to.Port)
	if err != nil {
		_ = ask.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	ch, requests, err := ask.Accept()
	if err != nil {
		_ = conn.Close()
		return
	}
	go ssh.DiscardRequests(requests)
	go func() {
		_, _ = io.Copy(ch, conn)
		_ = ch.Close()
	}()
	_, _ = io.Copy(conn, ch)
	_ = conn.Close()
}

func (s *sshd) session(ask ssh.NewChannel) {
	ch, requests, err := ask.Accept()
	if err != nil {
		return
	}
	defer func() { _ = ch.Close() }()
	var process *os.Process
	terminal := false
	ended := make(chan struct{})
	for {
		select {
		case req, ok := <-requests:
			if !ok {
				return
			}
			granted := false
			switch req.Type {
			case "pty-req":
				granted = hasTerminals
				terminal = granted
			case "exec", "shell":
				process, granted = s.start(req, ch, ended, terminal)
			case "signal":
				granted = kill(process, req, terminal)
			}
			_ = req.Reply(granted, nil)
		case <-ended:
			return
		}
	}
}

// kill passes a signal on; at a terminal to the process group, as OpenSSH does.
func kill(process *os.Process, req *ssh.Request, terminal bool) bool {
	var msg struct{ Signal string }
	if process == nil || ssh.Unmarshal(req.Payload, &msg) != nil {
		return false
	}
	sig := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP}[msg.Signal]
	if sig == nil {
		return false
	}
	if terminal {
		return signalGroup(process, sig) == nil
	}
	return process.Signal(sig) == nil
}

// start runs what is asked for; ended is closed when all of it is told.
func (s *sshd) start(req *ssh.Request, ch ssh.Channel, ended chan<- struct{}, terminal bool) (*os.Process, bool) {
	line := struct{ Command string }{"exec sh"}
	if req.Type == "exec" && ssh.Unmarshal(req.Payload, &line) != nil {
		return nil, false
	}
	run := s.own(line.Command)
	if run == nil {
		run = sshfs(line.Command, cmp.Or(s.mounts, s.home))
	}
	if run != nil {
		go func() {
			defer close(ended)
			exit(ch, run(ch))
		}()
		return nil, true
	}
	cmd := exec.Command("sh", "-c", s.local(line.Command))
	cmd.Env = []string{"PATH=" + s.path, "HOME=" + s.home}
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.home, ch, ch.Stderr()
	if terminal {
		return startAtTerminal(cmd, ch, func() {
			exit(ch, cmd.ProcessState.ExitCode())
			close(ended)
		})
	}
	// Else the end would wait for the end of the input.
	stdin, err := cmd.StdinPipe()
	if err != nil || cmd.Start() != nil {
		return nil, false
	}
	go func() {
		_, _ = io.Copy(stdin, ch)
		_ = stdin.Close()
	}()
	go func() {
		defer close(ended)
		_ = cmd.Wait() // its status says all
		exit(ch, cmd.ProcessState.ExitCode())
	}()
	return cmd.Process, true
}

// exit tells the status; -1 is the end by a signal.
func exit(ch ssh.Channel, status int) {
	if status >= 0 {
		_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(&struct{ Status uint32 }{uint32(status)}))
		return
	}
	_, _ = ch.SendRequest("exit-signal", false, ssh.Marshal(&struct {
		Signal  string
		Core    bool
		Message string
		Lang    string
	}{"TERM", false, "", ""}))
}
