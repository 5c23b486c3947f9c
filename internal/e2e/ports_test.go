//go:build e2e

package e2e

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

const page = "mkdir /w; echo page >/w/index.html; exec httpd -f -p 80 -h /w"

// portsStay: a port of this host stays open, and so does a connection over
// it, while a container is renamed and networks come and go.
func (a *agentTest) portsStay(t *testing.T) {
	a.native1(t, "", "network", "create", "second")
	a.native1(t, "", "run", "-d", "--rm", "--name", "old", "-p", "48090:80", "busybox", "sh", "-c", page)
	defer a.run(t, "docker", "network", "rm", "second")
	defer a.run(t, "docker", "rm", "-f", "new")
	if got := fetch("http://127.0.0.1:48090/"); got != "page\n" {
		t.Fatalf("GET http://127.0.0.1:48090/ = %q, want \"page\\n\"", got)
	}
	open, err := net.Dial("tcp", "127.0.0.1:48090")
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	ctx, stop := context.WithCancel(t.Context())
	var asking sync.WaitGroup
	asking.Go(func() {
		for ctx.Err() == nil {
			conn, err := net.Dial("tcp", "127.0.0.1:48090")
			if err != nil {
				t.Errorf("Dial(127.0.0.1:48090) while the container is replaced: %v, want the port open all the time", err)
				return
			}
			_ = conn.Close()
			time.Sleep(20 * time.Millisecond)
		}
	})
	a.native1(t, "", "rename", "old", "new")
	a.listed(t, "new:80/tcp")
	a.native1(t, "", "network", "connect", "second", "new")
	a.native1(t, "", "network", "disconnect", "second", "new")
	a.listed(t, "new:80/tcp")
	time.Sleep(2 * time.Second) // for the events
	stop()
	asking.Wait()
	if _, err := open.Write([]byte("GET / HTTP/1.0\r\n\r\n")); err != nil {
		t.Error(err)
	}
	answer := make([]byte, 1024)
	_ = open.SetDeadline(time.Now().Add(20 * time.Second))
	if n, err := open.Read(answer); n == 0 {
		t.Errorf("Read() of the connection that was open before: %v, want an answer", err)
	}

	// Without its network a container publishes nothing, and with it again
	// sooner than by the look that comes every 30 s anyway.
	a.native1(t, "", "network", "disconnect", "bridge", "new")
	a.native1(t, "", "network", "connect", "bridge", "new")
	began := time.Now()
	if got := fetch("http://127.0.0.1:48090/"); got != "page\n" {
		t.Errorf("GET http://127.0.0.1:48090/ after docker network connect = %q, want \"page\\n\"", got)
	}
	t.Logf("it answers %s after docker network connect", time.Since(began).Round(time.Millisecond))
}

// listed waits until `fbdock ports` has a text.
func (a *agentTest) listed(t *testing.T, text string) {
	t.Helper()
	var out string
	for range 50 {
		if out = a.must(t, "ports").stdout; strings.Contains(out, text) {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Fatalf("fbdock ports, want it to contain %q:\n%s", text, out)
}

// portsNot: what is not forwarded is told with what to do.
func (a *agentTest) portsNot(t *testing.T) {
	defer a.run(t, "docker", "rm", "-f", "bare", "many")
	out := a.must(t, "docker", "run", "-d", "--rm", "--name", "bare", "--network", "host", "busybox", "sleep", "1000")
	if !strings.Contains(out.stderr, "container bare: it uses the engine's network (--network host)") {
		t.Errorf("docker run --network host: stderr, want a warning that the container uses the engine's network:\n%s", out.stderr)
	}
	out = a.must(t, "docker", "run", "-d", "--rm", "--name", "many", "-p", "49000-49020:1000-1020", "busybox", "sleep", "1000")
	if !strings.Contains(out.stderr, "container many: it publishes 21 ports") || !strings.Contains(out.stderr, "forward { max = ") {
		t.Errorf("docker run -p of 21 ports: stderr, want a warning that names forward { max = ... }:\n%s", out.stderr)
	}
	if conn, err := net.Dial("tcp", "127.0.0.1:49000"); err == nil {
		_ = conn.Close()
		t.Error("Dial(127.0.0.1:49000) = no error, want no port of the too large range forwarded")
	}
	if out = a.run(t, "docker", "swarm", "init"); out.status == 0 || !strings.Contains(out.stderr, `{ "live-restore" = false }`) {
		t.Errorf("docker swarm init = status %d, want an error that names live-restore: %s", out.status, out.stderr)
	}
}
