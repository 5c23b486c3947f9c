//go:build linux

package agent_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/link/sshdtest"
	"github.com/fbdock/fbdock/internal/run/runtest"
	"github.com/fbdock/fbdock/internal/waittest"
)

// aloneEnv makes the test binary an agent alone, as fbdock's own process is:
// its folder, and the guest's address, user, and folder of keys; then, where
// there is one, the address of a dockerd and the file of its authority.
const aloneEnv = "FBDOCK_TEST_AGENT"

func TestMain(m *testing.M) {
	if words := strings.Fields(os.Getenv(aloneEnv)); len(words) >= 4 {
		if err := alone(words); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func alone(words []string) error {
	dir, address, user, keys := words[0], words[1], words[2], words[3]
	debug.SetGCPercent(40) // as the command does
	signer, err := readSigner(filepath.Join(dir, "host"))
	if err != nil {
		return err
	}
	guest, err := readSigner(filepath.Join(keys, "host"))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() { // each line asks for the number of goroutines; the end is the end
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			_, _ = fmt.Println(runtime.NumGoroutine())
		}
		cancel()
	}()
	o := agent.Options{
		Identity: "alone", Socket: filepath.Join(dir, "agent.sock"), Lock: filepath.Join(dir, "agent.lock"), HostKey: signer,
		Guests: &guests{sshd: &sshd{&sshdtest.Server{Address: address, User: user, KeyFile: filepath.Join(keys, "key"), HostKey: guest.PublicKey()}}},
		Log:    slog.New(slog.NewTextHandler(os.Stderr, nil)), Settings: agent.Settings{Bind: netip.MustParseAddr(here)},
	}
	if len(words) >= 6 {
		authority, err := os.ReadFile(words[5])
		if err != nil {
			return err
		}
		config := &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
		config.RootCAs.AppendCertsFromPEM(authority)
		o.Settings.Engine, o.TLS = words[4], func() (*tls.Config, error) { return config, nil }
	}
	_ = agent.Run(ctx, o)
	return nil
}

func readSigner(file string) (ssh.Signer, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return ssh.ParsePrivateKey(data)
}

// process is an agent in a process of its own.
type process struct {
	agent.Remote
	pid   int
	ask   io.Writer
	tells *bufio.Scanner
}

// startAlone starts an agent; more is the dockerd's address and file of its
// authority, and how many descriptors the process may have.
func startAlone(t *testing.T, s *sshd, more ...string) *process {
	t.Helper()
	dir := shortDir(t)
	key := sshdtest.Key(t, filepath.Join(dir, "host")).PublicKey()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	if len(more) == 3 {
		cmd = exec.Command("sh", "-c", `ulimit -n "$1" && exec "$2"`, "sh", more[2], self)
	}
	cmd.Env = append(os.Environ(), aloneEnv+"="+strings.Join(append([]string{dir, s.Address, s.User, s.Dir}, more...), " "))
	cmd.Stderr = t.Output()
	in, out := runtest.Start(t, cmd)
	p := &process{
		Remote: agent.Remote{Address: filepath.Join(dir, "agent.sock"), HostKey: key}, pid: cmd.Process.Pid, ask: in, tells: bufio.NewScanner(out),
	}
	(&running{Remote: p.Remote}).await(t, func(s agent.Status) bool { return s.Link })
	return p
}

func (p *process) goroutines(t *testing.T) int {
	t.Helper()
	if _, err := io.WriteString(p.ask, "\n"); err != nil || !p.tells.Scan() {
		t.Fatalf("ask the agent for its goroutines: error = %v, %v, want none", err, p.tells.Err())
	}
	n, err := strconv.Atoi(p.tells.Text())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (p *process) proc(name string) string { return fmt.Sprintf("/proc/%d/%s", p.pid, name) }

func (p *process) descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir(p.proc("fd"))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// memory is what the process holds, in KiB, now and at most.
func (p *process) memory(t *testing.T) (now, peak int) {
	t.Helper()
	text, err := os.ReadFile(p.proc("status"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		_, _ = fmt.Sscanf(line, "VmRSS: %d", &now)
		_, _ = fmt.Sscanf(line, "VmHWM: %d", &peak)
	}
	return now, peak
}

// busy is the time that the process has computed.
func (p *process) busy(t *testing.T) time.Duration {
	t.Helper()
	text, err := os.ReadFile(p.proc("stat"))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// TestLoad: 200 clients at once, each with a command that runs, cost less
// than 40 MiB; nothing of them is left, and nothing is done without them.
func TestLoad(t *testing.T) {
	s := startSSHD(t, "MaxSessions 300")
	p := startAlone(t, s)
	c, err := p.Dial(t.Context(), agent.UserFreeBSD, 0)
	if err != nil {
		t.Fatal(err)
	}
	if status, err := c.Run(t.Context(), link.Command{Raw: "true"}); status != 0 || err != nil {
		t.Fatalf("Run(true) = %d, %v, want 0 and no error", status, err)
	}
	_ = c.Close()
	time.Sleep(200 * time.Millisecond)
	goroutines, descriptors := p.goroutines(t), p.descriptors(t)
	p.many(t, 200)
	var g, d int
	if !waittest.Poll(func() bool {
		g, d = p.goroutines(t), p.descriptors(t)
		return g <= goroutines && d <= descriptors
	}) {
		t.Errorf("after the load: %d goroutines and %d descriptors, want at most %d and %d", g, d, goroutines, descriptors)
	}
	before, began := p.busy(t), time.Now()
	time.Sleep(5 * time.Second)
	busy, passed := p.busy(t)-before, time.Since(began)
	t.Logf("%v without work: %v of computing", passed, busy)
	if busy > passed/2 { // a loop without a wait, and no computer that is slow
		t.Errorf("CPU time in %v without work = %v, want less than half of it", passed, busy)
	}
}

// many has n clients, all at once, and looks at the memory meanwhile.
func (p *process) many(t *testing.T, n int) {
	t.Helper()
	var there, all sync.WaitGroup
	release := make(chan struct{})
	there.Add(n)
	for range n {
		all.Go(func() {
			var once sync.Once
			arrived := func() { once.Do(there.Done) }
			defer arrived()
			c, err := p.Dial(t.Context(), agent.UserFreeBSD, time.Minute)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			in, feed := io.Pipe()
			go func() {
				_, _ = io.WriteString(feed, "x")
				<-release
				_ = feed.Close()
			}()
			status, err := c.Run(t.Context(), link.Command{Raw: "exec cat", Stdin: in, Stdout: writerFunc(func([]byte) { arrived() })})
			if status != 0 || err != nil {
				t.Errorf("Run(exec cat) = %d, %v, want 0 and no error", status, err)
			}
		})
	}
	there.Wait()
	now, peak := p.memory(t)
	t.Logf("%d clients: %d KiB, at most %d KiB, %d goroutines", n, now, peak, p.goroutines(t))
	if peak > 40<<10 && !raced {
		t.Errorf("%d clients: memory of the agent = %d KiB, want %d or less", n, peak, 40<<10)
	}
	close(release)
	all.Wait()
}
