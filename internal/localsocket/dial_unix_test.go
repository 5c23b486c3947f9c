//go:build unix

package localsocket_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/localsocket"
	"github.com/fbdock/fbdock/internal/run/runtest"
)

// TestMain lets the test binary stand in for another user's program that
// listens on a socket and tells what it was sent.
func TestMain(m *testing.M) {
	if address := os.Getenv("LOCALSOCKET_TEST_SERVE"); address != "" {
		if err := serveOne(address); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func serveOne(address string) error {
	l, err := new(net.ListenConfig).Listen(context.Background(), "unix", address)
	if err != nil {
		return err
	}
	if err := os.Chmod(address, 0o666); err != nil { //nolint:gosec // it wants to be found
		return err
	}
	fmt.Println("listening")
	conn, err := l.Accept()
	if err != nil {
		return err
	}
	data, err := io.ReadAll(conn)
	fmt.Printf("got %q\n", data)
	return err
}

// TestDialRefusesStrangers: nothing is sent to a socket that another user
// serves, wherever it is.
func TestDialRefusesStrangers(t *testing.T) {
	t.Parallel()
	needRoot(t)
	p := places(t)
	chmod(t, p.Home, 0o777)
	chmod(t, strings.TrimSuffix(p.Home, "/home"), 0o755)
	program := p.Temp + "/serve"
	self, err := os.ReadFile(os.Args[0])
	if err == nil {
		err = runtest.WriteProgram(program, self, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	address := p.Home + "/docker.sock"
	server := exec.CommandContext(t.Context(), program)
	server.Env = append(os.Environ(), "LOCALSOCKET_TEST_SERVE="+address)
	server.Dir = "/"
	server.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: otherUser, Gid: otherUser}}
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "listening" {
		t.Fatalf("output of the other user's process = %q, %v, want listening", lines.Text(), lines.Err())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	conn, err := localsocket.Dial(ctx, address)
	if err == nil {
		_, _ = conn.Write([]byte("the password"))
		_ = conn.Close()
	}
	found, ok := errors.AsType[*localsocket.StrangerError](err)
	if !ok || found.Owner != "user 54321" || found.Hint() == "" {
		t.Errorf("Dial(): error = %v, want a StrangerError of user 54321", err)
	}
	if !lines.Scan() || lines.Text() != `got ""` {
		t.Errorf("output of the other user's process = %s, want got \"\"", lines.Text())
	}
	if err := server.Wait(); err != nil {
		t.Error(err)
	}
}

func TestDialOwn(t *testing.T) {
	t.Parallel()
	p := places(t)
	address := p.Home + "/docker.sock"
	for range 2 { // a socket that was left behind is replaced
		l, err := localsocket.Listen(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := localsocket.Dial(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
		l.(*net.UnixListener).SetUnlinkOnClose(false)
		_ = l.Close()
	}
	if _, err := localsocket.Dial(t.Context(), address); err == nil {
		t.Error("Dial() of a socket without a listener: no error, want one")
	}
	host, err := localsocket.DockerHost(t.Context(), address)
	if err != nil || host != "unix://"+address {
		t.Errorf("DockerHost(%s) = %q, %v, want unix://%[1]s", address, host, err)
	}
}
