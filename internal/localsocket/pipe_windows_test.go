package localsocket

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/Microsoft/go-winio"
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

func addressOf(t *testing.T, path string) string {
	t.Helper()
	address, err := Places{}.Address(path)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func TestPipeAddress(t *testing.T) {
	address := addressOf(t, `C:\Users\me\project\.fbdock\dev\agent.sock`)
	if other := addressOf(t, `c:\users\ME\project\.fbdock\dev\agent.sock`); other != address {
		t.Errorf("pipe addresses of a folder in two cases = %s, %s, want the same", address, other)
	}
	host, err := DockerHost(t.Context(), address)
	if err != nil || !strings.HasPrefix(address, `\\.\pipe\fbdock-agent-`) || host != "npipe:////./pipe/"+address[len(`\\.\pipe\`):] {
		t.Errorf("DockerHost(%s) = %s, %v, want npipe:////./pipe/fbdock-agent-...", address, host, err)
	}
}

// TestPipe: a named pipe takes connections, both directions of which end
// apart, and its name is taken while it listens.
func TestPipe(t *testing.T) {
	needPipes(t)
	address := addressOf(t, `C:\one\agent.sock`)
	l, err := Listen(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if second, err := Listen(t.Context(), address); err == nil {
		_ = second.Close()
		t.Error("Listen() on the name of a pipe that listens: no error, want one")
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
		conn, err := Dial(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		if err := conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(conn); err != nil || string(got) != text {
			t.Errorf("read from the pipe = %d bytes of %d, %v, want all of the text", len(got), len(text), err)
		}
		_ = conn.Close()
	}
	_ = l.Close()
	if conn, err := Dial(t.Context(), address); err == nil {
		_ = conn.Close()
		t.Error("Dial() of a closed pipe: no error, want one")
	}
}

// TestForeignPipe: a pipe whose owner is not this user gets nothing. An
// elevated process may make one that belongs to the administrators.
func TestForeignPipe(t *testing.T) {
	needPipes(t)
	address := addressOf(t, `C:\foreign\agent.sock`)
	l, err := winio.ListenPipe(address, &winio.PipeConfig{SecurityDescriptor: "O:BAD:P(A;;GA;;;WD)"})
	if err != nil {
		t.Skipf("cannot make a pipe of another owner: %v", err)
	}
	defer l.Close()
	go func() {
		if conn, err := l.Accept(); err == nil {
			data, _ := io.ReadAll(conn)
			if len(data) > 0 {
				t.Errorf("%d bytes were sent to another user, want 0", len(data))
			}
		}
	}()
	if conn, err := Dial(t.Context(), address); err == nil {
		_ = conn.Close()
		t.Error("Dial() of a pipe of the administrators: no error, want one")
	}
	if host, err := DockerHost(t.Context(), address); err == nil {
		t.Errorf("DockerHost() of a pipe of the administrators = %s, want an error", host)
	}
}
