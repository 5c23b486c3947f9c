//go:build e2e

package e2e

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
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
	// chaosSleep is how long the laptop is asleep.
	chaosSleep = 2 * time.Minute
	chaosPort  = "8099"
)

// TestChaos: while twenty commands run at any time and five folders are
// written to from the guests, the link is cut, sshd restarts, the engine and
// the guest reboot, and the laptop sleeps. No command hangs or has another
// one's status, no byte is lost or doubled that was acknowledged, and mounts,
// Docker's socket and published ports are back by themselves.
func TestChaos(t *testing.T) {
	c := newChaos(t)
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
		{"the connection is cut", func(t *testing.T) { c.root(t, "pkill -9 -f '^sshd: vagrant'") }},
		{"sshd restarts", func(t *testing.T) { c.root(t, "service sshd restart; pkill -9 -f '^sshd: vagrant'") }},
		{"the engine reboots", func(t *testing.T) { c.reboot(t, "engine", "cat /proc/sys/kernel/random/boot_id", "reboot") }},
		{"the guest reboots", func(t *testing.T) { c.reboot(t, "freebsd", "sysctl -n kern.boottime", "sudo -n shutdown -r now") }},
		{"the laptop sleeps", c.sleep},
	} {
		t.Run(event.name, func(t *testing.T) {
			event.do(t)
			missing := "?"
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("missing: %s\n%s", missing, c.run(t, "status").stdout)
				}
			})
			took := await(t, 5*time.Minute, "all is back", func() bool {
				missing = c.missing(t)
				return missing == ""
			})
			t.Logf("all is back after %s; %d commands so far, %d of them lost on their way, %d writes, %d refused",
				took, c.ran.Load(), c.lost.Load(), c.written.Load(), c.refused.Load())
		})
	}
	finish()
	if !t.Failed() && (c.ran.Load() < 200 || c.written.Load() < 20) {
		t.Errorf("%d commands and %d writes are too little to show anything", c.ran.Load(), c.written.Load())
	}
}

type chaos struct {
	*project
	folders []string

	ran, lost, written, refused atomic.Int64

	awake sync.RWMutex // held to read while something is started
	slept atomic.Int64 // nanoseconds
}

func newChaos(t *testing.T) *chaos {
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
	c.project = newProject(t, blocks.String())
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

// fbdock is one run, with what it was told and said, and how long it took while
// the laptop was awake.
func (c *chaos) fbdock(t *testing.T, stdin string, args ...string) (result, time.Duration) {
	cmd := exec.Command(c.binary, args...)
	cmd.Dir, cmd.Env, cmd.Stdin = c.dir, c.env, strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	c.awake.RLock()
	began, slept := time.Now(), c.slept.Load()
	err := cmd.Start()
	c.awake.RUnlock()
	if err != nil {
		t.Error(err)
		return result{status: -1}, 0
	}
	err = cmd.Wait()
	return result{exitStatus(err), stdout.String(), stderr.String()}, time.Since(began) - time.Duration(c.slept.Load()-slept)
}

// echo has bytes sent to a guest and back, with a status of its own. It lasts
// some seconds: twenty are open at any time, and leave the emulated CPU to the
// engine all the same.
func (c *chaos) echo(t *testing.T, i, n int) {
	text, want := rand.Text()+strings.Repeat(strconv.Itoa(i)+" ", n%5000), (20*n+i)%120
	out, took := c.fbdock(t, text, "exec", "--on", guestOf(i), "--", "sh", "-c", "cat; sleep "+strconv.Itoa(1+(n+i)%4)+"; exit "+strconv.Itoa(want))
	c.ran.Add(1)
	if took > chaosHang {
		t.Errorf("a command on %s took %s: status %d\n%s", guestOf(i), took.Round(time.Second), out.status, out.stderr)
	}
	switch {
	case out.status == 125:
		c.lost.Add(1)
		if !strings.Contains(out.stderr, "fbdock: error: ") {
			t.Errorf("lost without a word: %q", out.stderr)
		}
		if !strings.HasPrefix(text, out.stdout) {
			t.Errorf("bytes that were not sent came back from %s: %q of %q", guestOf(i), out.stdout, text)
		}
		time.Sleep(time.Second)
	case out.status != want || out.stdout != text:
		t.Errorf("on %s: status %d, want %d; %d bytes of %d\n%s", guestOf(i), out.status, want, len(out.stdout), len(text), out.stderr)
	}
}

// write has a guest write a file. When the guest says that this is done, the
// file is in the laptop's folder.
func (c *chaos) write(t *testing.T, i, n int) {
	guest, folder, name := guestOf(i+n), c.folders[i], fmt.Sprintf("file-%d", n)
	text := strings.Repeat(fmt.Sprintf("line of %s\n", name), 1+n%1000)
	here := "[ -e '" + folder + "/here' ] || exit 9\n"
	out, took := c.fbdock(t, text, "exec", "--on", guest, "--", "sh", "-c", here+"cat >'"+folder+"/"+name+"' || exit 9\n"+here)
	if took > chaosHang {
		t.Errorf("a write on %s took %s: status %d\n%s", guest, took.Round(time.Second), out.status, out.stderr)
	}
	switch out.status {
	case 0:
		c.written.Add(1)
		time.Sleep(time.Second)
		if got, err := os.ReadFile(filepath.Join(folder, name)); err != nil || string(got) != text {
			t.Errorf("%s, which was written, has %d bytes of %d: %v", name, len(got), len(text), err)
		}
	case 9, 125:
		c.refused.Add(1)
		time.Sleep(time.Second)
	default:
		t.Errorf("a write on %s: status %d\n%s", guest, out.status, out.stderr)
	}
}

// sleep stops all of fbdock on this laptop, the agent included, as a lid does.
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
		t.Error("nothing of fbdock runs here")
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
