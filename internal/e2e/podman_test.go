//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestPodman is containers under podman beside those of the engine: Debian's
// podman plays FreeBSD's, and the host's docker and Compose drive it by the
// machine's second socket. Its parts run in order.
func TestPodman(t *testing.T) {
	docker, err := exec.LookPath("docker")
	if err != nil {
		t.Skip("no docker CLI on this host")
	}
	p := newProject(t, "  podman {}\n")
	c := &podmanTest{agentTest: agentTest{project: p, docker: docker}}
	p.env = append(without(p.env, "DOCKER_CONTEXT", "DOCKER_CONFIG"), "DOCKER_CONFIG="+c.config(t))
	p.destroyAtEnd(t)
	up(t, p)
	for _, part := range []struct {
		name string
		test func(*testing.T)
	}{
		{"images", c.images},
		{"three services", c.services},
		{"ports on the host", c.onHost},
		{"a port that both want", c.bothWant},
		{"from a Linux container to one of FreeBSD", c.toFreeBSD},
		{"from a container of FreeBSD to a Linux one", c.toLinux},
		{"up changes nothing", c.again},
		{"halt and up", c.haltAndUp},
		{"without access", c.noAccess},
		{"down", c.down},
	} {
		if !t.Run(part.name, part.test) {
			t.Logf("status:\n%s\nports:\n%s", c.run(t, "status").stdout, c.run(t, "ports").stdout)
		}
	}
}

type podmanTest struct {
	agentTest
	compose string // the folder of compose.yaml, "" without Compose
}

// config is a folder of the docker CLI, with Compose where FBDOCK_CLIENTS has it.
func (c *podmanTest) config(t *testing.T) string {
	t.Helper()
	config := t.TempDir()
	clients := os.Getenv("FBDOCK_CLIENTS")
	if clients == "" {
		t.Log("no Compose here: make clients-e2e builds it; docker run starts the services")
		return config
	}
	plugins := filepath.Join(config, "cli-plugins")
	if err := os.MkdirAll(plugins, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(clients, "docker-compose"), filepath.Join(plugins, "docker-compose")); err != nil {
		t.Fatal(err)
	}
	c.compose = folder(t, map[string]string{"compose.yaml": services})
	return config
}

const services = `services:
  web:
    image: localhost/busybox
    container_name: web
    command: sh -c 'mkdir -p /w; echo page >/w/index.html; exec httpd -f -p 80 -h /w'
    ports: ["48190:80"]
    restart: always
  echo:
    image: localhost/echo
    container_name: echo
    command: /udpecho 53
    ports: ["48153:53/udp"]
    restart: always
  client:
    image: localhost/busybox
    container_name: client
    command: sh -c 'trap exit TERM; while :; do sleep 1; done'
    restart: always
    depends_on: [web]
`

