//go:build e2e

package e2e

import (
	"bytes"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/waittest"
)

// TestAgent is about commands through the machine's agent: its parts run in order.
func TestAgent(t *testing.T) {
	docker, err := exec.LookPath("docker")
	if err != nil {
		t.Skip("no docker CLI on this host")
	}
	p := newProject(t, "  forward {\n    max = 20\n  }\n")
	a := &agentTest{project: p, docker: docker}
	p.env = append(without(p.env, "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG"),
		"DOCKER_CONFIG="+t.TempDir(), "DOCKER_HOST="+os.Getenv("DOCKER_HOST"))
	p.destroyAtEnd(t)
	up(t, p)
	for _, part := range []struct {
		name string
		test func(*testing.T)
	}{
		{"exec goes through the agent", a.exec},
		{"OpenSSH goes through the agent", a.openSSH},
		{"docker context", a.context},
		{"docker run -i ends", a.runInput},
		{"20 MB through docker's socket", a.bytes},
		{"200 docker ps at once", a.many},
		{"published ports", a.ports},
		{"published ports that stay", a.portsStay},
		{"ports that are not forwarded", a.portsNot},
		{"published UDP ports", a.datagrams},
		{"sshd restarts", a.restart},
		{"halt stops the agent", a.halt},
	} {
		t.Run(part.name, part.test)
	}
}

type agentTest struct {
	*project
	docker string
}

// native is the host's own docker, which finds the engine by the context.
func (a *agentTest) native(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), a.docker, args...)
	cmd.Env = without(a.env, "DOCKER_HOST")
	return cmd
}

