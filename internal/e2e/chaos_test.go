//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const (
	// chaosHang is the longest that a command may take beyond its own time.
	chaosHang = 30 * time.Second
	// chaosSleep is how long the host is asleep.
	chaosSleep = 2 * time.Minute
	// chaosBack is the longest until all is back: an engine that is emulated, and
	// has the load of this suite on it, boots for half of that.
	chaosBack = 10 * time.Minute
	chaosPort = "8099"
)

// TestChaos: while twenty commands run at any time and five folders are
// written to from the guests, the link is cut, sshd restarts, the guest is no
// longer at the address that was known, the engine and the guest reboot, and
// the host sleeps. No command hangs or has another
// one's status, no byte is lost or doubled that was acknowledged, and mounts,
// Docker's socket and published ports are back by themselves.
func TestChaos(t *testing.T) { inBothPlaces(t, chaosIn) }

func chaosIn(t *testing.T, place string) {
	c := newChaos(t, place)
	var users sync.WaitGroup
	stop := make(chan struct{})
	finish := sync.OnceFunc(func() {
		close(stop)
		users.Wait()
	})
	defer finish()
	for i := range 20 {
		users.Go(func() { c.until(stop, func(n int) { c.echo(t, i, n) }) })
	}
	for i := range c.folders {
		users.Go(func() { c.until(stop, func(n int) { c.write(t, i, n) }) })
	}
	for _, event := range []struct {
		name string
		do   func(*testing.T)
	}{
		{"the connection is cut", func(t *testing.T) { c.cut(t, "", "") }},
		{"sshd restarts", func(t *testing.T) { c.cut(t, "service sshd restart; ", "rc-service sshd restart; ") }},
		{"the guest's address is another", c.move},
		{"the engine reboots", func(t *testing.T) { c.reboot(t, "engine", "cat /proc/sys/kernel/random/boot_id", "reboot") }},
		{"the guest reboots", func(t *testing.T) { c.reboot(t, "freebsd", "sysctl -n kern.boottime", "sudo -n shutdown -r now") }},
		{"the host sleeps", c.sleep},
	} {
		t.Run(event.name, func(t *testing.T) {
			event.do(t)
			missing := "?"
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("missing: %s\n%s", missing, c.run(t, "status").stdout)
				}
			})
			took := await(t, chaosBack, "all is back", func() bool {
				missing = c.missing(t)
				return missing == ""
			})
			t.Logf("all is back after %s; %d commands so far, %d of them lost on their way, %d writes, %d refused",
				took, c.ran.Load(), c.lost.Load(), c.written.Load(), c.refused.Load())
		})
	}
	finish()
	if !t.Failed() && (c.ran.Load() < 200 || c.written.Load() < 20) {
		t.Errorf("chaos ran %d commands and %d writes, want at least 200 and 20", c.ran.Load(), c.written.Load())
	}
}

type chaos struct {
	*project
	folders []string

	ran, lost, written, refused atomic.Int64

	awake sync.RWMutex // held to read while something is started
	slept atomic.Int64 // nanoseconds
}

func newChaos(t *testing.T, place string) *chaos {
	t.Helper()
	c := &chaos{}
	var blocks strings.Builder
	for range 5 {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "here"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		c.folders = append(c.folders, folder)
		fmt.Fprintf(&blocks, "  mount %q {}\n", folder)
	}
	c.project = newPlaced(t, place, blocks.String())
	c.destroyAtEnd(t)
	c.up(t)
	c.loadBusybox(t)
	c.must(t, "docker", "run", "-d", "--name", "web", "--restart", "always", "-p", chaosPort+":80", "busybox",
		"sh", "-c", "mkdir /www; echo served >/www/index.html; exec httpd -f -h /www")
	await(t, time.Minute, "the machine is whole", func() bool { return c.missing(t) == "" })
	return c
}

func (c *chaos) root(t *testing.T, script string) {
	c.run(t, "exec", "--", "sudo", "-n", "sh", "-c", script)
}

// cut ends the connections at the guests' side, after what each is told to do
// first. An engine beside FreeBSD has one of its own.
func (c *chaos) cut(t *testing.T, freebsd, engine string) {
	if c.place == sibling {
		c.run(t, "exec", "--on", "engine", "--", "sh", "-c", engine+"pkill -9 -f '^sshd: root'")
	}
	c.root(t, freebsd+"pkill -9 -f '^sshd: vagrant'")
}

