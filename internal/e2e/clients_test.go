//go:build e2e

package e2e

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
)

// TestClients is what developers use: Docker's CLI and its classic builder,
// Compose v2, Testcontainers and the Go client, through the machine's socket
// and over the one connection that the agent has. Its clients are built by
// `make clients-e2e`.
func TestClients(t *testing.T) {
	clients := os.Getenv("FBDOCK_CLIENTS")
	if clients == "" {
		t.Skip("no Compose and no Testcontainers here: make clients-e2e builds them")
	}
	docker, err := exec.LookPath("docker")
	if err != nil {
		t.Skip("no docker CLI on this host")
	}
	p := newProject(t, "")
	config := t.TempDir()
	if err := os.MkdirAll(filepath.Join(config, "cli-plugins"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(clients, "docker-compose"), filepath.Join(config, "cli-plugins", "docker-compose")); err != nil {
		t.Fatal(err)
	}
	c := &clientsTest{agentTest: agentTest{project: p, docker: docker}, clients: clients}
	p.env = append(without(p.env, "DOCKER_CONTEXT", "DOCKER_CONFIG"), "DOCKER_CONFIG="+config)
	p.destroyAtEnd(t)
	up(t, p)
	c.must(t, "context", "use")
	before := c.logins(t)
	for _, part := range []struct {
		name string
		test func(*testing.T)
	}{
		{"compose with ten services", c.compose},
		{"classic builder with 200 MB", c.build},
		{"testcontainers", c.testcontainers},
		{"200 ContainerList at once", c.lists},
		{"50 logs -f at once", c.logs},
		{"docker run -i again and again", c.again},
		{"save and load of 1 GB", c.gigabyte},
	} {
		t.Run(part.name, func(t *testing.T) {
			began := time.Now()
			part.test(t)
			t.Logf("%s", time.Since(began).Round(100*time.Millisecond))
		})
	}
	if after := c.logins(t); after != before {
		t.Errorf("SSH logins after all clients: %s, want %s as before", after, before)
	}
}

type clientsTest struct {
	agentTest
	clients string
}

// folder makes one with files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func (c *clientsTest) compose(t *testing.T) {
	var file strings.Builder
	file.WriteString("services:\n")
	for i := range 10 {
		fmt.Fprintf(&file, "  s%d:\n    image: busybox\n    command: sh -c 'mkdir /w; echo page of %d >/w/index.html; echo service %d; exec httpd -f -p 80 -h /w'\n", i, i, i)
		if i > 0 {
			fmt.Fprintf(&file, "    depends_on: [s%d]\n", i-1)
		} else {
			file.WriteString("    ports: [\"48090:80\"]\n")
		}
	}
	yaml := filepath.Join(folder(t, map[string]string{"compose.yaml": file.String()}), "compose.yaml")
	compose := func(args ...string) string {
		t.Helper()
		return c.native1(t, "", append([]string{"compose", "-f", yaml, "-p", "ten"}, args...)...)
	}
	compose("up", "-d")
	if got := len(strings.Fields(compose("ps", "-q"))); got != 10 {
		t.Errorf("docker compose ps -q lists %d services, want 10", got)
	}
	if got := compose("exec", "-T", "s3", "wget", "-qO-", "http://s7/"); got != "page of 7\n" {
		t.Errorf("wget http://s7/ in service s3 = %q, want \"page of 7\\n\"", got)
	}
	if got := fetch("http://127.0.0.1:48090/"); got != "page of 0\n" {
		t.Errorf("GET http://127.0.0.1:48090/ on the host = %q, want \"page of 0\\n\"", got)
	}
	logs := compose("logs", "--no-color")
	for i := range 10 {
		if !strings.Contains(logs, fmt.Sprintf("service %d\n", i)) {
			t.Errorf("docker compose logs lacks service %d, want a line of every service:\n%s", i, logs)
		}
	}
	compose("down", "-t", "0")
	if got := c.native1(t, "", "ps", "-aq"); got != "" {
		t.Errorf("docker ps -aq after docker compose down = %q, want no container", got)
	}
}

func (c *clientsTest) build(t *testing.T) {
	dir := folder(t, map[string]string{"Dockerfile": "FROM busybox\nCOPY big /big\nRUN sha256sum /big >/sum\n"})
	sum := sha256.New()
	big, err := os.Create(filepath.Join(dir, "big"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.MultiWriter(big, sum), io.LimitReader(rand.NewChaCha8([32]byte{3}), 200<<20)); err != nil {
		t.Fatal(err)
	}
	if err := big.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := c.native(t, "build", "-q", "-t", "big", dir)
	cmd.Env = append(cmd.Env, "DOCKER_BUILDKIT=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("docker build of a large context: %v, want exit status 0\n%s", err, out)
	}
	if got := c.native1(t, "", "run", "--rm", "big", "cat", "/sum"); !strings.HasPrefix(got, hex.EncodeToString(sum.Sum(nil))) {
		t.Errorf("SHA-256 of the file in the image = %q, want %x", got, sum.Sum(nil))
	}
}

func (c *clientsTest) testcontainers(t *testing.T) {
	dir := folder(t, map[string]string{"Dockerfile": "FROM busybox\nRUN mkdir /w && echo built here >/w/index.html\nCMD [\"httpd\", \"-f\", \"-p\", \"80\", \"-h\", \"/w\"]\n"})
	// Ryuk's image would have to be pulled.
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `eval "$("$FBDOCK" env --shell sh)" && TESTCONTAINERS_RYUK_DISABLED=true exec "$0" "$1"`,
		filepath.Join(c.clients, "testcontainers"), dir)
	cmd.Dir, cmd.Env = c.dir, append(without(c.env, "DOCKER_HOST"), "FBDOCK="+c.binary)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || string(out) != "built here\n" {
		t.Errorf("testcontainers client = %q, %v, want \"built here\\n\" and no error\n%s", out, err, stderr.String())
	}
}

