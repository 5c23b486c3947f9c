package main

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/crypto/ssh"
)

// forwards answers requests of a connection outside of channels: to listen at an
// address of the machine (RFC 4254, 7.1). As the machine is on this computer the
// listener has another one, which the file listens/ADDRESS of its root names.
func (s *sshd) forwards(client ssh.Conn, requests <-chan *ssh.Request) {
	open := map[string]net.Listener{}
	for req := range requests {
		var at struct {
			Host string
			Port uint32
		}
		ok := ssh.Unmarshal(req.Payload, &at) == nil
		address := net.JoinHostPort(at.Host, strconv.Itoa(int(at.Port)))
		switch {
		case ok && req.Type == "tcpip-forward":
			ok = false
			// sshd without GatewayPorts binds loopback alone (sshd_config(5)).
			if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
				ok = s.listens(address, l) == nil
				open[address] = l
				go forward(client, l, at.Host, at.Port)
			}
		case ok && req.Type == "cancel-tcpip-forward" && open[address] != nil:
			_ = open[address].Close()
			_ = os.Remove(filepath.Join(s.home, "listens", address))
		default:
			ok = false
		}
		if req.WantReply {
			_ = req.Reply(ok, nil)
		}
	}
	for address, l := range open {
		_ = l.Close()
		_ = os.Remove(filepath.Join(s.home, "listens", address))
	}
}

func (s *sshd) listens(address string, l net.Listener) error {
	dir := filepath.Join(s.home, "listens")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, address), []byte(l.Addr().String()+"\n"), 0o600)
}

// forward hands on what connects.
func forward(client ssh.Conn, l net.Listener, host string, port uint32) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		ch, requests, err := client.OpenChannel("forwarded-tcpip", ssh.Marshal(&struct {
			Host       string
			Port       uint32
			OriginHost string
			OriginPort uint32
		}{host, port, "127.0.0.1", 4711}))
		if err != nil {
			_ = conn.Close()
			continue
		}
		go ssh.DiscardRequests(requests)
		go func() {
			_, _ = io.Copy(ch, conn)
			_ = ch.CloseWrite()
		}()
		go func() {
			_, _ = io.Copy(conn, ch)
			_ = conn.Close()
		}()
	}
}
