package link_test

import (
	"errors"
	"runtime"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/link"
)

// TestChannelsOfAHostileGuest: whatever channel or request a guest begins is
// refused, nothing of it is kept, and the connection goes on.
func TestChannelsOfAHostileGuest(t *testing.T) {
	const many = 6_000
	var refused atomic.Int64
	done := make(chan struct{})
	s := startServer(t, func(server *ssh.ServerConn, asked ssh.NewChannel) {
		ch, reqs, err := asked.Accept()
		if err != nil {
			return
		}
		go ssh.DiscardRequests(reqs)
		defer close(done)
		defer ch.Close()
		extra := make([]byte, 4<<10)
		kinds := []string{"forwarded-tcpip", "forwarded-streamlocal@openssh.com", "x11", "auth-agent@openssh.com", "session", "direct-tcpip"}
		for i := range many {
			_, _, err := server.OpenChannel(kinds[i%len(kinds)], extra)
			if _, ok := errors.AsType[*ssh.OpenChannelError](err); ok {
				refused.Add(1)
			}
			if _, _, err := server.SendRequest("hostkeys-00@openssh.com", false, extra); err != nil {
				return
			}
		}
	})
	c := dial(t, s.endpoint(), link.Options{HostKey: s.hostKey})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	goroutines := runtime.NumGoroutine()
	ch, reqs, err := c.OpenChannel(t.Context(), "begin", nil)
	if err != nil {
		t.Fatal(err)
	}
	go ssh.DiscardRequests(reqs)
	<-done
	_ = ch.Close()
	runtime.GC()
	runtime.ReadMemStats(&after)
	if n := refused.Load(); n != many {
		t.Errorf("refused channels = %d, want %d", n, many)
	}
	if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); held > 8<<20 {
		t.Errorf("memory held after the flood = %d MiB, want 8 or less", held>>20)
	}
	if n := runtime.NumGoroutine(); n > goroutines+10 {
		t.Errorf("goroutines = %d, want %d or less", n, goroutines+10)
	}
	if err := c.Err(); err != nil {
		t.Errorf("Err() after the flood = %v, want none", err)
	}
}