func (a *agentTest) native1(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	cmd := a.native(t, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("docker %s: %v, want exit status 0\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

func (a *agentTest) exec(t *testing.T) {
	if _, err := os.Stat(a.private(t, "dev", "agent.sock")); err != nil {
		t.Fatal(err)
	}
	before := a.logins(t)
	began := time.Now()
	for range 20 {
		if out := a.run(t, "exec", "--", "sh", "-c", "exit 7"); out.status != 7 {
			t.Fatalf("fbdock exec -- sh -c \"exit 7\" = status %d, want 7\n%s", out.status, out.stderr)
		}
	}
	t.Logf("20 execs: %s", time.Since(began).Round(time.Millisecond))
	if after := a.logins(t); after != before {
		t.Errorf("SSH logins after 20 fbdock exec: %s, want %s as before", after, before)
	}
}

// logins counts the logins that the guest's sshd has taken, this question's
// own not included when it comes through the agent.
func (a *agentTest) logins(t *testing.T) string {
	t.Helper()
	return a.must(t, "exec", "--", "sh", "-c", "ps ax | grep -c '[s]shd: vagrant@notty\\|[s]shd: vagrant$'").stdout
}

func (a *agentTest) openSSH(t *testing.T) {
	config := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(config, []byte(a.must(t, "ssh-config").stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{"fbdock-dev": 5, "fbdock-dev-engine": 6} {
		cmd := exec.CommandContext(t.Context(), "ssh", "-F", config, host, "cat; exit "+string(rune('0'+want)))
		cmd.Stdin, cmd.Env = strings.NewReader("in"), a.env
		out, err := cmd.Output()
		if exitStatus(err) != want || string(out) != "in" {
			t.Errorf("ssh -F CONFIG %s \"cat; exit %d\" = %q, %v, want \"in\" and exit status %d", host, want, out, err, want)
		}
	}
	cmd := exec.CommandContext(t.Context(), "scp", "-q", "-F", config, config, "fbdock-dev:/tmp/copied")
	cmd.Env = a.env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("scp to fbdock-dev:/tmp/copied: %v, want exit status 0\n%s", err, out)
	}
}

func (a *agentTest) context(t *testing.T) {
	out := a.must(t, "context", "use")
	if !strings.Contains(out.stderr, "DOCKER_HOST is set") {
		t.Errorf("fbdock context use with DOCKER_HOST set: stderr, want a note that DOCKER_HOST is set:\n%s", out.stderr)
	}
	if got := strings.TrimSpace(a.native1(t, "", "context", "inspect", "--format", "{{.Name}}")); got != strings.TrimSpace(out.stdout) {
		t.Errorf("docker follows %q, want %q", got, out.stdout)
	}
	if got := strings.TrimSpace(a.native1(t, "", "version", "--format", "{{.Server.Os}}")); got != "linux" {
		t.Errorf("docker version: server OS = %q, want linux", got)
	}
}

func (a *agentTest) runInput(t *testing.T) {
	for range 3 {
		if got := a.native1(t, "hi\n", "run", "--rm", "-i", "busybox", "cat"); got != "hi\n" {
			t.Errorf("docker run -i busybox cat with input \"hi\\n\" = %q, want the input", got)
		}
	}
}

func (a *agentTest) bytes(t *testing.T) {
	sent, got := sha256.New(), sha256.New()
	cmd := a.native(t, "run", "--rm", "-i", "busybox", "cat")
	cmd.Stdin = io.TeeReader(io.LimitReader(rand.NewChaCha8([32]byte{2}), 20<<20), sent)
	cmd.Stdout = got
	if err := cmd.Run(); err != nil || !bytes.Equal(sent.Sum(nil), got.Sum(nil)) {
		t.Errorf("docker run -i busybox cat of 20 MB: %v, SHA-256 %x, want no error and %x", err, got.Sum(nil), sent.Sum(nil))
	}
}

func (a *agentTest) many(t *testing.T) {
	before := a.logins(t)
	began := time.Now()
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			if out, err := a.native(t, "ps", "-q").CombinedOutput(); err != nil {
				t.Errorf("docker ps -q, one of 200 at a time: %v, want exit status 0\n%s", err, out)
			}
		})
	}
	wg.Wait()
	t.Logf("200 docker ps: %s", time.Since(began).Round(time.Millisecond))
	if after := a.logins(t); after != before {
		t.Errorf("SSH logins after 200 docker ps: %s, want %s as before", after, before)
	}
}

func (a *agentTest) ports(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	a.native1(t, "", "run", "-d", "--rm", "--name", "web", "-p", "48080:80", "-p", "127.0.0.1:48081:80", "-p", port+":81",
		"busybox", "sh", "-c", "mkdir /w; echo page >/w/index.html; exec httpd -f -p 80 -h /w")
	for _, url := range []string{"http://127.0.0.1:48080/", "http://[::1]:48080/", "http://127.0.0.1:48081/"} {
		if got := fetch(url); got != "page\n" {
			t.Errorf("GET %s of a published port = %q, want \"page\\n\"", url, got)
		}
	}
	if out := a.must(t, "ports"); !strings.Contains(out.stdout, "port "+port+" is taken by another program") {
		t.Errorf("fbdock ports with port %s taken on the host = %q, want it to say that another program has the port", port, out.stdout)
	}
	a.native1(t, "", "rm", "-f", "web")
	await(t, time.Minute, "the port of a container that is gone is closed", func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:48080")
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
}

// datagrams has a container answer UDP on both loopbacks, in fragments too,
// and again after the server's side of every connection was killed.
func (a *agentTest) datagrams(t *testing.T) {
	program := filepath.Join(t.TempDir(), "udpecho")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../testdata/udpecho")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build ../../testdata/udpecho: %v, want exit status 0\n%s", err, out)
	}
	a.native1(t, "", "create", "--rm", "--name", "echo", "-p", "48053:53/udp", "-p", "48054:54/udp", "busybox", "/udpecho", "53")
	a.native1(t, "", "cp", program, "echo:/udpecho")
	a.native1(t, "", "start", "echo")
	began := time.Now()
	for _, at := range []string{"127.0.0.1:48053", "[::1]:48053"} {
		answered(t, at, "hello "+at)
		t.Logf("%s answers %s after docker start", at, time.Since(began).Round(time.Millisecond))
	}
	answered(t, "127.0.0.1:48053", strings.Repeat("a long one ", 300))
	a.run(t, "exec", "--", "sudo", "-n", "sh", "-c", "pkill -9 -f '^sshd: vagrant'")
	began = time.Now()
	answered(t, "127.0.0.1:48053", "and again")
	t.Logf("and %s after the connections were killed", time.Since(began).Round(time.Millisecond))
	conn, err := net.Dial("udp", "127.0.0.1:48054")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var ports string
	if !waittest.Poll(func() bool {
		_, _ = conn.Write([]byte("anybody?")) // the word on the one before
		ports = a.must(t, "ports").stdout
		return strings.Contains(ports, "FAIL at container")
	}) {
		t.Errorf("fbdock ports with no UDP listener in the container, want FAIL at container:\n%s", ports)
	}
	a.native1(t, "", "rm", "-f", "echo")
	if !waittest.PollFor(beforeLook, func() bool {
		free, err := net.ListenPacket("udp", "127.0.0.1:48053")
		if err == nil {
			_ = free.Close()
		}
		return err == nil
	}) {
		t.Error("UDP port 127.0.0.1:48053 is still in use after the container was removed, want it free")
	}
}

