package sshdtest

import (
	"net"
	"testing"
)

// Serve gives serve each connection that l accepts, on a goroutine of its own. It
// closes l when the test ends, and no connection.
func Serve(t testing.TB, l net.Listener, serve func(net.Conn)) {
	t.Helper()
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
}
