//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// withoutFreeBSD: while FreeBSD's VM is paused the engine is reached by its own
// connection: the Docker socket, ports, mounts, commands and logs. FreeBSD's come
// back with it.
func (s *siblings) withoutFreeBSD(t *testing.T) {
	s.must(t, "docker", "run", "-d", "--name", "paused", "-p", "45191:80", "-v", s.dir+":/x", "busybox", "sh", "-c", page)
	defer s.run(t, "docker", "rm", "-f", "paused")
	await(t, 30*time.Second, "the port on the host", func() bool { return fetch("http://127.0.0.1:45191/") == "page\n" })
	freebsd := s.domains()[0]
	s.virsh(t, "suspend", freebsd)
	resumed := false
	resume := func() {
		if !resumed {
			resumed = true
			s.virsh(t, "resume", freebsd)
		}
	}
	defer resume()
	s.served(t, "right after the pause")
	if out := s.must(t, "logs", "--layer", "engine"); !strings.Contains(out.stdout, "fbdock-seed") {
		t.Errorf("fbdock logs --layer engine = %q, want the log of the engine's setup", out.stdout)
	}
	out := s.run(t, "status")
	for _, want := range []string{"engine-vm", "reached by SSH, by its own address", "answers with TLS"} {
		if !strings.Contains(out.stdout, want) {
			t.Errorf("fbdock status while FreeBSD is paused: no %q in it:\n%s", want, out.stdout)
		}
	}
	await(t, 3*time.Minute, "that the agent has lost FreeBSD", func() bool {
		return strings.Contains(s.run(t, "status").stdout, "no connection to the guest")
	})
	s.served(t, "once FreeBSD is lost")
	resume()
	took := await(t, 2*time.Minute, "a command in FreeBSD", func() bool { return s.run(t, "exec", "--", "true").status == 0 })
	t.Logf("FreeBSD answers %s after it was resumed", took)
}

// served looks at all that goes to the engine.
func (s *siblings) served(t *testing.T, when string) {
	t.Helper()
	began := time.Now()
	if names := s.byTheSocket(t); !strings.Contains(names, "/paused") {
		t.Errorf("%s: the containers by the Docker socket are %q, want /paused among them", when, names)
	}
	if text := fetch("http://127.0.0.1:45191/"); text != "page\n" {
		t.Errorf("%s: the published port says %q, want %q", when, text, "page\n")
	}
	file := filepath.Join(s.dir, "written")
	if out := s.run(t, "exec", "--on", "engine", "--", "docker", "exec", "paused", "sh", "-c", "cat /x/shared; echo still >/x/written"); out.stdout != "from the host\n" {
		t.Errorf("%s: a file of the mount in a container, by fbdock exec --on engine = %q (status %d), want %q\n%s", when, out.stdout, out.status, "from the host\n", out.stderr)
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != "still\n" {
		t.Errorf("%s: the file that the container wrote = %q, %v, want %q", when, data, err, "still\n")
	}
	_ = os.Remove(file)
	t.Logf("%s: socket, port, command and mount took %s", when, time.Since(began).Round(time.Millisecond))
}

// byTheSocket are the names of the containers, as the machine's Docker socket
// tells them.
func (s *siblings) byTheSocket(t *testing.T) string {
	t.Helper()
	socket := ""
	for line := range strings.Lines(s.must(t, "env", "--shell", "sh").stdout) {
		if _, rest, ok := strings.Cut(strings.TrimSpace(line), "unix://"); ok {
			socket = strings.Trim(rest, "'\";")
		}
	}
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	defer client.CloseIdleConnections()
	res, err := client.Get("http://docker/containers/json")
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	var list []struct{ Names []string }
	if err := json.Unmarshal(body, &list); err != nil {
		return string(body)
	}
	var names []string
	for _, c := range list {
		names = append(names, c.Names...)
	}
	return strings.Join(names, " ")
}
