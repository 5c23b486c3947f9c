package agent

import (
	"crypto/ed25519"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/windows"

	"github.com/fbdock/fbdock/internal/localsocket"
)

// needPipes skips under Wine, whose pipes (8.0) never tell go-winio that a
// client is there.
func needPipes(t *testing.T) {
	t.Helper()
	if windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil {
		t.Skip("the named pipes of Wine take no connections by overlapped I/O")
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
	address, err := localsocket.Places{}.Address(`C:\other\agent.sock`)
	if err != nil {
		t.Fatal(err)
	}
	l, err := localsocket.Listen(t.Context(), address)
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
		t.Errorf("ServerVersion() = %q, want %q", got, Banner("test"))
	}
	_ = c.Close()
	if c, err := (Remote{Address: address, HostKey: signers[1].PublicKey()}).Dial(t.Context(), UserFreeBSD, 10*time.Second); err == nil {
		_ = c.Close()
		t.Error("Dial() of an agent with another host key: no error, want one")
	}
}