// freebsd runs the host's docker on podman's socket.
func (c *podmanTest) freebsd(t *testing.T, stdin *os.File, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `eval "$("$FBDOCK" env --freebsd --shell sh)" && exec "$@"`, "sh", c.docker)
	cmd.Args = append(cmd.Args, args...)
	cmd.Dir, cmd.Env = c.dir, append(without(c.env, "DOCKER_HOST"), "FBDOCK="+c.binary, "DOCKER_BUILDKIT=0")
	if stdin != nil {
		cmd.Stdin = stdin
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (c *podmanTest) mustFreeBSD(t *testing.T, args ...string) string {
	t.Helper()
	out, err := c.freebsd(t, nil, args...)
	if err != nil {
		t.Fatalf("docker %s on podman's socket: %v, want exit status 0\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// images brings both images that the services run.
func (c *podmanTest) images(t *testing.T) {
	busybox, err := os.Open(os.Getenv("FBDOCK_LAB_BUSYBOX"))
	if err != nil {
		t.Fatal(err)
	}
	defer busybox.Close()
	if out, err := c.freebsd(t, busybox, "load"); err != nil {
		t.Fatalf("docker load on podman's socket: %v, want exit status 0\n%s", err, out)
	}
	dir := folder(t, map[string]string{"Dockerfile": "FROM localhost/busybox\nCOPY udpecho /udpecho\n"})
	program := filepath.Join(dir, "udpecho")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../testdata/udpecho")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build ../../testdata/udpecho: %v, want exit status 0\n%s", err, out)
	}
	c.mustFreeBSD(t, "build", "-t", "localhost/echo", dir)
	t.Logf("%s", c.mustFreeBSD(t, "version"))
}

// services starts the three, by Compose where it is here.
func (c *podmanTest) services(t *testing.T) {
	if c.compose != "" {
		t.Logf("%s", c.mustFreeBSD(t, "compose", "-f", filepath.Join(c.compose, "compose.yaml"), "-p", "three", "up", "-d"))
	} else {
		c.mustFreeBSD(t, "run", "-d", "--restart", "always", "--name", "web", "-p", "48190:80", "localhost/busybox", "sh", "-c", page)
		c.mustFreeBSD(t, "run", "-d", "--restart", "always", "--name", "echo", "-p", "48153:53/udp", "localhost/echo", "/udpecho", "53")
		c.mustFreeBSD(t, "run", "-d", "--restart", "always", "--name", "client", "localhost/busybox", "sh", "-c", "trap exit TERM; while :; do sleep 1; done")
	}
	if got := strings.Fields(c.mustFreeBSD(t, "ps", "--format", "{{.Names}}")); len(got) != 3 {
		t.Errorf("docker ps on podman's socket = %q, want web, echo and client", got)
	}
	if got := c.must(t, "docker", "ps", "-aq").stdout; got != "" {
		t.Errorf("fbdock docker ps -aq = %q, want no container in the engine", got)
	}
}

// onHost reaches a port of each kind.
func (c *podmanTest) onHost(t *testing.T) {
	if got := fetch("http://127.0.0.1:48190/"); got != "page\n" {
		t.Errorf("GET http://127.0.0.1:48190/ on the host = %q, want \"page\\n\"", got)
	}
	for _, at := range []string{"127.0.0.1:48153", "[::1]:48153"} {
		answered(t, at, "hello "+at)
	}
	answered(t, "127.0.0.1:48153", strings.Repeat("a long one ", 300))
	out := c.must(t, "ports").stdout
	for _, want := range []string{"48190", "48153", "podman"} {
		if !strings.Contains(out, want) {
			t.Errorf("fbdock ports lacks %q, want it:\n%s", want, out)
		}
	}
}

// bothWant has a Linux container want a port of podman's, of either kind.
func (c *podmanTest) bothWant(t *testing.T) {
	c.must(t, "docker", "run", "-d", "--name", "late", "-p", "48190:80", "-p", "48153:53/udp", "busybox", "sh", "-c", page)
	defer c.run(t, "docker", "rm", "-f", "late")
	out := c.must(t, "ports").stdout
	for _, want := range []string{"port 48190 of this host leads to container web", "port 48153 of this host leads to container echo"} {
		if !strings.Contains(out, want) {
			t.Errorf("fbdock ports with a port that both want lacks %q, want it:\n%s", want, out)
		}
	}
}

// address is a container's own.
func (c *podmanTest) address(t *testing.T, name string) string {
	t.Helper()
	return strings.TrimSpace(c.mustFreeBSD(t, "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name))
}

// tries fetches a page. Debian's busybox crashes at wget -T.
const tries = "n=0; until timeout 5 wget -qO- http://$0/; do n=$((n+1)); [ $n -lt 5 ] || exit 1; sleep 1; done"

// toFreeBSD reaches a container of FreeBSD at its own address, and where it is
// published, by name.
func (c *podmanTest) toFreeBSD(t *testing.T) {
	for _, args := range [][]string{{c.address(t, "web")}, {"192.0.0.3:48190"}, {"podman.internal:48190", "--add-host", "podman.internal:192.0.0.3"}} {
		line := append([]string{"docker", "run", "--rm"}, args[1:]...)
		if r := c.run(t, append(line, "busybox", "sh", "-c", tries, args[0])...); r.stdout != "page\n" {
			t.Errorf("GET http://%s/ in a Linux container = %q, status %d, want \"page\\n\"\n%s", args[0], r.stdout, r.status, r.stderr)
		}
	}
}

// toLinux reaches what Docker publishes at the engine, and neither dockerd nor
// the engine's sshd.
func (c *podmanTest) toLinux(t *testing.T) {
	c.must(t, "docker", "run", "-d", "--name", "linux", "-p", "48290:80", "busybox", "sh", "-c", strings.Replace(page, "echo page", "echo linux", 1))
	if out, err := c.freebsd(t, nil, "exec", "client", "sh", "-c", tries, "docker.internal:48290"); err != nil || out != "linux\n" {
		t.Errorf("GET http://docker.internal:48290/ in a container of FreeBSD = %q, %v, want \"linux\\n\"", out, err)
	}
	for _, port := range []string{"22", "2376"} {
		if out, err := c.freebsd(t, nil, "exec", "client", "nc", "-w", "5", "docker.internal", port, "-e", "true"); err == nil {
			t.Errorf("a container of FreeBSD reaches port %s of the engine, want it refused\n%s", port, out)
		}
	}
}

// again: a second up finds nothing to do, and the containers run on.
func (c *podmanTest) again(t *testing.T) {
	before := c.mustFreeBSD(t, "inspect", "-f", "{{.Id}} {{.State.StartedAt}}", "web", "echo", "client")
	c.must(t, "up")
	if r := c.must(t, "exec", "--", "sudo", "-n", "sh", "-c", "FBDOCK_LOCKED=1 sh /usr/local/libexec/fbdock/fbdock-steps"); !strings.Contains(r.stdout, "fbdock-step podman skip") || !strings.Contains(r.stdout, "fbdock-step network skip") {
		t.Errorf("fbdock-steps once more says, want podman and network skipped:\n%s", r.stdout)
	}
	if after := c.mustFreeBSD(t, "inspect", "-f", "{{.Id}} {{.State.StartedAt}}", "web", "echo", "client"); after != before {
		t.Errorf("containers after up:\n%swant them as before:\n%s", after, before)
	}
}

// haltAndUp: containers that restart are there again, with their ports and the
// way between both kinds.
func (c *podmanTest) haltAndUp(t *testing.T) {
	c.must(t, "halt")
	up(t, c.project)
	await(t, time.Minute, "the services run again", func() bool {
		out, err := c.freebsd(t, nil, "ps", "-q")
		return err == nil && len(strings.Fields(out)) == 3
	})
	c.onHost(t)
	c.toFreeBSD(t)
	c.must(t, "docker", "start", "linux")
	if out, err := c.freebsd(t, nil, "exec", "client", "sh", "-c", tries, "docker.internal:48290"); err != nil || out != "linux\n" {
		t.Errorf("after halt and up GET http://docker.internal:48290/ in a container of FreeBSD = %q, %v, want \"linux\\n\"", out, err)
	}
}

// noAccess: with engine_access = false neither reaches the other.
func (c *podmanTest) noAccess(t *testing.T) {
	c.configure(t, labBox, "", "  podman { engine_access = false }\n")
	c.must(t, "up")
	for _, at := range []string{c.address(t, "web"), "192.0.0.3:48190"} {
		if r := c.run(t, "docker", "run", "--rm", "busybox", "timeout", "5", "wget", "-qO-", "http://"+at+"/"); r.status == 0 {
			t.Errorf("without engine_access GET http://%s/ in a Linux container = %q, want it to fail", at, r.stdout)
		}
	}
	if out, err := c.freebsd(t, nil, "exec", "client", "timeout", "5", "wget", "-qO-", "http://10.77.0.2:48290/"); err == nil {
		t.Errorf("without engine_access GET http://10.77.0.2:48290/ in a container of FreeBSD = %q, want it to fail", out)
	}
	if got := fetch("http://127.0.0.1:48190/"); got != "page\n" {
		t.Errorf("without engine_access GET http://127.0.0.1:48190/ on the host = %q, want \"page\\n\"", got)
	}
	answered(t, "127.0.0.1:48153", "still here")
}

// down ends the services; the ports of the host are free.
func (c *podmanTest) down(t *testing.T) {
	if c.compose != "" {
		c.mustFreeBSD(t, "compose", "-f", filepath.Join(c.compose, "compose.yaml"), "-p", "three", "down", "-t", "1")
	} else {
		c.mustFreeBSD(t, "rm", "-f", "web", "echo", "client")
	}
	await(t, time.Minute, "podman's ports are gone", func() bool {
		return !strings.Contains(c.run(t, "ports").stdout, "podman")
	})
}