// socket is where Docker's clients find the engine.
func (c *clientsTest) socket(t *testing.T) string {
	var variables []struct{ Name, Value string }
	if err := json.Unmarshal([]byte(c.must(t, "env", "--json").stdout), &variables); err != nil {
		t.Fatal(err)
	}
	for _, v := range variables {
		if v.Name == "DOCKER_HOST" {
			return v.Value
		}
	}
	t.Fatalf("environment variables = %v, want DOCKER_HOST among them", variables)
	return ""
}

func (c *clientsTest) lists(t *testing.T) {
	api, err := client.NewClientWithOpts(client.WithHost(c.socket(t)), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			if _, err := api.ContainerList(t.Context(), container.ListOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func (c *clientsTest) logs(t *testing.T) {
	c.native1(t, "", "run", "-d", "--name", "talks", "busybox", "sh", "-c",
		"i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; until [ -e /enough ]; do sleep 1; done; echo end")
	var want strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&want, "line %d\n", i)
	}
	want.WriteString("end\n")
	var all, reading sync.WaitGroup
	for range 50 {
		reading.Add(1)
		all.Go(func() {
			cmd := c.native(t, "logs", "-f", "talks")
			out := &waiting{until: "line 1999\n", reached: sync.OnceFunc(reading.Done)}
			defer out.reached()
			cmd.Stdout = out
			if err := cmd.Run(); err != nil || out.got.String() != want.String() {
				t.Errorf("docker logs -f: %v, %d bytes, want no error and the %d bytes written", err, out.got.Len(), want.Len())
			}
		})
	}
	reading.Wait()
	c.native1(t, "", "exec", "talks", "touch", "/enough")
	all.Wait()
	c.native1(t, "", "rm", "talks")
}

// waiting tells when what it is written ends with a line. Its buffer is not
// embedded: os/exec would read into that and pass Write by.
type waiting struct {
	got     bytes.Buffer
	until   string
	reached func()
}

func (w *waiting) Write(p []byte) (int, error) {
	n, err := w.got.Write(p)
	if bytes.HasSuffix(w.got.Bytes(), []byte(w.until)) {
		w.reached()
	}
	return n, err
}

// again is the hang that relays are known for: an end of input that comes
// before the container does. FBDOCK_E2E_TIMES says how often; each takes a
// second on an emulated engine.
func (c *clientsTest) again(t *testing.T) {
	times := 100
	if n, err := strconv.Atoi(os.Getenv("FBDOCK_E2E_TIMES")); err == nil {
		times = n
	}
	var slowest time.Duration
	for i := range times {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		cmd := exec.CommandContext(ctx, c.docker, "run", "--rm", "-i", "busybox", "cat")
		cmd.Env, cmd.Stdin = without(c.env, "DOCKER_HOST"), strings.NewReader("hi\n")
		began := time.Now()
		out, err := cmd.CombinedOutput()
		cancel()
		slowest = max(slowest, time.Since(began))
		if err != nil || string(out) != "hi\n" {
			t.Fatalf("docker run %d of %d = %q, %v, want \"hi\\n\" and no error", i+1, times, out, err)
		}
		if (i+1)%100 == 0 {
			t.Logf("%d times by now", i+1)
		}
	}
	t.Logf("%d times, the slowest %s", times, slowest.Round(time.Millisecond))
}

// gigabyte goes in, out, in and out again, and is what it was.
func (c *clientsTest) gigabyte(t *testing.T) {
	const size = 1 << 30
	sum := sha256.New()
	from, to := io.Pipe()
	go func() {
		w := tar.NewWriter(to)
		err := w.WriteHeader(&tar.Header{Name: "random", Mode: 0o644, Size: size})
		if err == nil {
			_, err = io.Copy(io.MultiWriter(w, sum), io.LimitReader(rand.NewChaCha8([32]byte{4}), size))
		}
		if err == nil {
			err = w.Close()
		}
		to.CloseWithError(err)
	}()
	cmd := c.native(t, "import", "-", "giga")
	cmd.Stdin = from
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("docker import: %v, want exit status 0\n%s", err, out)
	}
	file := filepath.Join(t.TempDir(), "giga.tar")
	began := time.Now()
	c.native1(t, "", "save", "-o", file, "giga")
	saved := time.Since(began)
	c.native1(t, "", "rmi", "giga")
	began = time.Now()
	c.native1(t, "", "load", "-i", file)
	t.Logf("1 GiB saved in %s, loaded in %s", saved.Round(time.Second), time.Since(began).Round(time.Second))
	id := strings.TrimSpace(c.native1(t, "", "create", "giga", "none"))
	copied := c.native(t, "cp", id+":/random", "-")
	stdout, err := copied.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := copied.Start(); err != nil {
		t.Fatal(err)
	}
	got, r := sha256.New(), tar.NewReader(stdout)
	_, err = r.Next()
	if err == nil {
		_, err = io.Copy(got, r)
	}
	if _, drained := io.Copy(io.Discard, stdout); err == nil {
		err = drained
	}
	if ended := copied.Wait(); err == nil {
		err = ended
	}
	if err != nil || !bytes.Equal(got.Sum(nil), sum.Sum(nil)) {
		t.Errorf("copy of the large file: %v, SHA-256 %x, want no error and %x", err, got.Sum(nil), sum.Sum(nil))
	}
	c.native1(t, "", "rm", id)
	c.native1(t, "", "rmi", "giga")
}