// move leaves the address that fbdock remembers with nobody behind it, and
// cuts the link. The lab's provider keeps a guest's address for life, so what
// is remembered changes here, and not the guest.
func (c *chaos) move(t *testing.T) {
	files := []string{c.private(t, "dev", "ssh", "config")}
	if c.place == sibling {
		files = append(files, c.private(t, "dev", "ssh", "engine-config"))
	}
	var known [][]byte
	for _, file := range files {
		known = append(known, c.elsewhere(t, file))
	}
	c.cut(t, "", "")
	await(t, time.Minute, "the address is asked for anew", func() bool {
		for i, file := range files {
			if now, err := os.ReadFile(file); err != nil || !bytes.Equal(now, known[i]) {
				return false
			}
		}
		return true
	})
}

// elsewhere changes the port in an ssh configuration to one that nobody
// listens at, and gives what was there.
func (c *chaos) elsewhere(t *testing.T, file string) []byte {
	t.Helper()
	known, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, nobody, _ := net.SplitHostPort(listener.Addr().String())
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	elsewhere := regexp.MustCompile(`(?m)^(\s*Port )\d+$`).ReplaceAll(known, []byte("${1}"+nobody))
	if bytes.Equal(elsewhere, known) {
		t.Fatalf("ssh configuration %q has no Port line, want one", known)
	}
	if err := os.WriteFile(file, elsewhere, 0o600); err != nil {
		t.Fatal(err)
	}
	return known
}

// reboot returns when the guest has another boot to tell of.
func (c *chaos) reboot(t *testing.T, guest, boot, script string) {
	id := func() string { return c.run(t, "exec", "--on", guest, "--", "sh", "-c", boot).stdout }
	before := id()
	c.run(t, "exec", "--on", guest, "--", "sh", "-c", script)
	await(t, 5*time.Minute, guest+" boots anew", func() bool { now := id(); return now != "" && now != before })
}

// missing tells what does not work of all that an event may have broken.
func (c *chaos) missing(t *testing.T) string {
	mounts := c.run(t, "mount", "--json")
	if strings.Count(mounts.stdout, `"mounted": true`) != 2*len(c.folders) {
		return "mounts: " + mounts.stdout + mounts.stderr
	}
	if out := c.run(t, "docker", "exec", "web", "true"); out.status != 0 {
		return "docker exec: " + out.stderr
	}
	client := http.Client{Timeout: 10 * time.Second}
	res, err := client.Get("http://" + net.JoinHostPort("127.0.0.1", chaosPort) + "/")
	if err != nil {
		return "port: " + err.Error()
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || string(body) != "served\n" {
		return fmt.Sprintf("port: %q, %v", body, err)
	}
	return ""
}

func (*chaos) until(stop <-chan struct{}, do func(n int)) {
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		default:
			do(n)
		}
	}
}

// guestOf spreads users over the guests.
func guestOf(i int) string { return []string{"freebsd", "engine"}[i%2] }

// sleep stops all of fbdock on this host, the agent included, as a lid does.
func (c *chaos) sleep(t *testing.T) {
	c.awake.Lock()
	defer c.awake.Unlock()
	var all []*os.Process
	for _, pid := range c.processes(t) {
		p, err := os.FindProcess(pid)
		if err == nil {
			err = p.Signal(syscall.SIGSTOP)
		}
		if err == nil {
			all = append(all, p)
		}
	}
	if len(all) == 0 {
		t.Error("found no process of fbdock on this host, want at least one to stop")
	}
	time.Sleep(chaosSleep)
	c.slept.Add(int64(chaosSleep))
	for _, p := range all {
		_ = p.Signal(syscall.SIGCONT)
	}
}

// processes are those of this project, by their folder or their arguments.
func (c *chaos) processes(t *testing.T) (pids []int) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range lines {
		data, err := os.ReadFile(file)
		if err != nil || !strings.HasPrefix(string(data), c.binary+"\x00") {
			continue
		}
		cwd, _ := os.Readlink(filepath.Join(filepath.Dir(file), "cwd"))
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err == nil && (cwd == c.dir || strings.Contains(string(data), "\x00"+c.dir+"\x00")) {
			pids = append(pids, pid)
		}
	}
	return pids
}
