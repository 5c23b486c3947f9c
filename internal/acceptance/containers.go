package acceptance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fbdock/fbdock/internal/hostfile"
	"github.com/fbdock/fbdock/internal/untrusted"
)

// The ports that the suite publishes.
const (
	tcpPortNumber = "47080"
	udpPortNumber = "47053"
)

func dockerRun(ctx context.Context, s *session) (string, error) {
	out, err := s.container(ctx, nil, "uname -s")
	if err == nil && out != "Linux\n" {
		err = fmt.Errorf("the container answers %q, want Linux", out)
	}
	return strings.TrimSpace(out), err
}

func streams(ctx context.Context, s *session) (string, error) {
	out, err := s.try(ctx, strings.NewReader("in"), "docker", "run", "--rm", "-i", s.Image, "sh", "-c", "cat; echo err >&2; exit 42")
	if err != nil {
		return "", err
	}
	if out.status != 42 || out.stdout != "in" || out.stderr != "err\n" {
		return "", fmt.Errorf("status %d, stdout %q, stderr %q, want 42, \"in\" and \"err\\n\"", out.status, untrusted.Short(out.stdout, maxSaid), untrusted.Short(out.stderr, maxSaid))
	}
	return "status 42, both streams apart", nil
}

func largeInput(ctx context.Context, s *session) (string, error) {
	data := bytes.Repeat([]byte("acceptance\n"), 200_000)
	sum := sha256.Sum256(data)
	out, err := s.mustWith(ctx, bytes.NewReader(data), "docker", "run", "--rm", "-i", s.Image, "sha256sum")
	if err == nil && !strings.HasPrefix(out.stdout, hex.EncodeToString(sum[:])) {
		err = fmt.Errorf("sha256sum of %d bytes = %q, want %x", len(data), out.stdout, sum)
	}
	return fmt.Sprintf("%d bytes", len(data)), err
}

// tcpPort publishes a port of a web server that the next step uses too.
func tcpPort(ctx context.Context, s *session) (string, error) {
	const script = "mkdir /w && echo page >/w/index.html && exec httpd -f -p 80 -h /w"
	if _, err := s.docker(ctx, "run", "-d", "--name", "web", "-p", tcpPortNumber+":80", s.Image, "sh", "-c", script); err != nil {
		return "", err
	}
	return s.page(ctx, "127.0.0.1")
}

func ipv6Port(ctx context.Context, s *session) (seen string, err error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "[::1]:0")
	if err != nil {
		return "", &notRunError{"this host has no IPv6: " + err.Error()}
	}
	if err := l.Close(); err != nil {
		return "", err
	}
	seen, err = s.page(ctx, "::1")
	_, gone := s.docker(ctx, "rm", "-f", "web")
	return seen, errors.Join(err, gone)
}

// page fetches the web server's page.
func (s *session) page(ctx context.Context, address string) (string, error) {
	at := net.JoinHostPort(address, tcpPortNumber)
	err := s.await(ctx, "fetch http://"+at, func() error {
		answer, err := exchange(ctx, "tcp", at, "GET / HTTP/1.0\r\n\r\n")
		if err == nil && !strings.HasSuffix(answer, "page\n") {
			err = fmt.Errorf("it answers %q", untrusted.Short(answer, maxSaid))
		}
		return err
	})
	return at + " answers", err
}

func udpPort(ctx context.Context, s *session) (seen string, err error) {
	if s.Helper == "" {
		return "", &notRunError{"there is no helper program for Linux"}
	}
	if _, err := s.docker(ctx, "create", "--name", "echo", "-p", udpPortNumber+":53/udp", s.Image, "/helper", UDPEchoFlag, ":53"); err != nil {
		return "", err
	}
	defer func() {
		_, gone := s.docker(ctx, "rm", "-f", "echo")
		err = errors.Join(err, gone)
	}()
	if _, err := s.docker(ctx, "cp", s.Helper, "echo:/helper"); err != nil {
		return "", err
	}
	if _, err := s.docker(ctx, "start", "echo"); err != nil {
		return "", err
	}
	at := net.JoinHostPort("127.0.0.1", udpPortNumber)
	err = s.await(ctx, "a datagram to "+at, func() error {
		answer, err := exchange(ctx, "udp", at, "ping")
		if err == nil && answer != "ping" {
			err = fmt.Errorf("it answers %q", answer)
		}
		return err
	})
	return at + " answers", err
}

