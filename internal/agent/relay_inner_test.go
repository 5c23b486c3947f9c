package agent

import (
	"crypto/ed25519"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ssh"
)

// TestAnswerBeforeTheEnd: a command that ends at once ends after the answer
// to its exec all the same, however late the relay gets to hand that on.
func TestAnswerBeforeTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		down := make(chan ssh.NewChannel)
		go serveOne(far, down)
		conn, chans, reqs, err := ssh.NewClientConn(newEager(near), "", &ssh.ClientConfig{HostKeyCallback: ssh.InsecureIgnoreHostKey()})
		if err != nil {
			t.Fatal(err)
		}
		client := ssh.NewClient(conn, chans, reqs)
		defer client.Close()

		go func() {
			ch, requests, err := (<-down).Accept()
			if err != nil {
				t.Error(err)
				return
			}
			up := &brief{reqs: make(chan *ssh.Request), closed: make(chan struct{})}
			join(up, up.reqs, ch, requests)
		}()
		ch, ended, err := client.OpenChannel("session", nil)
		if err != nil {
			t.Fatal(err)
		}
		go ssh.DiscardRequests(ended)
		if ok, err := ch.SendRequest("exec", true, nil); !ok || err != nil {
			t.Errorf("SendRequest(exec) = %v, %v, want true and no error", ok, err)
		}
	})
}

// brief is a guest's channel whose command has ended when exec is answered.
type brief struct {
	reqs   chan *ssh.Request
	closed chan struct{}
}

func (b *brief) SendRequest(string, bool, []byte) (bool, error) {
	close(b.closed)
	close(b.reqs)
	time.Sleep(time.Second) // until all others have done what they can
	return true, nil
}

func (b *brief) Read([]byte) (int, error) {
	<-b.closed
	return 0, io.EOF
}

func (*brief) Write([]byte) (int, error) { return 0, io.EOF }
func (*brief) Close() error              { return nil }
func (*brief) CloseWrite() error         { return nil }
func (b *brief) Stderr() io.ReadWriter   { return b }

func serveOne(conn net.Conn, asked chan<- ssh.NewChannel) {
	config := &ssh.ServerConfig{NoClientAuth: true}
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic(err)
	}
	key, err := ssh.NewSignerFromKey(private)
	if err != nil {
		panic(err)
	}
	config.AddHostKey(key)
	_, chans, reqs, err := ssh.NewServerConn(newEager(conn), config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(reqs)
	for c := range chans {
		asked <- c
	}
}

// eager is a connection whose writes do not wait for the reader, as TCP's.
type eager struct {
	net.Conn
	queue chan []byte
	ended chan struct{}
	end   func()
}

func newEager(conn net.Conn) *eager {
	e := &eager{Conn: conn, queue: make(chan []byte, 64), ended: make(chan struct{})}
	e.end = sync.OnceFunc(func() { close(e.ended) })
	go func() {
		for {
			select {
			case b := <-e.queue:
				_, _ = conn.Write(b)
			case <-e.ended:
				return
			}
		}
	}()
	return e
}

func (e *eager) Write(b []byte) (int, error) {
	select {
	case e.queue <- append([]byte(nil), b...):
		return len(b), nil
	case <-e.ended:
		return 0, net.ErrClosed
	}
}

func (e *eager) Close() error {
	e.end()
	return e.Conn.Close()
}