// answered sends words to a UDP port that gives them back, until it does.
func answered(t *testing.T, at, words string) {
	t.Helper()
	conn, err := net.Dial("udp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	buffer := make([]byte, 1<<16)
	if !waittest.Poll(func() bool {
		_, _ = conn.Write([]byte(words)) // its error is the system's word on the one before
		_ = conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		n, err := conn.Read(buffer)
		return err == nil && string(buffer[:n]) == words
	}) {
		t.Fatalf("UDP echo at %s: no answer to a datagram of %d bytes, want the same bytes back", at, len(words))
	}
}

// beforeLook is less than the 30 s after which the agent looks at the
// containers although dockerd has told of nothing.
const beforeLook = 20 * time.Second

// fetch tries for a while: the page's server has only just been started.
func fetch(url string) string {
	var got string
	waittest.PollFor(beforeLook, func() bool {
		res, err := http.Get(url)
		if err != nil {
			got = err.Error()
			return false
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		got = string(body)
		return true
	})
	return got
}

// restart kills the server's side of every connection while a command runs.
func (a *agentTest) restart(t *testing.T) {
	cmd := a.command(t, "exec", "--", "sh", "-c", "echo ready; sleep 600")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, len("ready\n"))); err != nil {
		t.Fatal(err)
	}
	a.run(t, "exec", "--", "sudo", "-n", "sh", "-c", "pkill -9 -f '^sshd: vagrant'")
	began := time.Now()
	if status := exitStatus(cmd.Wait()); status != 125 || time.Since(began) > waittest.Limit {
		t.Errorf("docker command when its connection is killed = status %d after %s, want 125 within %s", status, time.Since(began), waittest.Limit)
	}
	if out := a.run(t, "exec", "--", "sh", "-c", "exit 3"); out.status != 3 {
		t.Errorf("fbdock exec -- sh -c \"exit 3\" after the connection was killed = status %d, want 3\n%s", out.status, out.stderr)
	}
	if got := a.native1(t, "", "ps", "-q"); got != "" {
		t.Errorf("docker ps -q after the connection was killed = %q, want no container", got)
	}
}

func (a *agentTest) halt(t *testing.T) {
	a.must(t, "halt")
	if _, err := os.Stat(a.private(t, "dev", "agent.sock")); err == nil {
		t.Error("agent.sock exists after fbdock halt, want it removed")
	}
	if got := strings.TrimSpace(a.native1(t, "", "context", "inspect", "--format", "{{.Name}}")); got != "default" {
		t.Errorf("docker context after fbdock halt = %q, want default", got)
	}
}

// without is an environment without some variables.
func without(env []string, names ...string) []string {
	var kept []string
	for _, kv := range env {
		name, _, _ := strings.Cut(kv, "=")
		drop := false
		for _, n := range names {
			drop = drop || n == name
		}
		if !drop {
			kept = append(kept, kv)
		}
	}
	return kept
}