// exchange sends a text and reads the answer.
func exchange(ctx context.Context, network, address, text string) (answer string, err error) {
	dialer := net.Dialer{Timeout: 10 * time.Second}
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(conn, text); err != nil {
		return "", err
	}
	if network == "udp" {
		data := make([]byte, 2048)
		n, err := conn.Read(data)
		return string(data[:n]), err
	}
	data, err := io.ReadAll(io.LimitReader(conn, 1<<20))
	return string(data), err
}

// mountBoth writes on the host and in a container, and reads on the other side.
func mountBoth(ctx context.Context, s *session) (string, error) {
	if err := os.WriteFile(filepath.Join(s.Dir, "from-host"), []byte("host\n"), 0o600); err != nil {
		return "", err
	}
	out, err := s.container(ctx, []string{"-v", s.Dir + ":/w"}, "cat /w/from-host && echo container >/w/from-container")
	if err != nil {
		return "", err
	}
	back, err := hostfile.Read(ctx, filepath.Join(s.Dir, "from-container"), 1<<10)
	if err == nil && (out != "host\n" || string(back) != "container\n") {
		err = fmt.Errorf("the container reads %q, the host %q", out, back)
	}
	return "written and read on both sides", err
}

func share9P(ctx context.Context, s *session) (string, error)  { return s.share(ctx, "a", "9p") }
func shareNFS(ctx context.Context, s *session) (string, error) { return s.share(ctx, "b", "nfs") }

func (s *session) share(ctx context.Context, name, kind string) (string, error) {
	mounts, err := s.engine(ctx, "cat /proc/mounts")
	if err != nil {
		return "", err
	}
	if !strings.Contains(mounts, " /"+name+" "+kind) {
		return "", fmt.Errorf("/%s of the engine is not mounted by %s", name, kind)
	}
	if _, err := s.freebsd(ctx, "echo freebsd >/fbdock/"+name+"/from-freebsd"); err != nil {
		return "", err
	}
	out, err := s.container(ctx, []string{"-v", "/" + name + ":/s"}, "cat /s/from-freebsd && echo container >/s/from-container")
	if err != nil {
		return "", err
	}
	back, err := s.freebsd(ctx, "cat /fbdock/"+name+"/from-container")
	if err == nil && (out != "freebsd\n" || back != "container\n") {
		err = fmt.Errorf("the container reads %q, FreeBSD %q", out, back)
	}
	return "written and read on both sides", err
}

// volume makes what the steps after it have to keep.
func volume(ctx context.Context, s *session) (string, error) {
	const script = "[ -e /keep/data ] || head -c 2000000 /dev/urandom >/keep/data; sync; exec sleep 1000000"
	if _, err := s.docker(ctx, "run", "-d", "--name", "keeper", "--restart", "always", "-v", "acceptance:/keep", s.Image, "sh", "-c", script); err != nil {
		return "", err
	}
	err := s.await(ctx, "the container writes", func() error {
		sums, err := s.checksums(ctx)
		if err == nil && !strings.Contains(sums, "/keep/data") {
			err = errors.New("/keep/data is not written")
		}
		s.sums = sums
		return err
	})
	return "2 MB in a volume", err
}

// checksums are of what is kept; the container has to run by itself.
func (s *session) checksums(ctx context.Context) (string, error) {
	const script = "sync; if [ \"$(wc -c </keep/data)\" = 2000000 ]; then sha256sum /keep/data; else echo no data; fi"
	sum, err := s.docker(ctx, "exec", "keeper", "sh", "-c", script)
	if err != nil {
		return "", err
	}
	id, err := s.docker(ctx, "inspect", "-f", "{{.Id}} {{.Image}}", "keeper")
	return sum + id, err
}

// kept waits for the container only: what it has lost does not come back.
func kept(ctx context.Context, s *session) (string, error) {
	if s.sums == "" {
		return "", &notRunError{"step volume has failed"}
	}
	var now string
	err := s.await(ctx, "the container runs", func() (err error) {
		there, err := s.docker(ctx, "ps", "-a", "-q", "--filter", "name=^keeper$")
		if err == nil && there == "" {
			now = "no container keeper"
			return nil
		}
		now, err = s.checksums(ctx)
		return err
	})
	if err == nil && now != s.sums {
		err = fmt.Errorf("now %q, before %q", now, s.sums)
	}
	return "container, image and volume as before", err
}
