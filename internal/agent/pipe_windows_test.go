package agent

import (
	"crypto/ed25519"
	"io"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/windows"
)

// needPipes skips under Wine, whose pipes (8.0) never tell go-winio that a
// client is there.
func needPipes(t *testing.T) {
	t.Helper()
	if windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil {
		t.Skip("the named pipes of Wine take no connections by overlapped I/O")
	}
}

func TestPipeAddress(t *testing.T) {
	address := Address(`C:\Users\me\project\.fbdock\dev\agent.sock`, "")
	if address != Address(`c:\users\ME\project\.fbdock\dev\agent.sock`, "x") {
		t.Error("the case of a folder makes another pipe")
	}
	if !strings.HasPrefix(address, `\\.\pipe\fbdock-agent-`) || DockerHost(address) != "npipe:////./pipe/"+address[len(`\\.\pipe\`):] {
		t.Errorf("%s is %s", address, DockerHost(address))
	}
}

// TestPipe: a named pipe takes connections, both directions of which end
// apart, and its name is taken while it listens.
func TestPipe(t *testing.T) {
	needPipes(t)
	address := Address(`C:\one\agent.sock`, "")
	l, err := listen(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if second, err := listen(t.Context(), address); err == nil {
		_ = second.Close()
		t.Error("the name of a pipe that listens was taken")
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { // all of it, and only after its end
				data, _ := io.ReadAll(conn)
				_, _ = conn.Write(data)
				_ = conn.Close()
			}()
		}
	}()
	text := strings.Repeat("0123456789", 50_000)
	for range 5 {
		conn, err := dial(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		if err := conn.(halfConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(conn); err != nil || string(got) != text {
			t.Errorf("%d bytes of %d, %v", len(got), len(text), err)
		}
		_ = conn.Close()
	}
	_ = l.Close()
	if conn, err := dial(t.Context(), address); err == nil {
		_ = conn.Close()
		t.Error("a pipe that was closed takes connections")
	}
}

// TestRemoteOverPipe: SSH goes over it, with the host key that is wanted and
// no other.
func TestRemoteOverPipe(t *testing.T) {
	needPipes(t)
	signers := make([]ssh.Signer, 2)
	for i := range signers {
		_, key, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		if signers[i], err = ssh.NewSignerFromKey(key); err != nil {
			t.Fatal(err)
		}
	}
	address := Address(`C:\other\agent.sock`, "")
	l, err := listen(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	config := &ssh.ServerConfig{ServerVersion: Banner("test"), NoClientAuth: true}
	config.AddHostKey(signers[0])
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, chans, reqs, err := ssh.NewServerConn(conn, config)
				if err != nil {
					return
				}
				go answer(reqs)
				for asked := range chans {
					_ = asked.Reject(ssh.Prohibited, "no")
				}
			}()
		}
	}()
	c, err := Remote{Address: address, HostKey: signers[0].PublicKey()}.Dial(t.Context(), UserFreeBSD, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.ServerVersion(); got != Banner("test") {
		t.Error(got)
	}
	_ = c.Close()
	if c, err := (Remote{Address: address, HostKey: signers[1].PublicKey()}).Dial(t.Context(), UserFreeBSD, 10*time.Second); err == nil {
		_ = c.Close()
		t.Error("another agent was spoken to")
	}
}
